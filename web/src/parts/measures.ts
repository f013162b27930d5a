// SPDX-License-Identifier: Apache-2.0
// Measures of groups: those that are proposed, and their values as people read them.
import { COLUMNS } from "../gen/columns";
import { bitRate, bytes, count, si } from "./format";

export const PLAIN = ["bytes", "packets", "flows"];
const SUMS = [...PLAIN, "src_bytes", "dst_bytes", "src_packets", "dst_packets", "bps", "pps", "bpp"];
const NUMBERS = new Set(["u8", "u16", "u32", "u64", "f64"]);

/** Measures whose text has what was typed: sums first, then functions of what the parentheses begin with. */
export function proposals(typed: string): string[] {
  const wanted = typed.replaceAll(" ", "").toLowerCase();
  const open = wanted.indexOf("(");
  const inside = open < 0 ? wanted : wanted.slice(open + 1).replace(")", "");
  const values = ["duration", "bytes", "packets"].filter((name) => name.includes(inside));
  const columns = COLUMNS.filter((column) => column.name.includes(inside) && !column.type.startsWith("list"));
  const numbers = columns.filter((column) => NUMBERS.has(column.type) && (column.kind === "counter" || column.kind === "gauge")).map((column) => column.name);
  const functions = ["p95", "avg", "max", "min", "sum"].filter((name) => open < 0 || name === wanted.slice(0, open));
  const distinct = open < 0 || ["distinct", "about_distinct"].includes(wanted.slice(0, open)) ? columns.map((column) => `${open < 0 ? "distinct" : wanted.slice(0, open)}(${column.name})`) : [];
  const known = ["src_ip", "dst_ip", "src_port", "dst_port", "app"].map((name) => `distinct(${name})`).filter((one) => distinct.includes(one));
  const own = /^(distinct|about_distinct|min|max|avg|sum|(about_)?p\d{1,2})\([a-z0-9_]+\)$/.test(wanted) ? [wanted] : [];
  const made = [...values, ...numbers].flatMap((name) => functions.map((one) => `${one}(${name})`));
  return [...new Set([...own, ...SUMS.filter((name) => name.includes(wanted)), ...known, ...made.slice(0, 15), ...distinct, ...made])].slice(0, 60);
}

const ofBytes = (measure: string) => /^(src_|dst_)?bytes$/.test(measure) || (/^(min|max|avg|sum|(about_)?p\d+)\(/.test(measure) && /bytes\)$/.test(measure));

/** A value of a measure with its unit. */
export function written(measure: string, value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  if (ofBytes(measure)) return bytes(value);
  if (measure === "bps" || measure.endsWith("(bps)")) return bitRate(value);
  if (measure.endsWith("(duration)")) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return Number.isInteger(value) ? count(value) : Math.abs(value) < 1_000 ? value.toFixed(2) : si(value, "");
}

/** Change since the earlier range in per cent, with its sign; null where there is nothing to compare with. */
export function change(now: unknown, before: unknown): string | null {
  if (typeof now !== "number" || typeof before !== "number" || before === 0) return null;
  const of = (100 * (now - before)) / before;
  return `${of > 0 ? "+" : of < 0 ? "−" : "±"}${Math.abs(of).toFixed(Math.abs(of) < 10 ? 1 : 0)}%`;
}
