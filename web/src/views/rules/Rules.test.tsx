// SPDX-License-Identifier: Apache-2.0
// Rules: their numbers with reasons, trying them on the past, and what is wrong with a text of one's own.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { Rules } from "./Rules";

const both = (en: string) => ({ en, ja: `${en} (日)` });
const rule = { name: "scan_ports", title: both("Port scan"), question: both("Who scans?"), severity: "high", attack: ["T1046"], window_secs: 60, every_secs: null, history_secs: null, only: null, parameters: [{ name: "ports", value: 100, reason: both("few do") }], benign: [both("an audit")], sql: "SELECT 1", enabled: true, origin: "shipped", decided_by: "rule" };
const list = { rules: [rule], refused: [{ name: "mine", why: "mine.sql: want a front matter" }] };

test("a rule with another number is tried over the range of the page", async () => {
  const calls = answer({ "/rules": list, "/rules/try": { events: 14, pairs: 9, cut: false, left_out: 0, rows: [] } });
  show(<Rules />, `/rules?${RANGE}`, "/rules", "ja");
  expect(await screen.findByText("few do (日)")).toBeTruthy();
  expect(screen.getByText("mine.sql: want a front matter")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("ports"), { target: { value: "50" } });
  fireEvent.click(screen.getByRole("button", { name: "過去のデータで試す" }));
  expect(await screen.findByText("14 回、9 組について検知していたはずです。")).toBeTruthy();
  expect(calls.find((call) => call.path === "/rules/try")?.body).toEqual({ name: "scan_ports", parameters: { ports: 50 }, from: "2026-05-01T00:00:00.000Z", to: "2026-05-01T01:00:00.000Z" });
});

test("a text that is no rule says why, and stays", async () => {
  answer({ "/rules": list, "/rules/try": new Refusal(400, { code: "bad_request", message: "rule own: severity: unknown", message_ja: "重大度が不明です", path: "text", at: null }) });
  show(<Rules />, `/rules?${RANGE}&own=%2B`, "/rules");
  const text = await screen.findByLabelText<HTMLTextAreaElement>("Text of the rule");
  fireEvent.change(text, { target: { value: "no rule" } });
  fireEvent.click(screen.getByRole("button", { name: "Try on the past" }));
  expect((await screen.findByRole("alert")).textContent).toContain("severity: unknown");
  expect(text.value).toBe("no rule");
});

test("how a rule runs is kept, and given back to the rule", async () => {
  const calls = answer({ "/rules": { rules: [{ ...rule, decided_by: "console", enabled: false }], refused: [] }, "/rules/scan_ports/settings": { name: "scan_ports", in_force: true } });
  show(<Rules />, `/rules?${RANGE}`, "/rules");
  expect(await screen.findByText("off")).toBeTruthy();
  fireEvent.click(screen.getByLabelText("It runs"));
  fireEvent.change(screen.getByLabelText("Severity of its events"), { target: { value: "low" } });
  fireEvent.change(screen.getByLabelText("Only flows with"), { target: { value: "dst_port = 22" } });
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Saved and in force")).toBeTruthy();
  expect(calls.find((call) => call.method === "PUT")?.body).toEqual({ enabled: true, severity: "low", only: "dst_port = 22", parameters: { ports: 100 } });
  fireEvent.click(screen.getByRole("button", { name: "As the rule says" }));
  await waitFor(() => expect(calls.some((call) => call.method === "DELETE" && call.path === "/rules/scan_ports/settings")).toBe(true));
});

test("what the configuration says of a rule is not asked here", async () => {
  answer({ "/rules": { rules: [{ ...rule, decided_by: "configuration" }], refused: [] } });
  show(<Rules />, `/rules?${RANGE}`, "/rules");
  expect(await screen.findByText("[[rule]] of the configuration says how this rule runs.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
});

test("a copy of a rule is kept under a name of its own and shown", async () => {
  const calls = answer({ "/rules": { rules: [rule, { ...rule, name: "scan_ports_own", title: both("Mine"), origin: "console" }], refused: [] }, "/rules/scan_ports": { name: "scan_ports", origin: "shipped", text: "+++ text" }, "/rules/scan_ports_own": { name: "scan_ports_own", in_force: true } });
  show(<Rules />, `/rules?${RANGE}`, "/rules");
  fireEvent.click(await screen.findByRole("button", { name: "Copy as a rule of one's own" }));
  expect((await screen.findByLabelText<HTMLTextAreaElement>("Text of the rule")).value).toBe("+++ text");
  fireEvent.click(screen.getByRole("button", { name: "Save and put in force" }));
  expect(await screen.findByRole("heading", { name: "Mine" })).toBeTruthy();
  expect(calls.find((call) => call.method === "PUT")).toMatchObject({ path: "/rules/scan_ports_own", body: { text: "+++ text" } });
  expect(screen.getByRole("button", { name: "Delete" })).toBeTruthy();
});
