// SPDX-License-Identifier: Apache-2.0
// The status page: figures and counters.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { answer, show, STATUS } from "../../parts/testing";
import { Status } from "./Status";

test("shows figures and finds counters", async () => {
  answer({ "/queries": { queries: [] }, "/tokens": { tokens: [] }, "/status": { ...STATUS, counters: [{ name: "meter_flows_total", labels: "", value: 3 }, { name: "capture_dropped_total", labels: 'interface="eth1"', value: 12_345 }] } });
  show(<Status />);
  expect(await screen.findByText("12,345")).toBeTruthy();
  expect(screen.getByText("4.10 kB")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Find a counter"), { target: { value: "eth1" } });
  expect(screen.queryByText("meter_flows_total")).toBeNull();
});

test("a running query shows how far it is, and is stopped", async () => {
  const query = { id: 7, user: "demo", what: "query/top", since: "2026-05-01T00:00:00Z", waiting: false, rows_read: 250, rows_total: 1000 };
  const calls = answer({ "/tokens": { tokens: [] }, "/queries": { queries: [query, { ...query, id: 8, user: "", waiting: true }] }, "/queries/7": null });
  show(<Status />);
  expect(await screen.findByText("250 of 1,000")).toBeTruthy();
  expect(screen.getByText("waiting")).toBeTruthy();
  expect(screen.getByText("Minamo itself")).toBeTruthy();
  fireEvent.click(screen.getByLabelText("Stop query 7"));
  await waitFor(() => expect(calls.filter((call) => call.path === "/queries/7").length).toBe(1));
  await waitFor(() => expect(calls.filter((call) => call.path === "/queries").length).toBeGreaterThan(1));
});

test("a token is made, shown once and revoked", async () => {
  const token = { name: "prometheus", scope: "metrics", made_by: "admin", made_at: "2026-05-01T00:00:00Z", used_at: null };
  const calls = answer({ "/queries": { queries: [] }, "/status": STATUS, "/tokens": (body: unknown) => (body ? { token, secret: "minamo_0123" } : { tokens: [token] }), "/tokens/prometheus": null });
  vi.spyOn(window, "confirm").mockReturnValue(true);
  show(<Status />);
  fireEvent.change(await screen.findByPlaceholderText("prometheus"), { target: { value: " prometheus " } });
  fireEvent.click(screen.getByText("Make a token"));
  expect(await screen.findByText("minamo_0123")).toBeTruthy();
  expect(calls.find((call) => call.path === "/tokens" && call.body)?.body).toEqual({ name: "prometheus", scope: "metrics" });
  fireEvent.click(screen.getByLabelText("Revoke the token prometheus"));
  await waitFor(() => expect(calls.some((call) => call.path === "/tokens/prometheus")).toBe(true));
});
