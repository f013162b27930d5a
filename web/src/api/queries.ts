// SPDX-License-Identifier: Apache-2.0
// React hooks over the API operations; results are cached by their request.
import { keepPreviousData, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AsKnown, Billing, BillingRequest, Completion, Events, ExporterDetail, ExporterList, Figures, FiguresRequest, Fingerprints, FlowRow, Flows, FlowTags, Found, Incidents, LakeColumn, LakeState, Paths, PathsRequest, ProfileChart, ProfileChartRequest, ProfileList, Queries, Recorded, RuleList, RuleText, Series, SeriesRequest, Session, SetList, Similar, Status, Summary, SuppressionList, TagList, TokenMade, TokenWanted, Tokens, Top, TopRequest, VerdictWhy } from "../gen/api";
import { useSearchParams } from "react-router";
import { call, Failure } from "./client";

/** What a ranking or a series counts. */
export type Measure = TopRequest["by"];
export const MEASURES: Measure[] = ["bytes", "packets", "flows"];

/** Time range and filter: the part that all questions share. */
export interface Ask {
  from: string;
  to: string;
  filter: string;
  /** By which versions of the filter's sets it goes; those of now where nothing is said. */
  as_known?: AsKnown;
}

export function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => error instanceof Failure && (error.status === 0 || error.status >= 502) && count < 2,
      },
    },
  });
}

export function useSession() {
  return useQuery({
    queryKey: ["session"],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      call<Session>("GET", "/session", undefined, signal).catch((cause: unknown) => {
        if (cause instanceof Failure && cause.status === 401) return null;
        throw cause;
      }),
  });
}

export function useStatus(everyMillis?: number) {
  return useQuery({
    queryKey: ["status"],
    queryFn: ({ signal }) => call<Status>("GET", "/status", undefined, signal),
    ...(everyMillis ? { refetchInterval: everyMillis } : {}),
  });
}

/** Whether packets are recorded, and since when. */
export function useRecorder() {
  return useQuery({
    queryKey: ["recorder"],
    queryFn: ({ signal }) => call<Recorded>("GET", "/recorder", undefined, signal),
  });
}

/** Every second while something is done with the lake, so that its course is seen. */
export function useLake() {
  return useQuery({
    queryKey: ["lake"],
    queryFn: ({ signal }) => call<LakeState>("GET", "/lake", undefined, signal),
    refetchInterval: (query) => (query.state.data?.jobs.some((job) => job.ended_at === null) ? 1_000 : 15_000),
  });
}

export function useLakeColumns(segments: number) {
  return useQuery({ queryKey: ["lake-columns", segments], placeholderData: keepPreviousData, queryFn: ({ signal }) => call<LakeColumn[]>("GET", "/lake/columns", undefined, signal) });
}

function usePost<T>(path: string, body: unknown, enabled = true) {
  return useQuery({
    queryKey: [path, body],
    queryFn: ({ signal }) => call<T>("POST", path, body, signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

export const useSummary = (ask: Ask) => usePost<Summary>("/query/summary", ask);
export const useTop = (ask: Ask, rest: Omit<TopRequest, keyof Ask>, enabled = true) => usePost<Top>("/query/top", { ...ask, ...rest }, enabled);
export const usePaths = (ask: Ask, rest: Omit<PathsRequest, keyof Ask>) => usePost<Paths>("/query/paths", { ...ask, ...rest });
export const useSeries = (ask: Ask, rest: Omit<SeriesRequest, keyof Ask>, enabled = true) => usePost<Series>("/query/series", { ...ask, ...rest }, enabled);
export const useBilling = (ask: Ask, rest: Omit<BillingRequest, keyof Ask>) => usePost<Billing>("/query/billing", { ...ask, ...rest });

export const useFigures = (ask: Ask, rest: Omit<FiguresRequest, keyof Ask>) => usePost<Figures>("/query/figures", { ...ask, ...rest });
/** In which columns a text occurs; not asked for less than two characters. */
export const useFind = (ask: Ask, text: string) => usePost<Found>("/query/find", { ...ask, text }, text.trim().length >= 2);

/** Sessions whose first packets look like those of a flow. */
export function useSimilar(id: string, days: number, limit: number) {
  return useQuery({
    queryKey: ["similar", id, days, limit],
    queryFn: ({ signal }) => call<Similar>("GET", `/flows/${encodeURIComponent(id)}/similar?days=${days}&limit=${limit}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** On how many hosts the fingerprints of a flow were seen before it, and since when. */
export function useFingerprints(id: string, days: number) {
  return useQuery({
    queryKey: ["fingerprints", id, days],
    queryFn: ({ signal }) => call<Fingerprints>("GET", `/flows/${encodeURIComponent(id)}/fingerprints?days=${days}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** Why an encrypted session is taken for what it is. */
export function useVerdict(id: string) {
  return useQuery({ queryKey: ["verdict", id], queryFn: ({ signal }) => call<VerdictWhy>("GET", `/flows/${encodeURIComponent(id)}/verdict`, undefined, signal) });
}

/** What a list of events or incidents is narrowed to: a technique of ATT&CK with its parts, a host. */
export interface EventsOf {
  attack?: string | null;
  host?: string;
}

export function useEvents(ask: Ask, limit: number, of: EventsOf = {}) {
  const query = useEventQuery(ask, limit, of);
  return useQuery({
    queryKey: ["events", query.toString()],
    queryFn: ({ signal }) => call<Events>("GET", `/events?${query}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** Range and limit as the lists of events and incidents take them; with what suppressions hide where the page says so. */
function useEventQuery(ask: Ask, limit: number, { attack, host }: EventsOf) {
  const [params] = useSearchParams();
  return new URLSearchParams({ from: ask.from, to: ask.to, limit: String(limit), ...(params.get("hidden") === "1" ? { suppressed: "true" } : {}), ...(attack ? { attack } : {}), ...(host ? { host } : {}) });
}

export function useIncidents(ask: Ask, limit: number, of: EventsOf = {}) {
  const query = useEventQuery(ask, limit, of);
  return useQuery({
    queryKey: ["incidents", query.toString()],
    queryFn: ({ signal }) => call<Incidents>("GET", `/incidents?${query}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

export function useSuppressions() {
  return useQuery({ queryKey: ["suppressions"], queryFn: ({ signal }) => call<SuppressionList>("GET", "/suppressions", undefined, signal) });
}

export function useRules() {
  return useQuery({ queryKey: ["rules"], queryFn: ({ signal }) => call<RuleList>("GET", "/rules", undefined, signal) });
}

export function useRuleText(name: string | null) {
  return useQuery({
    queryKey: ["rules", name, "text"],
    queryFn: ({ signal }) => call<RuleText>("GET", `/rules/${encodeURIComponent(name ?? "")}`, undefined, signal),
    enabled: name !== null,
  });
}

export function useFlows(ask: Ask, limit: number, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["flows", ask, limit],
    queryFn: ({ pageParam, signal }) => call<Flows>("POST", "/query/flows", { ...ask, limit, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled,
  });
}

export function useFlow(id: string) {
  return useQuery({ queryKey: ["flow", id], queryFn: ({ signal }) => call<FlowRow>("GET", `/flows/${encodeURIComponent(id)}`, undefined, signal) });
}

/** While a back-fill runs the list is asked for again, so that its end is seen. */
export function useProfiles() {
  return useQuery({
    queryKey: ["profiles"],
    queryFn: ({ signal }) => call<ProfileList>("GET", "/profiles", undefined, signal),
    refetchInterval: (query) => (query.state.data?.profiles.some((profile) => profile.rows_left > 0) ? 5_000 : false),
  });
}

export function useProfileVersions(name: string) {
  return useQuery({ queryKey: ["profiles", name], queryFn: ({ signal }) => call<ProfileList>("GET", `/profiles/${encodeURIComponent(name)}`, undefined, signal) });
}

export function useProfileChart(name: string, ask: ProfileChartRequest) {
  return useQuery({
    queryKey: ["profiles", name, "chart", ask],
    queryFn: ({ signal }) => call<ProfileChart>("POST", `/profiles/${encodeURIComponent(name)}/chart`, ask, signal),
    placeholderData: keepPreviousData,
  });
}

export function useTags() {
  return useQuery({ queryKey: ["tags"], queryFn: ({ signal }) => call<TagList>("GET", "/tags", undefined, signal) });
}

export function useTagVersions(name: string) {
  return useQuery({ queryKey: ["tags", name], queryFn: ({ signal }) => call<TagList>("GET", `/tags/${encodeURIComponent(name)}`, undefined, signal) });
}

export function useSets() {
  return useQuery({ queryKey: ["sets"], queryFn: ({ signal }) => call<SetList>("GET", "/sets", undefined, signal) });
}

export function useSetVersions(name: string) {
  return useQuery({ queryKey: ["sets", name], queryFn: ({ signal }) => call<SetList>("GET", `/sets/${encodeURIComponent(name)}`, undefined, signal) });
}

export function useFlowTags(id: string) {
  return useQuery({ queryKey: ["flow-tags", id], queryFn: ({ signal }) => call<FlowTags>("GET", `/flows/${encodeURIComponent(id)}/tags`, undefined, signal) });
}

export function askCompletion(text: string, at: number, signal: AbortSignal): Promise<Completion> {
  return call<Completion>("GET", `/filter/complete?${new URLSearchParams({ text, at: String(at) })}`, undefined, signal);
}

export function useExporters(everyMillis: number) {
  return useQuery({
    queryKey: ["exporters"],
    queryFn: ({ signal }) => call<ExporterList>("GET", "/exporters", undefined, signal),
    refetchInterval: everyMillis,
  });
}

export function useExporter(address: string, everyMillis: number) {
  return useQuery({
    queryKey: ["exporters", address],
    queryFn: ({ signal }) => call<ExporterDetail>("GET", `/exporters/${encodeURIComponent(address)}`, undefined, signal),
    refetchInterval: everyMillis,
  });
}

/** Allows or denies an exporter, or takes that back. */
export function useDecideExporter() {
  return useMutation({
    mutationFn: ({ address, decision }: { address: string; decision: string }) => call<void>("PUT", `/exporters/${encodeURIComponent(address)}/decision`, { decision }),
  });
}

export function useQueries(everyMillis: number) {
  return useQuery({
    queryKey: ["queries"],
    queryFn: ({ signal }) => call<Queries>("GET", "/queries", undefined, signal),
    refetchInterval: everyMillis,
  });
}

export function useTokens() {
  return useQuery({ queryKey: ["tokens"], queryFn: ({ signal }) => call<Tokens>("GET", "/tokens", undefined, signal) });
}

/** Makes a token; its secret is in the answer and nowhere else. */
export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wanted: TokenWanted) => call<TokenMade>("POST", "/tokens", wanted),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => call<void>("DELETE", `/tokens/${encodeURIComponent(name)}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

/** Stops a query that waits or runs; the list is asked for again. */
export function useStopQuery() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => call<void>("DELETE", `/queries/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["queries"] }),
  });
}
