// SPDX-License-Identifier: Apache-2.0
// One flow: reason, session picture, unknown columns, a missing flow.
import { fireEvent, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { Flow } from "./Flow";

const row = { flow_id: "00000000000000aa", src_ip: "10.0.0.1", src_port: 40000, dst_ip: "192.0.2.1", dst_port: 443, app: "TLS", app_confidence: "content", app_reason: "Transport Layer Security by its content", tls_sni: "a.example", src_bytes: 1, dst_bytes: 2, splt_lengths: [517, -1400], splt_times_micros: [0, 900], new_column: "later" };

test("shows the reason, the packets one by one, and unknown columns too", async () => {
  answer({ "/flows/00000000000000aa": row });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id", "ja");
  expect(await screen.findByText("内容から Transport Layer Security と判定", { selector: "q" })).toBeTruthy();
  const image = screen.getByRole("img");
  fireEvent.keyDown(image, { key: "ArrowRight" });
  fireEvent.keyDown(image, { key: "ArrowRight" });
  expect(screen.getAllByText("パケット 2: 受信 1,400 B、時刻 900 µs (+900 µs)").length).toBe(2);
  expect(screen.getByText("new_column")).toBeTruthy();
  expect(screen.getByText("later")).toBeTruthy();
});

test("a flow that is gone is said to be gone", async () => {
  answer({ "/flows/x": new Refusal(404, { code: "flow", message: "there is no such flow", message_ja: "ありません", path: null, at: null }) });
  show(<Flow />, `/flows/x?${RANGE}`, "/flows/:id");
  expect((await screen.findByRole("alert")).textContent).toContain("there is no such flow");
});

test("what has no column is a list, and values that mean something are words", async () => {
  answer({ "/flows/aa": { ...row, extra: ["flowEndReason=1", "9.12=x=y"], npm_verdict: "server", l2_ethertype: 0x88cc } });
  show(<Flow />, `/flows/aa?${RANGE}`, "/flows/:id", "ja");
  expect(await screen.findByText("flowEndReason")).toBeTruthy();
  expect(screen.getByText("x=y")).toBeTruthy();
  expect(screen.getByText("サーバー", { selector: "a" })).toBeTruthy();
  expect(screen.getByText("LLDP (0x88cc)")).toBeTruthy();
  expect(screen.getByText("その他の情報要素")).toBeTruthy();
});

test("its packets can be fetched while the recorder has them", async () => {
  const probed = { ...row, source: "probe", time_end: "2026-01-05T10:00:00Z" };
  answer({ "/flows/aa": probed, "/recorder": { on: true, oldest: "2026-01-05T09:00:00Z" } });
  show(<Flow />, `/flows/aa?${RANGE}`, "/flows/:id");
  const link = await screen.findByText("Packets", { selector: "a" });
  expect(link.getAttribute("href")).toBe("/api/v1/flows/00000000000000aa/packets");
});

test("packets that are gone are not offered", async () => {
  const probed = { ...row, source: "probe", time_end: "2026-01-05T08:00:00Z" };
  answer({ "/flows/aa": probed, "/recorder": { on: true, oldest: "2026-01-05T09:00:00Z" } });
  show(<Flow />, `/flows/aa?${RANGE}`, "/flows/:id", "ja");
  expect(await screen.findByText("new_column")).toBeTruthy();
  expect(screen.queryByText("パケット", { selector: "a" })).toBeNull();
});

test("tags of now are links, one of then only is told apart", async () => {
  answer({ "/flows/00000000000000aa": row, "/flows/00000000000000aa/tags": { now: ["uploads"], then: ["old name"] } });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id");
  const link = await screen.findByRole("link", { name: "uploads" });
  expect(new URL(link.getAttribute("href") ?? "", "http://x").searchParams.get("q")).toBe('tag = "uploads"');
  expect(link.title).toContain("not one when the flow started");
  expect(screen.getByText("was old name")).toBeTruthy();
});

test("risks have a severity, what was seen, and harmless causes", async () => {
  const risky = { ...row, risk: ["clear_text_credentials", "later"], risk_evidence: ["FTP sent a password in clear: PASS", "x"], risk_score: 60 };
  answer({ "/flows/00000000000000aa": risky });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id", "ja");
  expect(await screen.findByText("FTP で平文のパスワードを送信：PASS", { selector: "q" })).toBeTruthy();
  expect(screen.getByText("平文のパスワード", { selector: "strong" })).toBeTruthy();
  expect(screen.getByText("スコア 60／100")).toBeTruthy();
  const link = screen.getByRole("link", { name: "clear_text_credentials" });
  expect(new URL(link.getAttribute("href") ?? "", "http://x").searchParams.get("q")).toBe("risk = clear_text_credentials");
  expect(screen.getByText("later", { selector: "strong" })).toBeTruthy();
});

test("the most similar sessions stand beside each other, and one is compared to one scale", async () => {
  const other = { ...row, flow_id: "00000000000000bb", dst_ip: "192.0.2.9", host_name: "other.example", splt_lengths: [500, -2800] };
  const calls = answer({ "/flows/00000000000000aa": row, "/flows/00000000000000bb": other, "/flows/00000000000000aa/similar": { rows: [{ distance: 0.25, flow: other }], compared: 41, truncated: false, elapsed_ms: 3 } });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id");
  expect(await screen.findByText("distance 0.250")).toBeTruthy();
  expect(screen.getByText(/^41 sessions of the same transport/)).toBeTruthy();
  expect(calls.find((call) => call.path.endsWith("/similar"))?.query.get("days")).toBe("7");
  fireEvent.click(screen.getByLabelText("Compare with 10.0.0.1:40000 → 192.0.2.9:443"));
  expect(await screen.findByText("10.0.0.1:40000 → 192.0.2.9:443")).toBeTruthy();
  expect(screen.getAllByText("3,000").length, "both axes end where the longer packet needs it").toBe(4);
  expect(screen.getByTestId("where").textContent).toContain("with=00000000000000bb");
});

test("certificates are a table, one a line, with what had ended when the flow began", async () => {
  const chain = { tls_chain_order: "to_root", tls_chain_subjects: ["CN=Issuing", "CN=Root"], tls_chain_issuers: ["CN=Root", "CN=Root"], tls_chain_not_after: ["2021-01-01T00:00:00Z", "2040-01-01T00:00:00Z"], tls_chain_keys: ["EC P-256", ""], tls_chain_sha256: ["aa", "bb"] };
  answer({ "/flows/aa": { ...row, time_start: "2026-01-05T08:00:00Z", tls_cert_subject: "CN=a.example", tls_cert_issuer: "CN=Issuing", tls_cert_sha256: "cc", ...chain } });
  show(<Flow />, `/flows/aa?${RANGE}`, "/flows/:id", "ja");
  const panel = within(await screen.findByRole("region", { name: "証明書チェーン" }));
  expect(panel.getAllByRole("row").map((line) => line.children[1]?.textContent)).toEqual(["所有者", "a.example", "Issuing", "Root"]);
  expect(panel.getAllByText("フロー時点で期限切れ").length).toBe(1);
  expect(panel.getByText("それぞれ次の証明書が発行（最後は自己署名）")).toBeTruthy();
  expect(screen.queryByText("tls_chain_subjects")).toBeNull();
});

test("says on how many hosts a fingerprint was seen, and that it is new on this one", async () => {
  const known = { rows: [{ column: "tls_ja4", value: "t13d", hosts: 1, of_hosts: 800, sessions: 3, first: "2026-01-04T10:00:00Z", first_on_host: "2026-01-05T10:00:00Z", new_on_host: true }], since: "2025-12-06T10:00:00Z", own: true, elapsed_ms: 2 };
  const calls = answer({ "/flows/00000000000000aa": { ...row, tls_ja4: "t13d" }, "/flows/00000000000000aa/fingerprints": known });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id", "ja");
  expect(await screen.findByText("自組織 800 台中 1 台（3 セッション）")).toBeTruthy();
  expect(screen.getByText("このセッションが最初", { selector: "strong" })).toBeTruthy();
  expect(calls.find((call) => call.path.endsWith("/fingerprints"))?.query.get("days")).toBe("30");
});

test("what has no fingerprint is not asked for one", async () => {
  const calls = answer({ "/flows/00000000000000aa": row });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id");
  expect(await screen.findByText("new_column")).toBeTruthy();
  expect(calls.some((call) => call.path.endsWith("/fingerprints"))).toBe(false);
});

test("a session that is not judged has no probability that one might rely on", async () => {
  const why = { model: "minamo@1", score: 0.08, class: "unknown", threshold: 0.72, earlier: 0, reasons: [] };
  answer({ "/flows/00000000000000aa": { ...row, eta_class: "unknown", eta_score: 0.08, eta_model: "minamo@1" }, "/flows/00000000000000aa/verdict": why });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id");
  expect(await screen.findByText(/would give 8.0%, which is not to be relied on/)).toBeTruthy();
  expect(screen.queryByText(/probability of malware/)).toBeNull();
});

test("a verdict on an encrypted session says why, in words", async () => {
  const why = { model: "minamo@2", score: 0.93, class: "malware_c2", threshold: 0.72, earlier: 16, reasons: [{ feature: "cert_self_signed", contribution: 1.25, text: { en: "the certificate is signed by itself", ja: "証明書が自己署名" } }, { feature: "down", contribution: -0.5, text: { en: "9 octets came", ja: "9 オクテット" } }] };
  answer({ "/flows/00000000000000aa": { ...row, eta_class: "malware_c2", eta_score: 0.91, eta_model: "minamo@1" }, "/flows/00000000000000aa/verdict": why });
  show(<Flow />, `/flows/00000000000000aa?${RANGE}`, "/flows/:id");
  expect(await screen.findByText("the certificate is signed by itself")).toBeTruthy();
  expect(screen.getByText("+1.25").getAttribute("title")).toBe("towards malware");
  expect(screen.getByText("−0.50").getAttribute("title")).toBe("away from malware");
  expect(screen.getByText(/^Like a command channel of malware/, { selector: "strong" })).toBeTruthy();
  expect(screen.getByText(/model in force is minamo@2 now/)).toBeTruthy();
});
