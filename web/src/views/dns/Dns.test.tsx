// SPDX-License-Identifier: Apache-2.0
// The DNS page: what each panel asks, and what it says where nothing was seen.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { TopRequest } from "../../gen/api";
import { answer, RANGE, show } from "../../parts/testing";
import { Dns } from "./Dns";

vi.mock("../../charts/Traffic", () => ({ Traffic: () => null }));

const total = { key: [], bytes: 1, packets: 1, flows: 4 };
const top = (body: TopRequest) => {
  const one = { bytes: 1, packets: 1, flows: 4 };
  const known: Record<string, unknown[]> = { "dst_ip,dst_local": [{ ...one, key: ["192.0.2.53", false], values: [4, 2, 3] }], dst_ip: [{ ...one, key: ["192.0.2.53"], values: [0.0015, 2] }] };
  const rows = known[body.keys.join()] ?? [];
  return { rows, total, measures: body.measures ?? [], elapsed_ms: 1 };
};
const PAGE = {
  "/query/summary": { flows: 10, bytes: 1, packets: 1, hosts: 1, encrypted_bytes: 0, events: 0 },
  "/query/top": top,
  "/query/series": { start: "2026-05-01T00:00:00Z", step_secs: 60, series: [], elapsed_ms: 1 },
  "/query/figures": { figures: [], elapsed_ms: 1 },
};

test("resolvers have their place and times, and empty panels say what is not there", async () => {
  const calls = answer(PAGE);
  show(<Dns />, `/dns?${RANGE}`, "/dns", "ja");
  expect(await screen.findByText("192.0.2.53", undefined, { timeout: 15_000 })).toBeTruthy();
  expect(screen.getByText("1.5 ms")).toBeTruthy();
  expect(screen.getByText("2.00 s")).toBeTruthy();
  await waitFor(() => expect(document.querySelectorAll(".skeleton").length).toBe(0));
  expect(screen.getByText("200 ミリ秒以上かかった応答はありません")).toBeTruthy();
  fireEvent.click(screen.getByText("長い"));
  await waitFor(() => expect(calls.some(({ body }) => body?.["filter"] === 'dns_query =~ "^.{60}"')).toBe(true));
  const rare = calls.find(({ body }) => body?.["having"] === "flows <= 3");
  expect(rare?.body).toMatchObject({ keys: ["domain(dns_query)"], ascending: true });
}, 20_000);
