// SPDX-License-Identifier: Apache-2.0
// The page of tags and sets: making, changing, history, errors at their place.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import type { SetInfo, TagInfo } from "../../gen/api";
import { answer, RANGE, Refusal, show } from "../../parts/testing";
import { Names } from "./Names";
import { asText, members } from "./names";

const tag: TagInfo = { name: "uploads", version: 2, filter: "src bytes > 10M", note: "large ones", valid_from: "2026-05-02T00:00:00Z", valid_to: null };
const set: SetInfo = { name: "chat", of: "names", version: 1, ended: false, members: ["Slack", "Microsoft Teams"], note: null, valid_from: "2026-05-01T00:00:00Z", valid_to: null };
const answers = {
  "/tags": { tags: [tag] },
  "/tags/uploads": { tags: [{ ...tag, version: 1, filter: "src bytes > 1M", valid_from: "2026-05-01T00:00:00Z", valid_to: "2026-05-02T00:00:00Z" }, tag] },
  "/sets": { sets: [set], networks: ["office"] },
  "/sets/chat": { sets: [set, { ...set, version: 2, ended: true, members: [] }], networks: ["office"] },
  "/filter/complete": { error: null, from: 0, items: [] },
};

test("a tag is shown with its versions and saved as a new one", async () => {
  const calls = answer({ ...answers, "/tags/uploads": (body: unknown) => (body ? tag : answers["/tags/uploads"]) });
  show(<Names />, `/names?${RANGE}`);
  fireEvent.click(await screen.findByRole("button", { name: /uploads/ }));
  expect(await screen.findByText("@office")).toBeTruthy();
  await waitFor(() => expect(document.querySelectorAll("tbody tr")).toHaveLength(2));
  expect(document.querySelector("tbody tr")?.textContent).toContain("src bytes > 10M");
  const filter = screen.getByLabelText<HTMLInputElement>("Filter");
  fireEvent.change(filter, { target: { value: "src bytes > 20M" } });
  fireEvent.click(screen.getByRole("button", { name: "Save as a new version" }));
  await waitFor(() => expect(calls.find((one) => one.body?.["filter"])?.body).toEqual({ filter: "src bytes > 20M", note: "large ones", valid_from: null }));
});

test("what is wrong with a new tag is told at its filter", async () => {
  answer({ ...answers, "/tags": (body: unknown) => (body ? new Refusal(400, { code: "bad_filter", message: "filter of tag x: no column prt", message_ja: "", path: "filter", at: 0 }) : answers["/tags"]) });
  show(<Names />, `/names?${RANGE}`);
  fireEvent.click(await screen.findByRole("button", { name: "New tag" }));
  fireEvent.change(screen.getByLabelText("Name"), { target: { value: "x" } });
  fireEvent.change(screen.getByLabelText("Filter"), { target: { value: "prt 80" } });
  fireEvent.click(screen.getByRole("button", { name: "Make the tag" }));
  expect((await screen.findByRole("alert")).textContent).toBe("filter of tag x: no column prt");
  expect(document.querySelector(".tok-wrong")?.textContent).toBe("prt");
});

test("a set's members keep their blanks", async () => {
  const calls = answer(answers);
  show(<Names />, `/names?${RANGE}&set=chat`);
  const text = await screen.findByLabelText<HTMLTextAreaElement>(/Members/);
  expect(text.value).toBe('Slack\n"Microsoft Teams"');
  expect(await screen.findByText("ended")).toBeTruthy();
  fireEvent.change(text, { target: { value: `${text.value}, Zoom @"second floor"` } });
  fireEvent.click(screen.getByRole("button", { name: "Save as a new version" }));
  await waitFor(() => expect(calls.find((one) => one.body?.["members"])?.body?.["members"]).toEqual(["Slack", "Microsoft Teams", "Zoom", "@second floor"]));
});

test("members read back as they were written", () => {
  const list = ["192.0.2.0/24", "@second floor", "a,b", "8000-8100"];
  expect(members(asText(list))).toEqual(list);
  expect(members(' , "" @"" ')).toEqual([]);
});
