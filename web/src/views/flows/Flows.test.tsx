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

const top = {
  rows: [
    { key: ["192.0.2.0/24"], bytes: 3000, packets: 30, flows: 3, values: [3000, 1.5], intervals: [{ low: 2500, high: 3700 }, null], before: [1500, 1.5] },
    { key: ["198.51.100.0/24"], bytes: 10, packets: 1, flows: 1, values: [10, null], intervals: [{ low: 10, high: 10 }, null], before: [0, null], is_new: true },
  ],
  total: { bytes: 3010, packets: 31, flows: 4, values: [3010, 1.5], intervals: [{ low: 2510, high: 3710 }, null], before: [2000, 1.5] },
  gone: [{ key: ["203.0.113.0/24"], bytes: 0, packets: 0, flows: 0, values: [0, null], before: [500, 2] }],
  measures: ["bytes", "p95(duration)"],
  elapsed_ms: 1,
};

test("shows measures with intervals beside an earlier range, what is new and what is gone", async () => {
  const calls = answer({ "/query/series": series, "/query/top": top });
  show(<Flows />, `/flows?${RANGE}&group=net(src_ip,24)&m=bytes,p95(duration)&compare=7d&having=flows > 0&dirs=1`, "/flows");
  const link = await screen.findByRole("link", { name: "192.0.2.0/24" });
  expect(calls.find((call) => call.path === "/query/top")?.body).toMatchObject({ keys: ["net(src_ip,24)"], measures: ["bytes", "p95(duration)"], compare: "7d", having: "flows > 0", directions: true });
  expect(screen.getByTitle("95 % interval: 2.50 kB to 3.70 kB").textContent).toBe("3.00 kB ±600 B");
  expect(screen.getAllByText("1.50 s")).toHaveLength(4);
  expect(screen.getByText("+100%")).toBeTruthy();
  expect(screen.getAllByText("new")).toHaveLength(2);
  expect(screen.getByText("203.0.113.0/24")).toBeTruthy();
  expect(screen.getByText(/sampled: sums are scaled/)).toBeTruthy();
  fireEvent.click(link);
  await waitFor(() => expect(screen.getByTestId("where").textContent).toContain("q=src net 192.0.2.0/24"));
});

test("a measure is added, orders the groups, and turns their order", async () => {
  const calls = answer({ "/query/series": series, "/query/top": { ...top, gone: undefined } });
  show(<Flows />, `/flows?${RANGE}&group=app`, "/flows");
  fireEvent.click(await screen.findByRole("button", { name: "Add measure" }));
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "distinct(dst_port" } });
  fireEvent.keyDown(screen.getByRole("searchbox"), { key: "Enter" });
  const last = () => calls.findLast((call) => call.path === "/query/top")?.body;
  await waitFor(() => expect(last()).toMatchObject({ measures: ["bytes", "packets", "flows", "distinct(dst_port)"] }));
  fireEvent.click(await screen.findByRole("button", { name: "distinct(dst_port)" }));
  await waitFor(() => expect(last()).toMatchObject({ order: "distinct(dst_port)" }));
  fireEvent.click(await screen.findByRole("button", { name: "distinct(dst_port)" }));
  await waitFor(() => expect(last()).toMatchObject({ order: "distinct(dst_port)", ascending: true }));
  fireEvent.change(screen.getByLabelText("Only groups with"), { target: { value: "flows > 5" } });
  fireEvent.blur(screen.getByLabelText("Only groups with"));
  await waitFor(() => expect(last()).toMatchObject({ having: "flows > 5" }));
});

test("two keys can be shown as a picture", async () => {
  const stop = (value: string) => ({ value, other: false });
  const calls = answer({ "/query/series": series, "/query/top": { ...top, gone: undefined }, "/query/paths": { paths: [], links: [{ level: 0, source: stop("10.0.0.1"), target: { value: null, other: true }, value: 5 }], elapsed_ms: 1 } });
  show(<Flows />, `/flows?${RANGE}&group=src_ip,app`, "/flows");
  fireEvent.click(await screen.findByRole("button", { name: "Picture" }));
  expect(await screen.findByRole("img", { name: "What goes where: src_ip → app" })).toBeTruthy();
  expect(calls.find((call) => call.path === "/query/paths")?.body).toMatchObject({ keys: ["src_ip", "app"], by: "bytes" });
});

test("the chart shows an earlier range, counts flows where they start, and the ranking is a file", async () => {
  const calls = answer({ "/query/series": { ...series, before: { name: null, values: [2] } }, "/query/top": top });
  show(<Flows />, `/flows?${RANGE}&group=net(src_ip,24)`, "/flows");
  await screen.findByRole("link", { name: "192.0.2.0/24" });
  fireEvent.click(screen.getByRole("button", { name: "Chart" }));
  fireEvent.change(screen.getAllByLabelText("Compare with")[0] ?? document.body, { target: { value: "7d" } });
  fireEvent.click(screen.getByLabelText("Spread over lifetime"));
  await waitFor(() => expect(calls.filter((call) => call.path === "/query/series").at(-1)?.body).toMatchObject({ compare: "7d", spread: false }));
  fireEvent.click(screen.getByRole("button", { name: "Download" }));
  const link = await screen.findByRole("link", { name: "Parquet" });
  const url = new URL(link.getAttribute("href") ?? "", "http://test");
  expect([url.pathname, url.searchParams.get("format")]).toEqual(["/api/v1/export/query/top", "parquet"]);
  expect(JSON.parse(url.searchParams.get("ask") ?? "")).toMatchObject({ keys: ["net(src_ip,24)"], compare: "7d", limit: 100_000 });
});
