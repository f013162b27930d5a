// SPDX-License-Identifier: Apache-2.0
// The flow list: paging, keys, grouping.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, show } from "../../parts/testing";
import { Flows } from "./Flows";

const flow = (id: string) => ({ flow_id: id, time_start: "2026-05-01T00:00:00Z", time_end: "2026-05-01T00:00:01Z", src_ip: "10.0.0.1", src_port: 40000, dst_ip: "192.0.2.1", dst_port: 443, app: "TLS", app_confidence: "port", tls_sni: `${id}.example`, src_bytes: 1000, dst_bytes: 2000 });
const series = { start: "2026-05-01T00:00:00Z", step_secs: 60, series: [{ name: null, values: [1] }], elapsed_ms: 1 };

test("pages by cursor, moves by keys and opens with Enter", async () => {
  const calls = answer({ "/query/series": series, "/query/flows": (body: { cursor: string | null }) => ({ rows: [flow(body.cursor ?? "aa")], next: body.cursor ? null : "bb", elapsed_ms: 1 }) });
  show(<Flows />, `/flows?${RANGE}`, "/flows");
  expect(await screen.findByText("aa.example")).toBeTruthy();
  expect(screen.getByText("by port only")).toBeTruthy();
  fireEvent.click(screen.getByText("Load more"));
  expect(await screen.findByText("bb.example")).toBeTruthy();
  expect(calls.filter((call) => call.path === "/query/flows").map((call) => call.body?.["cursor"])).toEqual([null, "bb"]);
  fireEvent.keyDown(document.body, { key: "j" });
  fireEvent.keyDown(document.activeElement ?? document.body, { key: "j" });
  fireEvent.keyDown(document.activeElement ?? document.body, { key: "Enter" });
  await waitFor(() => expect(screen.getByTestId("where").textContent).toContain("/flows/bb"));
});

test("groups by the columns in the URL and narrows by a row", async () => {
  const calls = answer({ "/query/series": series, "/query/top": { rows: [{ key: ["SSH", 22], bytes: 10, packets: 2, flows: 1 }], total: { bytes: 20, packets: 4, flows: 2 }, elapsed_ms: 1 } });
  show(<Flows />, `/flows?${RANGE}&group=app,dst_port&by=flows`, "/flows");
  const link = await screen.findByRole("link", { name: "SSH" });
  expect(calls.find((call) => call.path === "/query/top")?.body).toMatchObject({ keys: ["app", "dst_port"], by: "flows" });
  fireEvent.click(link);
  await waitFor(() => expect(screen.getByTestId("where").textContent).toContain('q=app = "SSH" and dst_port = 22'));
});
