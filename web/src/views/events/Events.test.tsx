// SPDX-License-Identifier: Apache-2.0
// Events and incidents: explanation, the way to the flows, what people say of them, and hiding what is known.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { Events } from "./Events";

const both = (en: string) => ({ en, ja: `${en} (日)` });
const triage = { standing: "new", owner: null, at: null, comments: [] };
const event = (id: string, severity: string) => ({ event_id: id, rule: "beacon", severity, title: both(`title ${id}`), text: both(`text ${id}`), question: both("question"), benign: [both("agents")], first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", src_ip: "10.0.0.1", dst_ip: null, values: { period_secs: 60 }, filter: "src_ip = 10.0.0.1", attack: ["T1071"], perspective: null, suppressed_by: null, suppression_broken: null, triage });
const incident = { incident_id: "a", host: "10.0.0.1", severity: "critical", score: 85, first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", stages: [{ tactic: "impact", name: both("impact"), at: "2026-05-01T00:10:00Z" }], events: [{ event_id: "a", title: both("title a"), first: "2026-05-01T00:10:00Z" }, { event_id: "b", title: both("title b"), first: "2026-05-01T00:12:00Z" }], hosts: ["10.0.0.1", "203.0.113.9"], narrative: [{ at: "2026-05-01T00:10:00Z", text: both("it began") }, { at: null, text: both("it went on") }], triage };

test("explains the chosen event and leads to its flows and time", async () => {
  answer({ "/events": { rows: [event("a", "high"), event("b", "low")], hidden: 0 } });
  show(<Events />, `/events?${RANGE}&view=events`, "/events", "ja");
  expect(await screen.findByText("text a (日)")).toBeTruthy();
  fireEvent.click(screen.getByText("title b (日)"));
  expect(await screen.findByText("text b (日)")).toBeTruthy();
  expect(screen.getByText("1 min 0 s")).toBeTruthy();
  const href = decodeURIComponent(screen.getByText("フローを表示").closest("a")?.getAttribute("href") ?? "").replaceAll("+", " ");
  expect(href).toBe("/flows?from=2026-05-01T00:09:00.000Z&to=2026-05-01T00:21:00.000Z&q=src_ip = 10.0.0.1");
});

test("no events is a sentence, not a blank", async () => {
  answer({ "/events": { rows: [], hidden: 0 }, "/incidents": { rows: [] } });
  const { unmount } = show(<Events />, `/events?${RANGE}&view=events`, "/events");
  expect(await screen.findByText("No events in this time range")).toBeTruthy();
  unmount();
  show(<Events />, `/events?${RANGE}`, "/events");
  expect(await screen.findByText("No incidents in this time range")).toBeTruthy();
});

test("an incident tells its story and leads to its events", async () => {
  answer({ "/incidents": { rows: [incident] }, "/events": { rows: [event("a", "high"), event("b", "low")], hidden: 0 } });
  show(<Events />, `/events?${RANGE}`, "/events", "ja");
  expect(await screen.findByText("it went on (日)")).toBeTruthy();
  expect(screen.getAllByText("impact (日)").length).toBeGreaterThan(0);
  fireEvent.click(screen.getByRole("button", { name: /title b/ }));
  expect(await screen.findByText("text b (日)")).toBeTruthy();
});

test("a standing is said at once, a comment with its button", async () => {
  const calls = answer({ "/events": { rows: [event("a", "high")], hidden: 0 }, "/events/a/triage": triage });
  show(<Events />, `/events?${RANGE}&event=a`, "/events");
  fireEvent.change(await screen.findByLabelText("Standing"), { target: { value: "false_positive" } });
  fireEvent.change(screen.getByLabelText("Comment"), { target: { value: "the scanner of the audit" } });
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await screen.findByText("text a");
  const said = calls.filter((call) => call.path === "/events/a/triage").map((call) => call.body);
  expect(said).toContainEqual({ standing: "false_positive" });
});

test("suppressing shows first what it would hide, and a refusal where it is", async () => {
  const calls = answer({
    "/events": { rows: [event("a", "high")], hidden: 0 },
    "/suppressions/preview": { events: 14, days: 7, rows: [] },
    "/suppressions": new Refusal(400, { code: "bad_request", message: "reason: want the reason", message_ja: "理由がありません", path: "reason", at: null }),
  });
  show(<Events />, `/events?${RANGE}&event=a`, "/events");
  fireEvent.click(await screen.findByRole("button", { name: "Suppress …" }));
  expect(await screen.findByText("In the last 7 days it would have hidden 14 events.")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Why"), { target: { value: "x" } });
  fireEvent.click(screen.getByRole("button", { name: "Suppress" }));
  expect((await screen.findByRole("alert")).textContent).toBe("reason: want the reason");
  const made = calls.find((call) => call.path === "/suppressions");
  expect(made?.body).toMatchObject({ scope: { rule: "beacon", src: ["10.0.0.1"], dst: [], facts: {} }, reason: "x" });
});
