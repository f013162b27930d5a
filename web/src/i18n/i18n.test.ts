// SPDX-License-Identifier: Apache-2.0
// Both languages say the same things, and every text the code asks for exists.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COLUMNS } from "../gen/columns";
import en from "./en.json";
import ja from "./ja.json";

function flat(tree: object, before = ""): Map<string, string> {
  return new Map(Object.entries(tree).flatMap(([key, value]: [string, unknown]) => (typeof value === "string" ? [[before + key, value] as [string, string]] : [...flat(value as object, `${before}${key}.`)])));
}

const [english, japanese] = [flat(en), flat(ja)];
const holes = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted();

describe("language files", () => {
  test("have the same keys", () => expect([...japanese.keys()].toSorted()).toEqual([...english.keys()].toSorted()));

  test("have no empty text", () => expect([...english, ...japanese].filter(([, text]) => text.trim() === "")).toEqual([]));

  test("fill in the same values", () => {
    for (const [key, text] of english) expect(holes(japanese.get(key) ?? ""), key).toEqual(holes(text));
  });

  test("have every key that the code names", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."));
    const missing = files.flatMap((name) => {
      const source = readFileSync(join("src", name), "utf8");
      return [...source.matchAll(/\bt\("([\w.]+)"/g)].map((match) => match[1] ?? "").filter((key) => !english.has(key));
    });
    expect(missing).toEqual([]);
  });

  test("every group of columns has a name", () => {
    expect([...new Set(COLUMNS.map((column) => column.group))].filter((group) => !english.has(`groupName.${group}`))).toEqual([]);
  });

  test("words stand for values of columns that there are", () => {
    const columns = new Set(COLUMNS.map((column) => column.name));
    expect(Object.keys(en.word).filter((name) => !columns.has(name))).toEqual([]);
  });

  test("every column is explained in both languages", () => {
    expect(COLUMNS.filter((column) => !column.doc || !column.doc_ja).map((column) => column.name)).toEqual([]);
  });
});
