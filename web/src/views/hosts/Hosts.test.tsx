// SPDX-License-Identifier: Apache-2.0
// Hosts at risk: the list with its reasons, and the page of one host.
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, show } from "../../parts/testing";
import { HostPage } from "./HostPage";
import { Hosts } from "./Hosts";

const both = (en: string) => ({ en, ja: `${en} (日)` });
const part = (rule: string, points: number) => ({ rule, title: both(`title ${rule}`), event_id: `e-${rule}`, text: both(`text ${rule}`), points });
const risk = { host: "10.0.0.5", score: 88, scores: [0, 40, 88], events: 7, parts: [part("beacon", 45), part("miner", 23), part("scan", 12), part("upload", 8)] };

test("lists hosts with score, reasons and the ways to them", async () => {
  const calls = answer({ "/hosts/risk": { from: "", at: "", rows: [risk] } });
  show(<Hosts />, `/hosts?${RANGE}&q=app = "SSH"`, "/hosts", "ja");
  const host = await screen.findByRole("link", { name: "10.0.0.5" });
  expect(host.getAttribute("href")).toContain("/hosts/10.0.0.5?from=");
  expect(host.getAttribute("href")).not.toContain("q=");
  expect(screen.getByText("88")).toBeTruthy();
  expect(screen.getByRole("link", { name: /title beacon \(日\)/ }).getAttribute("href")).toContain("view=events&event=e-beacon");
  expect(screen.queryByText(/title upload/)).toBeNull();
  expect(screen.getByText("+1")).toBeTruthy();
  expect(screen.getByRole("link", { name: "フロー" }).getAttribute("href")).toContain("q=ip+10.0.0.5");
  const asked = calls.find((call) => call.path === "/hosts/risk");
  expect(asked?.query.get("at")).toBe("2026-05-01T01:00:00.000Z");
});

test("no host at risk is a sentence", async () => {
  answer({ "/hosts/risk": { from: "", at: "", rows: [] } });
  show(<Hosts />, `/hosts?${RANGE}`, "/hosts");
  expect(await screen.findByText("No own host is at risk")).toBeTruthy();
});

test("the page of a host has its risk over time, its reasons and its events", async () => {
  const points = [0, 40, 88].map((score, at) => ({ at: `2026-05-01T00:${at}0:00Z`, score }));
  const event = { event_id: "a", rule: "beacon", severity: "high", title: both("title a"), text: both("text a"), first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", src_ip: "10.0.0.5", dst_ip: "203.0.113.9" };
  const calls = answer({ "/hosts/10.0.0.5/risk": { points, end: risk }, "/events": { rows: [event], hidden: 0 }, "/query/top": { rows: [], total: { key: [], bytes: 0, packets: 0, flows: 0 } } });
  show(<HostPage />, `/hosts/10.0.0.5?${RANGE}`, "/hosts/:address");
  expect(await screen.findByRole("img", { name: /Risk of 10.0.0.5 over time/ })).toBeTruthy();
  expect(screen.getByText("45 points")).toBeTruthy();
  expect(screen.getByText("text upload")).toBeTruthy();
  expect((await screen.findByRole("link", { name: "title a" })).getAttribute("href")).toContain("event=a");
  expect(screen.getByText("→ 203.0.113.9")).toBeTruthy();
  expect(calls.find((call) => call.path === "/events")?.query.get("host")).toBe("10.0.0.5");
  expect(calls.filter((call) => call.path === "/query/top").map((call) => call.body?.["filter"])).toContain("dst_ip = 10.0.0.5");
});
