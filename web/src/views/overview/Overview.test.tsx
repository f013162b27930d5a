// SPDX-License-Identifier: Apache-2.0
// The overview: how encryption is split, drilling down, an empty range.
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, show } from "../../parts/testing";
import { slices } from "./Encryption";
import { Overview } from "./Overview";

const summary = { bytes: 1000, packets: 10, flows: 3, hosts: 2, encrypted_bytes: 700, events: 0, first: null, last: null, elapsed_ms: 1 };
const total = { bytes: 1000, packets: 10, flows: 3 };
const row = (key: (string | null)[], bytes: number) => ({ key, bytes, packets: 1, flows: 1 });
const top = (rows: ReturnType<typeof row>[]) => ({ rows, total, elapsed_ms: 1 });

test("encryption is split by what encrypts, with nothing counted twice", () => {
  const versions = top([row(["TLS 1.3", null], 300), row(["TLS 1.3", "v1"], 200), row([null, null], 500)]);
  const list = slices(summary, versions, top([row(["SSH"], 150), row(["TLS"], 300)]), { other: "other", clear: "clear" });
  expect(list.map((one) => [one.name, one.bytes])).toEqual([["TLS 1.3", 300], ["QUIC", 200], ["SSH", 150], ["other", 50], ["clear", 300]]);
  expect(list[1]?.term).toBe('quic_version = "v1"');
});

test("rows drill down to their flows", async () => {
  answer({
    "/query/summary": summary,
    "/query/series": { start: "2026-05-01T00:00:00Z", step_secs: 60, series: [{ name: "SSH", values: [1] }], elapsed_ms: 1 },
    "/query/top": (body: { keys: string[] }) => top(body.keys[0] === "app" ? [row(["SSH"], 600)] : []),
    "/events": { rows: [] },
  });
  show(<Overview />);
  const link = await screen.findByTitle('app = "SSH"');
  expect(decodeURIComponent(link.getAttribute("href") ?? "").replaceAll("+", " ")).toContain('q=app = "SSH"');
  expect(await screen.findByText("No events in this time range")).toBeTruthy();
});

test("an empty range says so and offers all data", async () => {
  answer({ "/query/summary": { ...summary, flows: 0 } });
  show(<Overview />);
  expect(await screen.findByText("No flow in this time range")).toBeTruthy();
  screen.getByText("Show all data").click();
  expect((await screen.findByTestId("where")).textContent).toContain("/");
});
