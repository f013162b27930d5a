// SPDX-License-Identifier: Apache-2.0
// Tolerant colouring of filter text: never refuses anything, the server alone judges.
import { COLUMNS } from "../gen/columns";

export type TokenKind = "space" | "comment" | "string" | "operator" | "bracket" | "keyword" | "column" | "number" | "address" | "word";

export interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

const columns = new Set(COLUMNS.map((column) => column.name));
const keywords = new Set(
  "and or not src dst ip net host port proto in out as if flags packets bytes pps bps bpp duration tos ttl mask inet inet6 ipv4 ipv6 icmp-type icmp-code mac vlan next router any present exists matches true false".split(" "),
);
const shape = /\s+|#.*|"(?:[^"\\]|\\.)*"?|'[^']*'?|&&|\|\||=~|!=|<=|>=|<>|!~|[=<>~!]|[()[\],]|@?[^\s=<>~!()[\],"'#&|]+|[&|]/gy;

export function tokens(text: string): Token[] {
  return Array.from(text.matchAll(shape), (match) => ({ kind: classify(match[0]), text: match[0], at: match.index }));
}

function classify(text: string): TokenKind {
  if (/^\s/.test(text)) return "space";
  if (text.startsWith("#")) return "comment";
  if (/^["']/.test(text)) return "string";
  if (/^[=<>~!&|]/.test(text)) return "operator";
  if (/^[()[\],]/.test(text)) return "bracket";
  if (keywords.has(text.toLowerCase())) return "keyword";
  if (columns.has(text)) return "column";
  if (/^-?\d+(\.\d+)?[kKmMgGtT]?$/.test(text)) return "number";
  if (/^[0-9a-fA-F.:]+(\/\d+)?$/.test(text) && /[.:]/.test(text)) return "address";
  return "word";
}

/** The server counts characters, the browser UTF-16 units; these translate. */
export const toUnits = (text: string, at: number) => Array.from(text).slice(0, at).join("").length;
export const toCharacters = (text: string, units: number) => Array.from(text.slice(0, units)).length;
