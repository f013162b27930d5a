// SPDX-License-Identifier: Apache-2.0
// Axes of time: few, round, and none outside.
import { expect, test } from "vitest";
import { tickText, ticksOf } from "./timeTicks";

test("ticks are round, inside and at most as many as wanted", () => {
  const first = Date.parse("2026-05-01T00:00:00Z");
  for (const length of [30_000, 600_000, 5_400_000, 90_000_000, 900_000_000, 1e11]) {
    const ticks = ticksOf(first + 123, first + 123 + length, 6);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.every((at) => at >= first + 123 && at <= first + 123 + length)).toBe(true);
  }
  expect(ticksOf(first, first, 6)).toEqual([first]);
});

test("long axes are written in days, short ones to the second", () => {
  const at = new Date(2026, 4, 1, 9, 5, 7).getTime();
  expect(tickText(at, 30 * 86_400_000)).toBe("05-01");
  expect(tickText(at, 2 * 86_400_000)).toBe("05-01 09:05");
  expect(tickText(at, 3_600_000)).toBe("09:05");
  expect(tickText(at, 60_000)).toBe("09:05:07");
});
