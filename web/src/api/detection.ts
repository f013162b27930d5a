// SPDX-License-Identifier: Apache-2.0
// React hooks over the operations that follow from events: risks of hosts and the matrix of ATT&CK.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { AttackMatrix, HostRiskOverTime, HostRisks } from "../gen/api";
import type { Span } from "../parts/range";
import { call } from "./client";

/** Hosts of one list; pages that look up a host share the answer. */
const HOSTS = 1_000;

/** Own hosts that are at risk at the end of a range, with their scores over the range. */
export function useHostRisks(span: Span) {
  const query = new URLSearchParams({ from: span.from, at: span.to, limit: String(HOSTS), points: "48" });
  return useQuery({
    queryKey: ["host-risks", query.toString()],
    queryFn: ({ signal }) => call<HostRisks>("GET", `/hosts/risk?${query}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

export function useHostRisk(address: string, span: Span) {
  const query = new URLSearchParams({ from: span.from, to: span.to, points: "240" });
  return useQuery({
    queryKey: ["host-risks", address, query.toString()],
    queryFn: ({ signal }) => call<HostRiskOverTime>("GET", `/hosts/${encodeURIComponent(address)}/risk?${query}`, undefined, signal),
  });
}

export function useAttack(span: Span, hidden: boolean) {
  const query = new URLSearchParams({ from: span.from, to: span.to, ...(hidden ? { suppressed: "true" } : {}) });
  return useQuery({
    queryKey: ["events", "attack", query.toString()],
    queryFn: ({ signal }) => call<AttackMatrix>("GET", `/attack?${query}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}
