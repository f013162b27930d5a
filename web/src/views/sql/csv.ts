// SPDX-License-Identifier: Apache-2.0
// An answer as CSV (RFC 4180).
import type { SqlAnswer } from "../../gen/api";

const field = (value: unknown) => {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function csv(data: SqlAnswer): string {
  return [data.columns.map((column) => column.name), ...data.rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}
