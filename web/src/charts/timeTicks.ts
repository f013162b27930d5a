// SPDX-License-Identifier: Apache-2.0
// Round instants of a time axis in the local zone, and how they are written.
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1_000, 5_000, 15_000, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY];

/** Instants at a round distance, at most so many. */
export function ticksOf(first: number, last: number, most: number): number[] {
  const step = STEPS.find((one) => (last - first) / one <= most) ?? Math.ceil((last - first) / most);
  const zone = new Date(first).getTimezoneOffset() * MINUTE;
  const start = Math.ceil((first - zone) / step) * step + zone;
  return Array.from({ length: Math.max(0, Math.floor((last - start) / step) + 1) }, (_, at) => start + at * step);
}

const two = (value: number) => String(value).padStart(2, "0");

/** The day where the axis is of days, else the time of the day. */
export function tickText(at: number, length: number): string {
  const d = new Date(at);
  const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (length > 5 * DAY) return day;
  if (length > DAY) return `${day} ${clock}`;
  return length > 10 * MINUTE ? clock : `${clock}:${two(d.getSeconds())}`;
}
