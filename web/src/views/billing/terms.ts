// SPDX-License-Identifier: Apache-2.0
// What a bill goes by. It lives in the URL, so that a link shows the same bill.
import type { BillingRequest, SeriesRequest } from "../../gen/api";

export const STEPS = [60, 300, 900, 3600];
export const PERCENTILES = [90, 95, 98, 99, 100];
/** What charges can be divided by: the word in the URL and the key of the question. */
export const KEYS: Record<string, string> = { exporter_ip: "exporter_ip", exporter_in_if: "exporter_in_if", exporter_out_if: "exporter_out_if", src_as: "src_as", dst_as: "dst_as", net: "net(src_ip,24,64)", app: "app" };
/** Lines of the division. */
const MOST = 20;

export interface Terms {
  percentile: number;
  stepSecs: number;
  inside: string;
  per: string;
}

export function termsOf(params: URLSearchParams): Terms {
  return {
    percentile: PERCENTILES.find((one) => String(one) === params.get("percentile")) ?? 95,
    stepSecs: STEPS.find((one) => String(one) === params.get("step")) ?? 300,
    inside: params.get("inside") ?? "",
    per: Object.keys(KEYS).find((one) => one === params.get("per")) ?? "",
  };
}

/** The members of the URL that changed terms have; what is as usual is left out. */
export function membersOf(change: Partial<Terms>): [string, string][] {
  const members: [string, string][] = [];
  if (change.percentile !== undefined) members.push(["percentile", change.percentile === 95 ? "" : String(change.percentile)]);
  if (change.stepSecs !== undefined) members.push(["step", change.stepSecs === 300 ? "" : String(change.stepSecs)]);
  if (change.inside !== undefined) members.push(["inside", change.inside.trim()]);
  if (change.per !== undefined) members.push(["per", change.per]);
  return members;
}

/** The networks that are named, one by one. */
export const networks = (text: string) => text.split(/[\s,]+/).filter(Boolean);

export const billOf = ({ percentile, stepSecs, inside }: Terms): Omit<BillingRequest, "from" | "to" | "filter"> => ({ percentile, step_secs: stepSecs, inside: networks(inside) });

/** The question for what each value of the key moves: the percentile of both directions together. */
export const chargesOf = ({ percentile, stepSecs, per }: Terms): Omit<SeriesRequest, "from" | "to" | "filter"> => ({ split: KEYS[per] ?? "app", by: "bytes", limit: MOST, step_secs: stepSecs, percentile });
