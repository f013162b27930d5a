// SPDX-License-Identifier: Apache-2.0
// What a ranking asks for besides its keys. It lives in the URL, so that a link shows the same table.
import { MEASURES, type Measure } from "../../api/queries";
import { TAG } from "../../filter/build";
import type { PathsRequest, TopRequest } from "../../gen/api";
import { LENGTHS } from "../../parts/ChartOptions";
import { PLAIN } from "../../parts/measures";

export interface Question {
  by: Measure;
  measures: string[];
  order: string;
  ascending: boolean;
  having: string;
  compare: string;
  directions: boolean;
  raw: boolean;
  /** Charts spread what a flow moved over its lifetime. */
  spread: boolean;
}

/** Keys of groups that are no columns, with the text that explains them. */
export const MADE: Record<string, string> = { [TAG]: "group.tag", "net(ip,24)": "group.network", "time(1h)": "group.hour" };

const list = (text: string) => text.split(/,(?![^(]*\))/).filter(Boolean);

export function keysOf(params: URLSearchParams): string[] {
  return list(params.get("group") ?? "");
}

export function questionOf(params: URLSearchParams): Question {
  const by = MEASURES.find((measure) => measure === params.get("by")) ?? "bytes";
  const measures = list(params.get("m") ?? "");
  const shown = measures.length > 0 ? measures : PLAIN;
  const order = params.get("order") ?? by;
  return {
    by,
    measures: shown,
    order: shown.includes(order) ? order : (shown[0] ?? "bytes"),
    ascending: params.get("asc") === "1",
    having: params.get("having") ?? "",
    compare: LENGTHS.find((length) => length === params.get("compare")) ?? "",
    directions: params.get("dirs") === "1",
    raw: params.get("raw") === "1",
    spread: params.get("spread") !== "0",
  };
}

/** The members of the URL that a changed question has; an empty one is left out. */
export function membersOf(change: Partial<Question>): [string, string][] {
  const members: [string, string][] = [];
  const flag = (name: string, on: boolean | undefined) => on !== undefined && members.push([name, on ? "1" : ""]);
  if (change.measures) members.push(["m", change.measures.join(",") === PLAIN.join(",") ? "" : change.measures.join(",")]);
  if (change.order !== undefined) {
    const plain = MEASURES.find((measure) => measure === change.order);
    members.push(["order", plain ? "" : change.order]);
    if (plain) members.push(["by", plain === "bytes" ? "" : plain]);
  }
  if (change.having !== undefined) members.push(["having", change.having.trim()]);
  if (change.compare !== undefined) members.push(["compare", change.compare]);
  flag("asc", change.ascending);
  flag("dirs", change.directions);
  flag("raw", change.raw);
  if (change.spread !== undefined) members.push(["spread", change.spread ? "" : "0"]);
  return members;
}

/** The request; what is as usual is not named. */
export function requestOf(keys: string[], question: Question, limit: number): Omit<TopRequest, "from" | "to" | "filter"> {
  const { by, measures, order, ascending, having, compare, directions, raw } = question;
  return {
    keys,
    by,
    limit,
    ...(measures.join(",") === PLAIN.join(",") ? {} : { measures }),
    ...(order === by ? {} : { order }),
    ...(ascending ? { ascending } : {}),
    ...(having ? { having } : {}),
    ...(compare ? { compare } : {}),
    ...(directions ? { directions } : {}),
    ...(raw ? { scaled: false } : {}),
  };
}

/** The request for paths through the keys, of which so many values keep their names. */
export function pathsOf(keys: string[], by: Measure, raw: boolean, limit: number): Omit<PathsRequest, "from" | "to" | "filter"> {
  return { keys, by, limit, ...(raw ? { scaled: false } : {}) };
}
