// SPDX-License-Identifier: Apache-2.0
// The page of profiles: choosing, both ways to read the past, saving, errors at their place.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ProfileInfo } from "../../gen/api";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { asSeries } from "./ProfileChart";
import { Profiles } from "./Profiles";

const profile = (name: string, more: Partial<ProfileInfo> = {}): ProfileInfo => ({ name, version: 1, ended: false, parent: name === "live" ? null : "live", channels: [], granularity_secs: 300, valid_from: null, valid_to: null, created_at: null, rows_left: 0, ...more });
const web = profile("web", { channels: [{ name: "tls", filter: "dst_port = 443" }], valid_from: "2026-05-01T00:00:00Z", rows_left: 7 });
const chart = { start: "2026-05-01T00:00:00Z", step_secs: 60, lines: [{ channel: "tls", key: null, values: [1, 2], src_values: null }], missing: [{ channel: "tls", from: "2026-05-01T00:00:00Z", to: "2026-05-01T00:30:00Z" }], elapsed_ms: 1 };
const answers = {
  "/profiles": { profiles: [profile("live"), web] },
  "/profiles/web": { profiles: [web, profile("web", { version: 2, ended: true, valid_from: "2026-05-02T00:00:00Z" })] },
  "/profiles/web/chart": chart,
  "/profiles/live/chart": { ...chart, missing: [] },
};

test("a profile is charted as known now and as known then", async () => {
  const calls = answer(answers);
  show(<Profiles />, `/profiles?${RANGE}`);
  fireEvent.click(await screen.findByRole("button", { name: /web/ }));
  expect(await screen.findByText(/not all flows are in yet/)).toBeTruthy();
  const known = () => calls.filter((one) => one.path === "/profiles/web/chart").map((one) => one.body?.["as_known"]);
  expect(known()).toEqual(["now"]);
  fireEvent.click(screen.getByRole("button", { name: "As known then" }));
  await waitFor(() => expect(known()).toEqual(["now", "then"]));
  expect(screen.getByText("ended")).toBeTruthy();
});

test("a wrong filter is marked in its channel and nothing typed is lost", async () => {
  const calls = answer({ ...answers, "/filter/complete": { error: null, from: 0, items: [] }, "/profiles/web": (body: unknown) => (body ? new Refusal(400, { code: "bad_filter", message: "no column dst_prt", message_ja: "", path: "channels[0].filter", at: 0 }) : answers["/profiles/web"]) });
  show(<Profiles />, `/profiles?${RANGE}&profile=web`);
  const filter = await screen.findByLabelText<HTMLInputElement>("Filter of channel tls");
  fireEvent.change(filter, { target: { value: "dst_prt = 443" } });
  fireEvent.click(screen.getByRole("button", { name: "Save as a new version" }));
  expect((await screen.findByRole("alert")).textContent).toBe("no column dst_prt");
  expect(document.querySelector(".tok-wrong")?.textContent).toBe("dst_prt");
  expect(filter.value).toBe("dst_prt = 443");
  expect(calls.find((one) => one.body?.["parent"])?.body).toEqual({ parent: "live", granularity_secs: 300, channels: [{ name: "tls", filter: "dst_prt = 443" }], valid_from: null });
});

test("a divided chart names channel and key where there are several channels", () => {
  const line = (channel: string, key: string | null) => ({ channel, key, values: [], src_values: null });
  const names = (lines: ReturnType<typeof line>[]) => asSeries({ ...chart, lines }, "app").series.map((one) => one.name);
  expect(names([line("a", "TLS"), line("a", null)])).toEqual(["TLS", null]);
  expect(names([line("a", "TLS"), line("b", null)])).toEqual(["a: TLS", "b: …"]);
});
