// SPDX-License-Identifier: Apache-2.0
// What is drawn of an incident: order, grouping and bounds.
import { expect, test } from "vitest";
import type { IncidentRow } from "../../gen/api";
import { ladderOf, stepsOf } from "./graph";

const event = (id: string, minute: number, rule: string, src: string | null, dst: string | null, severity = "low") => ({ event_id: id, rule, title: { en: rule, ja: rule }, severity, first: `2026-05-01T00:${String(minute).padStart(2, "0")}:00Z`, last: `2026-05-01T00:${String(minute + 1).padStart(2, "0")}:00Z`, src_ip: src, dst_ip: dst, tactics: [] });
const incident = (events: ReturnType<typeof event>[], own: string[]): IncidentRow =>
  ({ events, hosts: [...new Set(events.flatMap((one) => [one.src_ip, one.dst_ip]))].filter((ip) => ip !== null).map((address) => ({ address, own: own.includes(address) })) }) as unknown as IncidentRow;

test("events of one rule between two hosts are one step, in the order of time", () => {
  const row = incident([event("c", 9, "miner", "10.0.0.5", "203.0.113.9"), event("a", 1, "guess", "198.51.100.2", "10.0.0.5"), event("b", 4, "guess", "198.51.100.2", "10.0.0.5", "high")], ["10.0.0.5"]);
  const steps = stepsOf(row);
  expect(steps.map((step) => [step.rule, step.events, step.severity])).toEqual([
    ["guess", ["a", "b"], "high"],
    ["miner", ["c"], "low"],
  ]);
  expect(steps[0]?.last).toBe("2026-05-01T00:05:00Z");
  expect(ladderOf(row).hosts).toEqual([
    { address: "198.51.100.2", own: false },
    { address: "10.0.0.5", own: true },
    { address: "203.0.113.9", own: false },
  ]);
});

test("a large incident is drawn in part and says so, and what has no host is in the table only", () => {
  const many = Array.from({ length: 30 }, (_, at) => event(`e${at}`, at, `rule${at}`, "10.0.0.5", `10.0.1.${at}`));
  const row = incident([...many, event("z", 40, "quality", null, null), event("y", 41, "scan", "10.0.0.5", null)], []);
  const ladder = ladderOf(row);
  expect(ladder.hosts).toHaveLength(12);
  expect(ladder.steps.map((step) => step.rule)).toContain("scan");
  expect(ladder.steps.map((step) => step.rule)).not.toContain("quality");
  expect(ladder.leftOut).toEqual({ hosts: 19, steps: 20 });
});
