// SPDX-License-Identifier: Apache-2.0
// Measures: what is proposed, how values read; paths as a picture.
import { expect, test } from "vitest";
import { label, pathLinks, pathNodes } from "../charts/paths";
import { membersOf, questionOf, requestOf } from "../views/flows/question";
import { change, proposals, written } from "./measures";

test("proposals follow what is typed", () => {
  expect(proposals("").slice(0, 3)).toEqual(["bytes", "packets", "flows"]);
  expect(proposals("p95(dur")).toEqual(["p95(duration)"]);
  expect(proposals("about_distinct(dst_ip")[0]).toBe("about_distinct(dst_ip)");
  expect(proposals("p17(duration)")[0]).toBe("p17(duration)");
  expect(proposals("nonsense")).toEqual([]);
});

test("values have the unit of their measure", () => {
  expect(written("src_bytes", 1500)).toBe("1.50 kB");
  expect(written("p95(bytes)", 1500)).toBe("1.50 kB");
  expect(written("distinct(src_bytes)", 1500)).toBe("1,500");
  expect(written("bps", 2_000_000)).toBe("2.00 Mbit/s");
  expect(written("max(duration)", 12.34)).toBe("12.3 s");
  expect(written("avg(src_port)", 1.234)).toBe("1.23");
  expect(written("bytes", null)).toBe("–");
  expect(change(150, 100)).toBe("+50%");
  expect(change(95, 100)).toBe("−5.0%");
  expect(change(1, 0)).toBeNull();
});

test("a question goes through the URL and back", () => {
  const params = new URLSearchParams();
  for (const [name, value] of membersOf({ measures: ["bytes", "distinct(dst_ip)"], order: "distinct(dst_ip)", ascending: true, having: " flows > 1 ", compare: "7d", directions: true, raw: true })) params.set(name, value);
  const question = questionOf(params);
  expect(requestOf(["app"], question, 5)).toEqual({ keys: ["app"], by: "bytes", limit: 5, measures: ["bytes", "distinct(dst_ip)"], order: "distinct(dst_ip)", ascending: true, having: "flows > 1", compare: "7d", directions: true, scaled: false });
  expect(requestOf(["app"], questionOf(new URLSearchParams("by=flows")), 5)).toEqual({ keys: ["app"], by: "flows", limit: 5 });
});

test("a value on two levels is two nodes, and others keep apart from none", () => {
  const stop = (value: string | null, other = false) => ({ value, other });
  const data = { paths: [], elapsed_ms: 0, links: [
    { level: 0, source: stop("10.0.0.1"), target: stop("10.0.0.1"), value: 3 },
    { level: 0, source: stop(null), target: stop(null, true), value: 0 },
  ] };
  expect(pathNodes(data).map((node) => node.depth)).toEqual([0, 1, 0, 1]);
  expect(new Set(pathNodes(data).map((node) => node.name)).size).toBe(4);
  expect(pathLinks(data)[1]?.value).toBe(1);
  const words = { other: "other", none: "(none)" };
  expect(pathNodes(data).map((node) => label(node.name, words))).toEqual(["10.0.0.1", "10.0.0.1", "(none)", "other"]);
});
