// SPDX-License-Identifier: Apache-2.0
// The page about the lake: figures, holds, upkeep, in both languages.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { LakeState } from "../../gen/api";
import { answer, Refusal, show } from "../../parts/testing";
import { rate } from "./Ingest";
import { Lake } from "./Lake";

const hold = { id: 4, from: "2026-05-01T00:00:00Z", to: "2026-05-02T00:00:00Z", kind: "legal" as const, owner: "jo", reason: "case 7", made: "2026-05-03T00:00:00Z" };
const STATE: LakeState = {
  tables: [{ name: "flows", rows: 1_000_000, hot_rows: 1_000, hot_bytes: 64_000, segments: 12, bytes: 15_000_000, first: "2026-05-01T00:00:00Z", last: "2026-05-09T00:00:00Z" }],
  forecast: { bytes: 15_000_000, capacity: 60_000_000, bytes_per_day: 1_500_000, days_held: 8, days_of_history: 40, days_left: 30 },
  retention: {
    keep_secs: 7_776_000,
    keep_events_secs: null,
    max_bytes: null,
    min_free_bytes: 1_000_000_000,
    classes: [
      { name: "dns", filter: "port 53", keep_secs: 604_800, max_bytes: 5_000_000, rows: 10, bytes: 200 },
      { name: "", filter: "", keep_secs: 7_776_000, max_bytes: null, rows: 999_000, bytes: 14_000_000 },
    ],
  },
  holds: [hold],
  days: [{ day: "2026-05-01", segments: 3, rows: 400, bytes: 5_000, held: true }],
  retained: [{ at: "2026-05-09T00:00:00Z", rule: "age", segments: 2, rows: 77, bytes: 999 }],
  jobs: [{ kind: "verify", started_at: "2026-05-09T00:00:00Z", ended_at: null, done: 3, all: 12, rows: null, problems: [] }],
};
const answers = { "/lake": STATE, "/lake/columns": [{ table: "flows", column: "src_ip", stored: 2_000, encoded: 8_000, rows: 1_000 }] };

test("figures, classes, days and columns are shown", async () => {
  answer(answers);
  show(<Lake />);
  expect(await screen.findByText("40.0 days")).toBeTruthy();
  expect(screen.getByText("30.0 days")).toBeTruthy();
  expect(screen.getByText("all others")).toBeTruthy();
  expect(screen.getAllByText("90 days")).toHaveLength(1);
  expect(screen.getByText("their age")).toBeTruthy();
  expect(screen.getByLabelText("Held: not deleted")).toBeTruthy();
  expect(await screen.findByText("src_ip")).toBeTruthy();
  expect(screen.getByText("4.0")).toBeTruthy();
});

test("a forecast beyond what can be foretold says so in both languages", async () => {
  answer({ ...answers, "/lake": { ...STATE, forecast: { ...STATE.forecast, days_of_history: 1_234_438.7, days_left: 1_234_430 } } });
  const english = show(<Lake />);
  expect(await screen.findAllByText("more than 10 years")).toHaveLength(2);
  english.unmount();
  show(<Lake />, undefined, undefined, "ja");
  expect(await screen.findAllByText("10 年以上")).toHaveLength(2);
});

test("a running job shows its course and cannot be started twice", async () => {
  const calls = answer({ ...answers, "/lake/jobs": STATE.jobs[0] });
  show(<Lake />);
  expect(await screen.findByRole("progressbar", { name: "Verify" })).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Start: Verify" }).disabled).toBe(true);
  fireEvent.click(screen.getByRole("button", { name: "Start: Merge" }));
  await waitFor(() => expect(calls.find((one) => one.path === "/lake/jobs")?.body).toEqual({ kind: "compact" }));
});

test("a hold is ended only after a question, and a refused one stays in the form", async () => {
  const refusal = new Refusal(400, { code: "bad_request", message: "the range ends before it begins", message_ja: "", path: "to", at: null });
  const calls = answer({ ...answers, "/lake/holds": refusal, "/lake/holds/4": null });
  show(<Lake />);
  const ask = vi.spyOn(window, "confirm").mockReturnValueOnce(false).mockReturnValueOnce(true);
  fireEvent.click(await screen.findByRole("button", { name: "End" }));
  expect(calls.some((one) => one.path === "/lake/holds/4")).toBe(false);
  fireEvent.click(screen.getByRole("button", { name: "End" }));
  await waitFor(() => expect(calls.some((one) => one.path === "/lake/holds/4")).toBe(true));
  expect(ask).toHaveBeenCalledTimes(2);
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-05-02T00:00" } });
  fireEvent.change(screen.getByLabelText("To"), { target: { value: "2026-05-01T00:00" } });
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "case 8" } });
  fireEvent.click(screen.getByRole("button", { name: "Hold" }));
  expect((await screen.findByRole("alert")).textContent).toBe("the range ends before it begins");
  expect(screen.getByLabelText<HTMLInputElement>("Reason").value).toBe("case 8");
});

test("the page speaks Japanese", async () => {
  answer(answers);
  show(<Lake />, undefined, undefined, "ja");
  expect(await screen.findByText("40.0 日")).toBeTruthy();
  expect(screen.getAllByText("法務", { selector: ".tag" })).toHaveLength(1);
});

test("the rate needs two looks and survives a restart", () => {
  expect(rate(null, { rows: 5, at: 1_000 })).toBeNull();
  expect(rate({ rows: 5, at: 1_000 }, { rows: 1_005, at: 3_000 })).toBe(500);
  expect(rate({ rows: 5_000, at: 1_000 }, { rows: 5, at: 3_000 })).toBeNull();
});
