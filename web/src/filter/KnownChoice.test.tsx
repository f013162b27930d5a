// SPDX-License-Identifier: Apache-2.0
// The choice of definitions: only for filters with sets, kept in the URL, part of every question.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { useSummary } from "../api/queries";
import { useScope } from "../parts/scope";
import { answer, RANGE, show } from "../parts/testing";
import { KnownChoice } from "./KnownChoice";

function Question() {
  useSummary(useScope().ask);
  return <KnownChoice />;
}

test("a filter with a set can be asked as known then", async () => {
  const calls = answer({ "/query/summary": {} });
  show(<Question />, `/?${RANGE}&q=src_ip in @servers`);
  fireEvent.click(await screen.findByText("As known then"));
  await waitFor(() => expect(calls.filter((call) => call.path === "/query/summary").map((call) => call.body?.["as_known"])).toEqual([undefined, "then"]));
  expect(screen.getByTestId("where").textContent).toContain("known=then");
});

test("a filter without sets has no choice and asks for none", async () => {
  const calls = answer({ "/query/summary": {} });
  show(<Question />, `/?${RANGE}&q=port 53&known=then`);
  await waitFor(() => expect(calls.some((call) => call.path === "/query/summary")).toBe(true));
  expect(calls.find((call) => call.path === "/query/summary")?.body).not.toHaveProperty("as_known");
  expect(screen.queryByText("As known then")).toBeNull();
});
