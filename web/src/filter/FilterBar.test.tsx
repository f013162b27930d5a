// SPDX-License-Identifier: Apache-2.0
// The filter line with the keyboard.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, RANGE, show } from "../parts/testing";
import { FilterBar } from "./FilterBar";
import { recent } from "./recent";

const item = { text: "tls_version", kind: "column", doc: "Version agreed", doc_ja: "合意した版" };
const good = { error: null, from: 0, items: [item] };
const bad = { error: { at: 4, message: "character 5: want an operator", message_ja: "5 文字目：演算子が必要です" }, from: 9, items: [] };
const input = () => screen.getByRole<HTMLInputElement>("combobox");
const type = (value: string) => fireEvent.change(input(), { target: { value } });

test("Tab takes the first suggestion and leaves the rest of the text", async () => {
  answer({ "/filter/complete": good });
  show(<FilterBar />);
  type("tls_v");
  await screen.findByRole("option");
  fireEvent.keyDown(input(), { key: "Tab" });
  expect(input().value).toBe("tls_version ");
});

test("arrows choose, Escape closes, Enter applies to the URL", async () => {
  answer({ "/filter/complete": good });
  show(<FilterBar />);
  type("tls_v");
  await screen.findByRole("option");
  fireEvent.keyDown(input(), { key: "ArrowDown" });
  expect(screen.getByRole("option").getAttribute("aria-selected")).toBe("true");
  fireEvent.keyDown(input(), { key: "Escape" });
  expect(screen.queryByRole("option")).toBeNull();
  fireEvent.keyDown(input(), { key: "Enter" });
  await waitFor(() => expect(screen.getByTestId("where").textContent).toContain("q=tls_v"));
  expect(recent()).toEqual(["tls_v"]);
});

test("a refused filter stays as typed, is not applied and says why in the language", async () => {
  answer({ "/filter/complete": bad });
  show(<FilterBar />, `/?${RANGE}`, "*", "ja");
  type("app foo 1");
  fireEvent.keyDown(input(), { key: "Enter" });
  expect((await screen.findByRole("alert")).textContent).toBe("5 文字目：演算子が必要です");
  expect(input().value).toBe("app foo 1");
  expect(screen.getByTestId("where").textContent).not.toContain("q=");
  expect(document.querySelector(".tok-wrong")?.textContent).toBe("foo");
});
