// SPDX-License-Identifier: Apache-2.0
// Time ranges: names as they stand in the URL, and what they mean now.
import type { Status } from "../gen/api";

export interface Span {
  from: string;
  to: string;
}

export const PRESETS = { "15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800 } as const;
export type Preset = keyof typeof PRESETS | "all";

export const isPreset = (text: string | null): text is Preset => text !== null && (text === "all" || text in PRESETS);
export const seconds = (span: Span) => (Date.parse(span.to) - Date.parse(span.from)) / 1000;

const iso = (millis: number) => new Date(millis).toISOString();

/** The range a preset means at `now`. */
export function resolve(preset: Preset, now: number, status: Status | undefined): Span {
  if (preset !== "all") return { from: iso(now - PRESETS[preset] * 1000), to: iso(now) };
  if (!status?.first || !status.last) return { from: iso(now - PRESETS["24h"] * 1000), to: iso(now) };
  // whole seconds, and at least a minute, so that a single packet still gives a chart
  const from = Math.floor(Date.parse(status.first) / 1000) * 1000;
  const to = Math.max(Math.floor(Date.parse(status.last) / 1000) * 1000 + 1000, from + 60_000);
  return { from: iso(from), to: iso(to) };
}

/** The range to open with: recent traffic when there is some, else what the store holds. */
export function opening(now: number, status: Status): Preset | Span {
  if (!status.first || !status.last) return "1h";
  const [first, last] = [Date.parse(status.first), Date.parse(status.last)];
  if (now - last < PRESETS["1h"] * 1000) return now - first < PRESETS["15m"] * 1000 ? "15m" : "1h";
  if (last - first <= PRESETS["7d"] * 1000) return "all";
  return { from: iso(last - PRESETS["24h"] * 1000), to: iso(last + 1000) };
}
