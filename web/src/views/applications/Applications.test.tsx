// SPDX-License-Identifier: Apache-2.0
// The applications page: the tree, what narrows it, figures that explain themselves, and the search.
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import type { Top, TopRequest } from "../../gen/api";
import { answer, RANGE, show } from "../../parts/testing";
import { Applications } from "./Applications";
import { risks } from "./RisksOf";
import { termOf } from "./tree";

vi.mock("../../charts/Traffic", () => ({ Traffic: () => null }));

const row = (key: unknown[], flows: number) => ({ key, bytes: flows * 1000, packets: flows, flows, values: [flows * 1000, flows, 2], intervals: [] });
const top = (...rows: ReturnType<typeof row>[]) => ({ rows, total: row([], 10), measures: ["bytes", "flows", "about_distinct(src_ip)"], elapsed_ms: 1 }) as unknown as Top;
const ANSWERS: Record<string, Top> = {
  "protocol(app)": top(row(["TLS"], 7), row(["SSH"], 3)),
  app: top(row(["TLS.YouTube"], 5), row(["SSH"], 3), row(["TLS"], 2)),
  risk: top(row([["old_tls", "self_signed"]], 4), row([["old_tls"]], 1)),
};
const figure = { name: "nameable", title: { en: "Nameable", ja: "名前が分かる割合" }, meaning: { en: "has a name", ja: "名前がある" }, by: "bytes", wish: "more", of: "encrypted = true", filter: "encrypted = true and host_name present", part: { bytes: 250, flows: 1 }, whole: { bytes: 1000, flows: 2 } };
const PAGE = {
  "/query/summary": { flows: 10, bytes: 1, packets: 1, hosts: 1, encrypted_bytes: 0, events: 0 },
  "/query/top": (body: TopRequest) => ANSWERS[body.keys.join()] ?? top(),
  "/query/series": { start: "2026-05-01T00:00:00Z", step_secs: 60, series: [], elapsed_ms: 1 },
  "/query/figures": { figures: [figure], elapsed_ms: 1 },
};

/** The page has a dozen panels. */
const SLOW = { timeout: 15_000 };

test("a protocol opens to its services, and a service narrows the page", async () => {
  const calls = answer(PAGE);
  show(<Applications />, `/applications?${RANGE}`, "/applications");
  fireEvent.click(await screen.findByLabelText("Services of TLS", undefined, SLOW));
  expect(screen.getByText("without a service")).toBeTruthy();
  fireEvent.click(screen.getByText("YouTube"));
  await screen.findByText("TLS.YouTube over time");
  await waitFor(() => expect(calls.some(({ body }) => body?.["filter"] === 'app = "TLS.YouTube"' && String(body["keys"]) === "src_ip")).toBe(true));
  expect(screen.getByTestId("where").textContent).toContain("app=TLS.YouTube");
}, 20_000);

test("a figure says what it is made of, in Japanese too", async () => {
  answer(PAGE);
  show(<Applications />, `/applications?${RANGE}`, "/applications", "ja");
  const share = await screen.findByText("25%", undefined, SLOW);
  expect(share.getAttribute("href")).toContain("host_name");
  const figures = screen.getByLabelText("主要指標");
  fireEvent.click(within(figures).getByRole("button"));
  expect(within(figures).getByText("名前がある", { exact: false })).toBeTruthy();
  expect(within(figures).getByText("encrypted = true")).toBeTruthy();
}, 20_000);

test("a fact is searched when it is asked for, and leads to its flows", async () => {
  const calls = answer({ ...PAGE, "/query/find": { columns: [{ column: "tls_sni", filter: 'tls_sni ~ "*tube*"', flows: 3, bytes: 10, example: "youtube.example" }], looked_at: 9, elapsed_ms: 1 } });
  show(<Applications />, `/applications?${RANGE}`, "/applications");
  const box = await screen.findByLabelText("Find a fact", undefined, SLOW);
  fireEvent.change(box, { target: { value: "t" } });
  expect(screen.getByText("Type at least two characters.")).toBeTruthy();
  fireEvent.change(box, { target: { value: " tube " } });
  expect(calls.some((call) => call.path === "/query/find"), "nothing is asked while it is typed").toBe(false);
  fireEvent.click(screen.getByRole("button", { name: "Find" }));
  expect((await screen.findByRole("link", { name: "tls_sni" })).getAttribute("href")).toContain("tube");
  expect(screen.getByText("youtube.example")).toBeTruthy();
  expect(calls.find((call) => call.path === "/query/find")?.body).toMatchObject({ text: "tube" });
}, 20_000);

test("a flow counts for each of its risks", () => {
  expect(risks(ANSWERS["risk"] as Top)).toEqual([{ name: "old_tls", flows: 5 }, { name: "self_signed", flows: 4 }]);
});

test("what is chosen is a filter", () => {
  expect(termOf("SSH")).toBe('app = "SSH"');
  expect(termOf("TLS.*")).toBe('(app = "TLS" or app ~ "TLS.*")');
  expect(termOf(null)).toBeNull();
});
