// SPDX-License-Identifier: Apache-2.0
// Geometry of the session picture: one stroke per packet, up = sent by the source, down = received.

export interface Stroke {
  index: number;
  /** Signed payload length: positive sent by the source. */
  length: number;
  /** Microseconds since the first packet. */
  at: number;
  gap: number;
  x: number;
  y: number;
}

export type Mode = "time" | "index";

export interface Picture {
  strokes: Stroke[];
  /** Ends of the two axes. */
  most: number;
  lasts: number;
  ticks: { x: number; value: number }[];
}

const nice = (value: number) => {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * power >= value) ?? 10) * power;
};

/** Places the packets in a plot `width` wide and `height` high with the line in the middle. */
export function picture(lengths: number[], times: number[], mode: Mode, width: number, height: number): Picture {
  const most = nice(Math.max(100, ...lengths.map(Math.abs)));
  let at = 0;
  const moments = lengths.map((_, i) => (at += i === 0 ? 0 : Math.max(0, times[i] ?? 0)));
  const lasts = Math.max(1, at);
  const place = (i: number) => (mode === "time" ? ((moments[i] ?? 0) / lasts) * width : lengths.length > 1 ? (i / (lengths.length - 1)) * width : 0);
  const strokes = lengths.map((length, index) => ({ index, length, at: moments[index] ?? 0, gap: index === 0 ? 0 : (times[index] ?? 0), x: place(index), y: (-length / most) * (height / 2) }));
  return { strokes, most, lasts, ticks: mode === "time" ? timeTicks(lasts, width) : indexTicks(lengths.length, width) };
}

function timeTicks(lasts: number, width: number) {
  const raw = lasts / 6;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  const step = ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  return Array.from({ length: Math.floor(lasts / step) + 1 }, (_, i) => ({ x: ((i * step) / lasts) * width, value: i * step }));
}

function indexTicks(total: number, width: number) {
  const step = Math.max(1, Math.ceil(total / 12));
  const list = Array.from({ length: Math.ceil(total / step) }, (_, i) => i * step);
  return list.map((i) => ({ x: total > 1 ? (i / (total - 1)) * width : 0, value: i + 1 }));
}
