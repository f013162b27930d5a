// SPDX-License-Identifier: Apache-2.0
// The exporters page: the list, the reasons in both languages, what arrives, and a decision.
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ExporterDetail, ExporterInfo } from "../../gen/api";
import { answer, show } from "../../parts/testing";
import { Exporters } from "./Exporters";

const EXPORTER: ExporterInfo = {
  address: "192.0.2.1", name: "core-1", site: "Tokyo", tags: [], state: "waiting", formats: [{ name: "netflow9", records: 9_500 }], transports: ["udp"],
  first_seen: "2026-05-01T00:00:00Z", last_seen: "2026-05-01T00:10:00Z", datagrams: 400, records: 9_500, records_per_second: 12.5, lost: 500, lost_share: 0.05, not_taken: 9_500, score: 55,
  reasons: [{ id: "active_timeout", points: 20, text: "Active timeout 1,800 s: charts lag by as much; set it to 60 s.", text_ja: "アクティブタイムアウトが 1,800 秒です。" }],
};
const DETAIL: ExporterDetail = {
  exporter: EXPORTER,
  missing: [{ id: "splt", points: 0, text: "No lengths and times of single packets (SPLT): session pictures are unavailable.", text_ja: "セッション図を表示できません。" }],
  gaps: [{ format: "netflow9", domain: 1, lost: 500, unit: "messages" }],
  skew_millis: -7_300_000, templates_received: 20, templates_changed: 0, without_template: 3, replayed: 3, last_error: "", recent: { records: 100, one_sided: 100, duplicates: 0, longest_secs: 1_800 },
  templates: [{ version: 9, domain: 1, port: 1_001, borrowed: false, id: 256, options: false, seen: "2026-05-01T00:10:00Z", fields: [{ enterprise: 0, element: 8, name: "sourceIPv4Address", length: 4, scope: false, column: "src_ip", value: "10.0.0.7", octets: "0a000007" }, { enterprise: 9, element: 12_235, name: "httpHost", length: null, scope: false, column: null, value: null, octets: "00" }] }, { version: 9, domain: 1, port: 1_002, borrowed: true, id: 256, options: false, seen: "2026-05-01T00:10:00Z", fields: [] }],
  interfaces: [
    { index: 7, name: "Gi0/7", description: "uplink", speed: 1_000_000_000, admin_up: null, up: null, in_bits_per_second: null, out_bits_per_second: null, errors: null, discards: null, counted: null },
    { index: 8, name: "Gi0/8", description: "", speed: 0, admin_up: true, up: false, in_bits_per_second: 8_000, out_bits_per_second: 16_000, errors: 3, discards: 0, counted: "2026-05-01T00:10:00Z" },
  ],
  counters: [{ kind: "vlan", source: 3, number: 42, name: "", values: [{ name: "octets", value: 9_000 }], counted: "2026-05-01T00:10:00Z" }],
  device_name: null, load_percent: 12, memory_used: 1_000, memory: 4_000,
  sampling: [],
};

test("a badly configured exporter is explained in both languages", async () => {
  for (const [language, reason, missing] of [["en", EXPORTER.reasons[0]?.text, DETAIL.missing[0]?.text], ["ja", EXPORTER.reasons[0]?.text_ja, DETAIL.missing[0]?.text_ja]] as const) {
    answer({ "/exporters": { collecting: true, exporters: [EXPORTER] }, "/exporters/192.0.2.1": DETAIL });
    show(<Exporters />, "/exporters", "*", language);
    fireEvent.click(await screen.findByRole("button", { name: "192.0.2.1" }));
    expect(await screen.findByText(reason ?? "")).toBeTruthy();
    expect(screen.getByText(missing ?? "")).toBeTruthy();
    expect(screen.getByText("10.0.0.7")).toBeTruthy();
    expect(screen.getByText("9/12235")).toBeTruthy();
    expect(screen.getByText("sourceIPv4Address")).toBeTruthy();
    expect(screen.getByText(language === "en" ? "7,300 s behind" : "7,300 秒遅れ")).toBeTruthy();
    expect(screen.getByText(language === "en" ? "3 packets with errors" : "エラー 3 パケット")).toBeTruthy();
    expect(screen.getByText(language === "en" ? "down" : "ダウン")).toBeTruthy();
    expect(screen.getByText(language === "en" ? "taken over from another port" : "別のポートから引き継ぎ")).toBeTruthy();
    expect(screen.getByText(language === "en" ? "port 1002" : "ポート 1002")).toBeTruthy();
    expect(screen.getByText("9,000")).toBeTruthy();
    cleanup();
  }
});

test("the ill ones come first where that is asked for", async () => {
  const others = [{ ...EXPORTER, address: "192.0.2.2", score: 90, lost_share: 0, records_per_second: 90 }, EXPORTER, { ...EXPORTER, address: "192.0.2.3", score: 30, lost_share: 0.2, records_per_second: 1 }];
  answer({ "/exporters": { collecting: true, exporters: others } });
  show(<Exporters />, "/exporters", "*", "en");
  const order = () => screen.getAllByRole("button", { name: /^192/ }).map((one) => one.textContent);
  await screen.findByRole("button", { name: "192.0.2.1" });
  for (const [column, first] of [["Score", "192.0.2.3"], ["Lost", "192.0.2.3"], ["Rate", "192.0.2.2"]] as const) {
    fireEvent.click(screen.getByRole("button", { name: column }));
    await waitFor(() => expect(order()[0]).toBe(first));
  }
  fireEvent.click(screen.getByRole("button", { name: "Rate" }));
  await waitFor(() => expect(order()).toEqual(["192.0.2.2", "192.0.2.1", "192.0.2.3"]));
});

test("a decision is sent", async () => {
  const calls = answer({ "/exporters": { collecting: true, exporters: [EXPORTER] }, "/exporters/192.0.2.1/decision": null });
  show(<Exporters />, "/exporters");
  fireEvent.click(await screen.findByRole("button", { name: "Allow" }));
  await waitFor(() => expect(calls.some((call) => call.path.endsWith("/decision") && call.body?.["decision"] === "allow")).toBe(true));
});

test("without a collector it says how to get one", async () => {
  answer({ "/exporters": { collecting: false, exporters: [] } });
  show(<Exporters />, "/exporters");
  expect(await screen.findByText("No collector is running")).toBeTruthy();
});
