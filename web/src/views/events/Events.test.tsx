// SPDX-License-Identifier: Apache-2.0
// Events: explanation and the way to the flows.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, show } from "../../parts/testing";
import { Events } from "./Events";

const both = (en: string) => ({ en, ja: `${en} (日)` });
const event = (id: string, severity: string) => ({ event_id: id, rule: "beacon", severity, title: both(`title ${id}`), text: both(`text ${id}`), question: both("question"), benign: [both("agents")], first: "2026-05-01T00:10:00Z", last: "2026-05-01T00:20:00Z", src_ip: "10.0.0.1", dst_ip: null, values: { period_secs: 60 }, filter: "src_ip = 10.0.0.1", attack: ["T1071"] });

test("explains the chosen event and leads to its flows and time", async () => {
  answer({ "/events": { rows: [event("a", "high"), event("b", "low")] } });
  show(<Events />, `/events?${RANGE}`, "/events", "ja");
  expect(await screen.findByText("text a (日)")).toBeTruthy();
  fireEvent.click(screen.getByText("title b (日)"));
  expect(await screen.findByText("text b (日)")).toBeTruthy();
  expect(screen.getByText("1 min 0 s")).toBeTruthy();
  const href = decodeURIComponent(screen.getByText("フローを表示").closest("a")?.getAttribute("href") ?? "").replaceAll("+", " ");
  expect(href).toBe("/flows?from=2026-05-01T00:09:00.000Z&to=2026-05-01T00:21:00.000Z&q=src_ip = 10.0.0.1");
});

test("no events is a sentence, not a blank", async () => {
  answer({ "/events": { rows: [] } });
  show(<Events />, `/events?${RANGE}`, "/events");
  expect(await screen.findByText("No events in this time range")).toBeTruthy();
});
