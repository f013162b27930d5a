// SPDX-License-Identifier: Apache-2.0
// The billing page: what is asked, what is charged, and narrowing to who is charged.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, show } from "../../parts/testing";
import { Billing } from "./Billing";

const bill = { start: "2026-05-01T00:00:00Z", step_secs: 300, inward: [375_000, 750_000], outward: [0, 37_500], inward_bps: 20_000, outward_bps: 1_000, larger_bps: 20_000, elapsed_ms: 1 };
const charges = {
  start: "2026-05-01T00:00:00Z",
  step_secs: 300,
  series: [
    { name: "1", values: [100, 200], percentile: 200 },
    { name: "2", values: [0, 75_000], percentile: 75_000 },
    { name: null, values: [5, 5], percentile: 5 },
  ],
  elapsed_ms: 1,
};

test("networks, percentile and step are asked for, and the rates are shown", async () => {
  const calls = answer({ "/query/billing": bill });
  show(<Billing />, `/billing?${RANGE}&percentile=99&step=900`, "/billing");
  expect((await screen.findAllByText("20.0 kbit/s")).length).toBe(2);
  expect(screen.getByText("the highest 1 % of the steps are not charged")).toBeTruthy();
  expect(calls.find((call) => call.path === "/query/billing")?.body).toMatchObject({ percentile: 99, step_secs: 900, inside: [] });
  fireEvent.change(screen.getByLabelText("Charged networks"), { target: { value: "192.0.2.0/24, 2001:db8::/32" } });
  fireEvent.click(screen.getByRole("button", { name: "Apply" }));
  await waitFor(() => expect(calls.filter((call) => call.path === "/query/billing").at(-1)?.body).toMatchObject({ inside: ["192.0.2.0/24", "2001:db8::/32"] }));
  expect(screen.getByTestId("where").textContent).toContain("inside=192.0.2.0/24,");
  expect(calls.some((call) => call.path === "/query/series"), "nobody asked who is charged").toBe(false);
});

test("charges are listed by rate, and a row narrows the page", async () => {
  const calls = answer({ "/query/billing": bill, "/query/series": charges });
  show(<Billing />, `/billing?${RANGE}&per=exporter_in_if`, "/billing", "ja");
  const rows = await screen.findAllByRole("row");
  expect(rows.map((row) => row.textContent)).toEqual(["入力インターフェース95 % のレート通信量", "22.00 kbit/s75.0 kB", "15.3 bit/s300 B", "その他0.13 bit/s10 B"]);
  expect(calls.find((call) => call.path === "/query/series")?.body).toMatchObject({ split: "exporter_in_if", percentile: 95, step_secs: 300 });
  fireEvent.click(screen.getByRole("button", { name: "2" }));
  await waitFor(() => expect(screen.getByTestId("where").textContent).toContain("q=exporter_in_if = 2"));
});

test("the bill and its steps are files", async () => {
  answer({ "/query/billing": bill });
  show(<Billing />, `/billing?${RANGE}&inside=192.0.2.0/24`, "/billing");
  fireEvent.click(screen.getByRole("button", { name: "Download" }));
  const links = await screen.findAllByRole("link", { name: "CSV" });
  const asked = links.map((link) => new URL(link.getAttribute("href") ?? "", "http://test"));
  expect(asked.map((url) => url.pathname)).toEqual(["/api/v1/export/query/billing", "/api/v1/export/query/billing_steps"]);
  expect(JSON.parse(asked[0]?.searchParams.get("ask") ?? "")).toMatchObject({ from: "2026-05-01T00:00:00.000Z", inside: ["192.0.2.0/24"], percentile: 95 });
});
