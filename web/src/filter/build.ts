// SPDX-License-Identifier: Apache-2.0
// Builds filter text from clicks: one term for a value, joined to what is already there.
import { COLUMNS } from "../gen/columns";

/** The key of groups that stands for the tags of a flow; it is no column. */
export const TAG = "tag";

export type Value = string | number | boolean | null | undefined;

const types = new Map(COLUMNS.map((column) => [column.name, column.type]));

/** `column = value`, or null when the value is missing or cannot be written in a filter. */
export function term(column: string, value: Value): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (column === "ip") return `ip ${value}`;
  const net = /^net\((ip|src_ip|dst_ip),/.exec(column);
  if (net) return `${net[1] === "ip" ? "" : `${net[1]?.slice(0, 3)} `}net ${value}`;
  const piece = /^(domain|protocol)\((\w+)\)$/.exec(column);
  if (piece?.[1] === "domain") return `(${piece[2]} = ${quote(String(value))} or ${piece[2]} ~ ${quote(`*.${value}`)})`;
  if (piece) return `(${piece[2]} = ${quote(String(value))} or ${piece[2]} ~ ${quote(`${value}.*`)})`;
  if (column.includes("(")) return null;
  const type: string = types.get(column) ?? (typeof value === "string" ? "text" : "u64");
  if (type === "time" || type.startsWith("list")) return null;
  return `${column} = ${type === "text" ? quote(String(value)) : value}`;
}

/** All of a ranking's keys together; a missing value asks for its absence. Null when one cannot be written. */
export function terms(columns: string[], values: Value[]): string | null {
  const parts = columns.map((column, i) => (values[i] === null && column !== "ip" && column !== TAG && !column.includes("(") ? `not ${column} present` : term(column, values[i])));
  return parts.includes(null) ? null : parts.join(" and ");
}

/** Narrows a filter by one more term. */
export function narrow(filter: string, more: string): string {
  const before = withoutComment(filter).trim();
  if (before === "") return more;
  if (before === more || before.endsWith(` and ${more}`)) return before;
  return `${guard(before)} and ${guard(more)}`;
}

/** Takes what a term describes out of a filter. */
export function exclude(filter: string, less: string): string {
  return narrow(filter, `not ${/ (and|or) |^not /i.test(less) ? `(${less})` : less}`);
}

function guard(text: string): string {
  return /\bor\b|\|\|/i.test(blankStrings(text)) && !isWrapped(text) ? `(${text})` : text;
}

function isWrapped(text: string): boolean {
  if (!text.startsWith("(")) return false;
  let depth = 0;
  const plain = blankStrings(text);
  for (let i = 0; i < plain.length; i += 1) {
    if (plain[i] === "(") depth += 1;
    if (plain[i] === ")") depth -= 1;
    if (depth === 0) return i === plain.length - 1;
  }
  return false;
}

const blankStrings = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"?/g, (found) => "\u00b7".repeat(found.length));
const withoutComment = (text: string) => text.slice(0, (blankStrings(text) + "#").indexOf("#"));
const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
