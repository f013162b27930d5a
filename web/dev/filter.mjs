// SPDX-License-Identifier: Apache-2.0
// A small stand-in for the server's filter language: enough to develop the console against.
import { COLUMNS } from "./data.mjs";

const KEYWORDS = ["and", "or", "not", "src", "dst", "ip", "net", "port", "proto", "in", "present"];
const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "~", "in"];
const byName = new Map(COLUMNS.map((column) => [column.name, column]));
const failure = (at, message, message_ja) => Object.assign(new Error(message), { at, message_ja });

export function tokens(text) {
  const list = [];
  const pattern = /\s+|#.*|"(?:[^"\\]|\\.)*"?|!=|<=|>=|[=<>~()[\],]|[^\s=<>~!()[\],"]+|!/gy;
  for (const match of text.matchAll(pattern)) {
    if (!/^(\s|#)/.test(match[0])) list.push({ text: match[0], at: match.index });
  }
  return list;
}

const plain = (text) => (text.startsWith('"') ? text.slice(1, text.endsWith('"') && text.length > 1 ? -1 : undefined).replace(/\\(.)/g, "$1") : text);
const number = (text) => {
  const match = /^(-?[\d.]+)([kMG]?)$/.exec(text);
  return match ? Number(match[1]) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[match[2]] : Number.NaN;
};

function compare(value, operator, wanted) {
  if (value === undefined || value === null) return operator === "!=";
  if (operator === "~") return new RegExp(`^${wanted.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", ".*")}$`, "i").test(String(value));
  if (operator === "=") return String(value) === wanted || Number(value) === number(wanted);
  if (operator === "!=") return String(value) !== wanted;
  const [a, b] = [Number(value), number(wanted)];
  return { "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[operator];
}

function parse(list, length) {
  let i = 0;
  const next = () => list[i];
  const take = () => {
    const token = list[i];
    if (!token) throw failure(length, "the filter ends too early", "フィルターが途中で終わっています");
    i += 1;
    return token;
  };
  const values = () => {
    if (next()?.text !== "[") return [plain(take().text)];
    const found = [];
    for (i += 1; next() && next().text !== "]"; i += 1) if (next().text !== ",") found.push(plain(next().text));
    take();
    return found;
  };
  const sided = (side, names) => {
    const wanted = ["=", "in"].includes(next()?.text) ? (take(), values()) : values();
    const columns = side ? [`${side}_${names}`] : [`src_${names}`, `dst_${names}`];
    return (row) => columns.some((name) => wanted.some((value) => compare(row[name], "=", value)));
  };
  const term = () => {
    const token = take();
    const word = token.text;
    if (word === "not") { const inner = term(); return (row) => !inner(row); }
    if (word === "(") { const inner = any(); if (take().text !== ")") throw failure(token.at, "this bracket is not closed", "括弧が閉じていません"); return inner; }
    if (word === "src" || word === "dst") return sided(word, take().text);
    if (word === "ip" || word === "port") return sided("", word);
    if (word === "proto") { const wanted = take().text; return (row) => String(row.proto) === String({ tcp: 6, udp: 17, icmp: 1 }[wanted] ?? wanted); }
    if (!byName.has(word)) throw failure(token.at, `there is no column "${word}"`, `列 "${word}" はありません`);
    const operator = take();
    if (operator.text === "present") return (row) => row[word] !== undefined;
    if (!OPERATORS.includes(operator.text)) throw failure(operator.at, `got "${operator.text}", want an operator such as = or ~`, `"${operator.text}" は演算子ではありません (= や ~ など)`);
    const wanted = values();
    const test = operator.text === "in" ? "=" : operator.text;
    return (row) => wanted.some((value) => compare(row[word], test, value));
  };
  const all = () => {
    const parts = [term()];
    while (next() && next().text !== "or" && next().text !== ")") { if (next().text === "and") i += 1; parts.push(term()); }
    return (row) => parts.every((part) => part(row));
  };
  const any = () => {
    const parts = [all()];
    while (next()?.text === "or") { i += 1; parts.push(all()); }
    return (row) => parts.some((part) => part(row));
  };
  const result = any();
  if (next()) throw failure(next().at, `unexpected "${next().text}"`, `"${next().text}" はここに書けません`);
  return result;
}

/** Compiles a filter to a predicate; throws an error with `at` and `message_ja`. */
export function compile(text) {
  const list = tokens(text);
  return list.length === 0 ? () => true : parse(list, text.length);
}

/** What could stand at `at`, and the error of the whole text. */
export function complete(text, at, flows) {
  let error = null;
  try { compile(text); } catch (e) { error = { at: e.at, message: e.message, message_ja: e.message_ja }; }
  const before = tokens(text.slice(0, at));
  const last = before.at(-1);
  const open = last && last.at + last.text.length === at && !/^[=<>~!()]/.test(last.text) ? before.pop() : null;
  const typed = open ? plain(open.text).toLowerCase() : "";
  const previous = before.at(-1)?.text;
  const column = byName.get(before.at(-2)?.text ?? "");
  let items;
  if (OPERATORS.includes(previous) && column) {
    const seen = new Map();
    for (const row of flows) if (row[column.name] !== undefined) seen.set(row[column.name], (seen.get(row[column.name]) ?? 0) + 1);
    items = [...seen].toSorted((a, b) => b[1] - a[1]).map(([value, count]) => ({ text: column.type === "text" ? JSON.stringify(value) : String(value), kind: "value", doc: `${count} flows`, doc_ja: `${count} フロー` }));
  } else if (byName.has(previous)) {
    items = byName.get(previous).operators.map((text2) => ({ text: text2, kind: "operator", doc: "", doc_ja: "" }));
  } else {
    items = [...COLUMNS.map((c) => ({ text: c.name, kind: "column", doc: c.doc, doc_ja: c.doc_ja })), ...KEYWORDS.map((k) => ({ text: k, kind: "keyword", doc: "", doc_ja: "" }))];
    if (previous && !["and", "or", "not", "("].includes(previous)) items = items.toReversed();
  }
  const matching = items.filter((item) => item.text.toLowerCase().replaceAll('"', "").includes(typed));
  return { error, from: open ? open.at : at, items: matching.toSorted((a, b) => Number(b.text.startsWith(typed)) - Number(a.text.startsWith(typed))).slice(0, 40) };
}
