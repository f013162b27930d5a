// SPDX-License-Identifier: Apache-2.0
// Events and incidents: explanation, the way to the flows, what people say of them, and hiding what is known.
import { fireEvent, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { Events } from "./Events";

const both = (en: string) => ({ en, ja: `${en} (日)` });
const triage = { standing: "new", owner: null, at: null, comments: [], history: [] };
const event = (id: string, severity: string) => ({ event_id: id, rule: "beacon", severity, title: both(`title ${id}`), text: both(`text ${id}`), question: both("question"), benign: [both("agents")], first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", src_ip: "10.0.0.1", dst_ip: null, values: { period_secs: 60, dst_port: 22 }, filter: "src_ip = 10.0.0.1", attack: ["T1071"], perspective: null, suppressed_by: null, suppression_broken: null, triage });
const story = (id: string, src_ip: string, dst_ip: string | null) => ({ event_id: id, rule: `rule ${id}`, title: both(`title ${id}`), severity: "high", first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:12:00Z", src_ip, dst_ip, tactics: ["impact"] });
const incident = { incident_id: "a", host: "10.0.0.1", severity: "critical", score: 85, first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", stages: [{ tactic: "impact", name: both("impact"), at: "2026-05-01T00:10:00Z" }], events: [story("a", "10.0.0.1", "203.0.113.9"), story("b", "10.0.0.1", null)], hosts: [{ address: "10.0.0.1", own: true }, { address: "203.0.113.9", own: false }], narrative: [{ at: "2026-05-01T00:10:00Z", text: both("it began") }, { at: null, text: both("it went on") }], triage };

test("explains the chosen event and leads to its flows and time", async () => {
  answer({ "/events": { rows: [event("a", "high"), event("b", "low")], hidden: 0 } });
  show(<Events />, `/events?${RANGE}&view=events`, "/events", "ja");
  expect(await screen.findByText("text a (日)")).toBeTruthy();
  fireEvent.click(screen.getByText("title b (日)"));
  expect(await screen.findByText("text b (日)")).toBeTruthy();
  expect(screen.getByText("1 分")).toBeTruthy();
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
  const picture = screen.getByRole("group", { name: /ホスト 2 台と 2 件/ });
  expect(within(picture).getByRole("button", { name: /1\. title a \(日\)（高）、10\.0\.0\.1 → 203\.0\.113\.9/ })).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "title b (日)" }));
  expect(await screen.findByText("text b (日)")).toBeTruthy();
});

test("steps of an incident are walked with the arrow keys and opened with Enter", async () => {
  answer({ "/incidents": { rows: [incident] }, "/events": { rows: [event("a", "high"), event("b", "low")], hidden: 0 } });
  show(<Events />, `/events?${RANGE}`, "/events");
  const first = await screen.findByRole("button", { name: /^1\. title a/ });
  first.focus();
  fireEvent.keyDown(first, { key: "ArrowRight" });
  const second = screen.getByRole("button", { name: /^2\. title b/ });
  expect(document.activeElement).toBe(second);
  fireEvent.keyDown(second, { key: "Enter" });
  expect(await screen.findByText("text b")).toBeTruthy();
});

test("the matrix counts techniques and a click narrows the list", async () => {
  const whole = { id: "T1110", name: both("Brute Force"), events: 3, severity: "high", rules: 2 };
  const bare = { id: "T1046", name: both("Network Service Discovery"), events: 0, severity: null, rules: 4 };
  const tactics = [
    { tactic: "credential_access", name: both("credential access"), techniques: [{ whole, parts: [{ ...whole, id: "T1110.001", name: both("Password Guessing"), events: 2 }] }] },
    { tactic: "discovery", name: both("discovery"), techniques: [{ whole: bare, parts: [] }] },
    { tactic: "impact", name: both("impact"), techniques: [] },
  ];
  const calls = answer({ "/attack": { tactics, events: 5, without: 2 }, "/events": { rows: [event("a", "high")], hidden: 0 } });
  show(<Events />, `/events?${RANGE}&view=attack`, "/events");
  expect(await screen.findByText("Events: 5; of no technique: 2")).toBeTruthy();
  expect(screen.queryByRole("heading", { name: /impact/ })).toBeNull();
  expect(screen.queryByRole("button", { name: /Network Service Discovery/ })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: /Password Guessing/ }));
  expect(await screen.findByText("text a")).toBeTruthy();
  expect(calls.find((call) => call.path === "/events")?.query.get("attack")).toBe("T1110.001");
  fireEvent.click(screen.getByRole("button", { name: "Show all techniques" }));
  expect(screen.getByTestId("where").textContent).not.toContain("attack=");
});

test("an event shows the sessions of its hosts, the risk of its hosts and where its packets are", async () => {
  const flow = { flow_id: "f1", time_start: "2026-05-01T00:10:00Z", time_end: "2026-05-01T00:11:00Z", src_ip: "10.0.0.1", src_port: 40000, dst_ip: "203.0.113.9", dst_port: 443, splt_lengths: [517, -1400], splt_times_micros: [0, 100] };
  const calls = answer({
    "/events": { rows: [event("a", "high")], hidden: 0 },
    "/query/flows": { rows: [flow], next: null, elapsed_ms: 1 },
    "/hosts/risk": { from: "", at: "", rows: [{ host: "10.0.0.1", score: 68, scores: [68], events: 1, parts: [] }] },
    "/recorder": { on: true, oldest: "2026-05-01T00:00:00Z" },
  });
  show(<Events />, `/events?${RANGE}&event=a`, "/events");
  expect((await screen.findByRole("link", { name: "Session picture of 2 packets: 10.0.0.1:40000 → 203.0.113.9:443" })).getAttribute("href")).toContain("/flows/f1?from=");
  expect(calls.find((call) => call.path === "/query/flows")?.body).toMatchObject({ filter: "src_ip = 10.0.0.1 and splt_lengths present", limit: 12 });
  expect(await screen.findByText("68")).toBeTruthy();
  expect((await screen.findByRole("link", { name: "Download packets" })).getAttribute("href")).toBe("/api/v1/events/a/packets");
});

test("why there are no packets is said", async () => {
  answer({ "/events": { rows: [event("a", "high")], hidden: 0 }, "/recorder": { on: false, oldest: null } });
  const { unmount } = show(<Events />, `/events?${RANGE}&event=a`, "/events");
  expect((await screen.findByRole("button", { name: /Download packets/ })).textContent).toContain("The recorder is off");
  unmount();
  answer({ "/events": { rows: [event("a", "high")], hidden: 0 }, "/recorder": { on: true, oldest: "2026-05-02T00:00:00Z" } });
  show(<Events />, `/events?${RANGE}&event=a`, "/events");
  expect((await screen.findByRole("button", { name: /Download packets/ })).textContent).toContain("Gone");
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

test("the history says who was told, who was not and why, and what people said, in the order of time", async () => {
  const at = (minute: number) => `2026-05-01T00:0${minute}:00Z`;
  const history = [
    { at: at(1), who: "noc", deed: "told", detail: "" },
    { at: at(2), who: "soar", deed: "lost", detail: "given_up: 192.0.2.9:514: connection refused" },
    { at: at(4), who: "kana", deed: "standing", detail: "false_positive" },
    { at: at(5), who: "kana", deed: "owner", detail: "" },
  ];
  const comments = [{ at: at(3), author: "kana", text: "the audit" }];
  answer({ "/events": { rows: [{ ...event("a", "high"), triage: { ...triage, comments, history } }], hidden: 0 } });
  show(<Events />, `/events?${RANGE}&event=a`, "/events", "ja");
  const list = await screen.findByRole("list", { name: "履歴" });
  const said = within(list).getAllByRole("listitem").map((item) => item.textContent?.replace(/^.*:\d\d /, ""));
  expect(said).toEqual(["noc 通知しました", "soar 通知できませんでした（10 回試して断念）: 192.0.2.9:514: connection refused", "kana the audit", "kana 状態：誤検知", "kana 担当なし"]);
});

test("suppressing shows first what it would hide, and a refusal where it is", async () => {
  const calls = answer({
    "/events": { rows: [event("a", "high")], hidden: 0 },
    "/query/flows": { rows: [], next: null, elapsed_ms: 1 },
    "/suppressions/preview": { events: 14, days: 7, rows: [event("p", "low")] },
    "/suppressions": new Refusal(400, { code: "bad_request", message: "reason: want the reason", message_ja: "理由がありません", path: "reason", at: null }),
  });
  show(<Events />, `/events?${RANGE}&event=a`, "/events");
  fireEvent.click(await screen.findByRole("button", { name: "Suppress …" }));
  expect(await screen.findByText("In the last 7 days it would have hidden 14 events.")).toBeTruthy();
  expect(screen.getByText(/text p/)).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Source"), { target: { value: "10.0.0.0/24, 10.9.0.1" } });
  fireEvent.click(screen.getByRole("checkbox", { name: /dst_port 22/ }));
  fireEvent.change(screen.getByLabelText("From (time of the day)"), { target: { value: "01:00" } });
  fireEvent.change(screen.getByLabelText("To (time of the day)"), { target: { value: "03:00" } });
  fireEvent.change(screen.getByLabelText("Why"), { target: { value: "x" } });
  fireEvent.click(screen.getByRole("button", { name: "Suppress" }));
  expect((await screen.findByRole("alert")).textContent).toBe("reason: want the reason");
  const made = calls.find((call) => call.path === "/suppressions");
  expect(made?.body).toMatchObject({ scope: { rule: "beacon", src: ["10.0.0.0/24", "10.9.0.1"], dst: [], facts: { dst_port: 22 }, hours: { from: "01:00", to: "03:00" } }, reason: "x" });
});
