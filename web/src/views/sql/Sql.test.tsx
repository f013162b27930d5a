// SPDX-License-Identifier: Apache-2.0
// The SQL page: running, errors, downloads.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, Refusal, show } from "../../parts/testing";
import { Sql } from "./Sql";

const data = { columns: [{ name: "app", type: "Utf8" }, { name: "n", type: "Int64" }], rows: [["SSH", 3], [null, 4]], truncated: false, elapsed_ms: 2 };

test("Ctrl+Enter runs and shows the rows", async () => {
  const calls = answer({ "/sql": data });
  show(<Sql />);
  fireEvent.change(screen.getByLabelText("SQL query"), { target: { value: "SELECT 1" } });
  fireEvent.keyDown(screen.getByLabelText("SQL query"), { key: "Enter", ctrlKey: true });
  expect(await screen.findByText("NULL")).toBeTruthy();
  expect(calls.at(-1)?.body).toEqual({ sql: "SELECT 1" });
});

test("an error marks its place and keeps the text", async () => {
  answer({ "/sql": new Refusal(400, { code: "sql", message: "no such column", message_ja: "", path: null, at: 7 }) });
  show(<Sql />);
  fireEvent.change(screen.getByLabelText("SQL query"), { target: { value: "SELECT x" } });
  fireEvent.keyDown(screen.getByLabelText("SQL query"), { key: "Enter", ctrlKey: true });
  expect((await screen.findByRole("alert")).textContent).toContain("no such column");
  expect(document.querySelector("mark")?.textContent).toBe("x");
  expect(screen.getByLabelText<HTMLTextAreaElement>("SQL query").value).toBe("SELECT x");
});

test("the whole answer is a link to the server", async () => {
  answer({ "/sql": data });
  show(<Sql />);
  fireEvent.change(screen.getByLabelText("SQL query"), { target: { value: "SELECT 1" } });
  fireEvent.keyDown(screen.getByLabelText("SQL query"), { key: "Enter", ctrlKey: true });
  fireEvent.click(await screen.findByRole("button", { name: "Download" }));
  const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual(["csv", "jsonl", "parquet"].map((format) => `/api/v1/export/sql?sql=SELECT+1&format=${format}`));
});
