// SPDX-License-Identifier: Apache-2.0
// For tests: a view with all providers, over answers given by path.
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { MemoryRouter, Route, Routes, useLocation } from "react-router";
import { vi } from "vitest";
import { makeClient } from "../api/queries";
import type { Status } from "../gen/api";
import { startI18n, type Language } from "../i18n";
import { ScopeProvider } from "./scope";

/** Path under `/api/v1` without query → body, or a function of the request body; `Refusal` answers an error. */
export type Answers = Record<string, unknown>;

export class Refusal {
  constructor(
    readonly status: number,
    readonly body: unknown,
  ) {}
}

export const STATUS: Status = { version: "0.1.0", started_at: "2026-05-01T00:00:00Z", flows: 3, hot_rows: 1, segments: 2, stored_bytes: 4096, first: "2026-05-01T00:00:00Z", last: "2026-05-01T02:00:00Z", counters: [] };

export const RANGE = "from=2026-05-01T00:00:00.000Z&to=2026-05-01T01:00:00.000Z";

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown> | null;
}

/** Replaces `fetch`; returns the list of calls made. */
export function answer(answers: Answers): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", (input: string, init?: RequestInit) => {
    const url = new URL(input, "http://test");
    const path = url.pathname.replace("/api/v1", "");
    const body = init?.body ? (JSON.parse(String(init.body)) as Record<string, unknown>) : null;
    calls.push({ method: init?.method ?? "GET", path, query: url.searchParams, body });
    const found = path in answers ? answers[path] : path === "/status" ? STATUS : undefined;
    const made: unknown = typeof found === "function" ? (found as (body: unknown, query: URLSearchParams) => unknown)(body, url.searchParams) : found;
    if (made instanceof Refusal) return Promise.resolve(new Response(JSON.stringify(made.body), { status: made.status }));
    if (found === undefined) return Promise.resolve(new Response("{}", { status: 404 }));
    return Promise.resolve(made === null ? new Response(null, { status: 204 }) : Response.json(made));
  });
  return calls;
}

function Where() {
  const { pathname, search } = useLocation();
  return <output data-testid="where">{decodeURIComponent(pathname + search.replaceAll("+", " "))}</output>;
}

export function show(view: React.ReactNode, at = `/?${RANGE}`, path = "*", language: Language = "en") {
  startI18n(language);
  return render(
    <QueryClientProvider client={makeClient()}>
      <MemoryRouter initialEntries={[at]}>
        <ScopeProvider waiting={() => null}>
          <Routes>
            <Route path={path} element={view} />
            <Route path="*" element={null} />
          </Routes>
          <Where />
        </ScopeProvider>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}
