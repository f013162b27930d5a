// SPDX-License-Identifier: Apache-2.0
// Time range and filter of the page. They live in the URL, so links can be shared and "back" works.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { useStatus, type Ask } from "../api/queries";
import type { AsKnown } from "../gen/api";
import { narrow } from "../filter/build";
import { useParameters } from "./parameters";
import { isPreset, opening, resolve, type Preset, type Span } from "./range";

interface Scope {
  ask: Ask;
  span: Span;
  preset: Preset | null;
  filter: string;
  /** By which versions of the filter's sets (`@name`) it goes; null where it has none. */
  known: AsKnown | null;
  setKnown: (known: AsKnown) => void;
  live: boolean;
  setRange: (range: Preset | Span) => void;
  setFilter: (text: string) => void;
  setLive: (on: boolean) => void;
  refresh: () => void;
  /** Search part of a link that keeps range and filter, with `more` added. */
  search: (more?: string | null, span?: Span) => string;
  /** Address of the flow list narrowed by one more term. */
  flows: (more: string | null, span?: Span) => string;
  /** Opens the flow list narrowed by one more term. */
  drill: (more: string | null) => void;
}

const Context = createContext<Scope | null>(null);
const LIVE_MILLIS = 15_000;

export function useScope(): Scope {
  const scope = use(Context);
  if (!scope) throw new Error("useScope outside ScopeProvider");
  return scope;
}

/** A range as parameters: a relative one has a name, another its ends. */
function membersOf(range: Preset | Span): [string, string | null][] {
  const { from, to } = typeof range === "string" ? { from: null, to: null } : range;
  return [
    ["range", typeof range === "string" ? range : null],
    ["from", from],
    ["to", to],
  ];
}

/** Waits for the first status answer only when the URL names no range. */
export function ScopeProvider({ children, waiting }: { children: ReactNode; waiting: (error: unknown) => ReactNode }) {
  const [params, change] = useParameters();
  const navigate = useNavigate();
  const client = useQueryClient();
  const status = useStatus();
  const [now, setNow] = useState(() => Date.now());
  const [live, setLive] = useState(false);

  const [name, from, to] = [params.get("range"), params.get("from"), params.get("to")];
  const filter = params.get("q") ?? "";
  const then = params.get("known") === "then";
  const known = useMemo<AsKnown | null>(() => (filter.includes("@") ? (then ? "then" : "now") : null), [filter, then]);
  const stated = isPreset(name) ? name : from && to && !Number.isNaN(Date.parse(from)) && !Number.isNaN(Date.parse(to)) ? "span" : null;
  const range = useMemo<Preset | Span | null>(() => {
    if (stated === "span") return { from: from ?? "", to: to ?? "" };
    if (stated) return stated;
    return status.data ? opening(now, status.data) : null;
  }, [stated, from, to, status.data, now]);
  const needed = range === "all" && !status.data;
  const span = useMemo(() => (range === null || needed ? null : typeof range === "string" ? resolve(range, now, status.data) : range), [range, needed, now, status.data]);

  const refresh = useCallback(() => {
    setNow(Date.now());
    void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  }, [client]);

  const relative = typeof range === "string" && range !== "all";
  useEffect(() => {
    if (!live || !relative) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && setNow(Date.now()), LIVE_MILLIS);
    return () => clearInterval(timer);
  }, [live, relative]);

  const setRange = useCallback(
    (next: Preset | Span) => {
      setNow(Date.now());
      change(membersOf(next));
    },
    [change],
  );
  const setFilter = useCallback((text: string) => change([["q", text.trim() ? text : null]]), [change]);

  const setKnown = useCallback((next: AsKnown) => change([["known", next === "then" ? next : null]]), [change]);

  const scope = useMemo<Scope | null>(() => {
    if (!span) return null;
    const search = (more: string | null = null, other?: Span) => {
      const next = new URLSearchParams();
      for (const [member, value] of membersOf(other ?? range ?? "1h")) if (value) next.set(member, value);
      const q = more ? narrow(filter, more) : filter;
      if (q) next.set("q", q);
      if (known === "then") next.set("known", known);
      return `?${next}`;
    };
    const flows = (more: string | null, other?: Span) => `/flows${search(more, other)}`;
    return {
      ask: { ...span, filter, ...(known === "then" ? { as_known: known } : {}) },
      span,
      preset: typeof range === "string" ? range : null,
      filter,
      known,
      setKnown,
      live: live && relative,
      setRange,
      setFilter,
      setLive,
      refresh,
      search,
      flows,
      drill: (more) => void navigate(flows(more)),
    };
  }, [span, range, filter, known, setKnown, live, relative, setRange, setFilter, refresh, navigate]);

  if (!scope) return waiting(status.error);
  return <Context value={scope}>{children}</Context>;
}
