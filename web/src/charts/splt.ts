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

/** What is to the right: the packet's number, its true time, or the logarithm of that. */
export type Mode = "time" | "log" | "index";

export const MODES: Mode[] = ["index", "time", "log"];

/** Ends of the axes; given to draw several sessions to one scale. */
export interface Scale {
  most: number;
  /** Microseconds. */
  lasts: number;
  packets: number;
}

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

/** Microseconds that are 0 on the logarithmic axis: what packets of one burst are apart. */
const BURST = 100;
const log = (micros: number) => Math.log1p(micros / BURST);

/** The scale that fits all the sessions. */
export function scaleOf(sessions: { lengths: number[]; times: number[] }[]): Scale {
  const last = ({ lengths, times }: { lengths: number[]; times: number[] }) => lengths.reduce((at, _, i) => at + (i === 0 ? 0 : Math.max(0, times[i] ?? 0)), 0);
  return {
    most: nice(Math.max(100, ...sessions.flatMap(({ lengths }) => lengths.map(Math.abs)))),
    lasts: Math.max(1, ...sessions.map(last)),
    packets: Math.max(1, ...sessions.map(({ lengths }) => lengths.length)),
  };
}

/** Places the packets in a plot `width` wide and `height` high with the line in the middle. */
export function picture(lengths: number[], times: number[], mode: Mode, width: number, height: number, scale: Scale = scaleOf([{ lengths, times }])): Picture {
  const { most, lasts, packets } = scale;
  let at = 0;
  const moments = lengths.map((_, i) => (at += i === 0 ? 0 : Math.max(0, times[i] ?? 0)));
  const place = (i: number) => {
    if (mode === "index") return packets > 1 ? (i / (packets - 1)) * width : 0;
    const moment = moments[i] ?? 0;
    return (mode === "log" ? log(moment) / log(lasts) : moment / lasts) * width;
  };
  const strokes = lengths.map((length, index) => ({ index, length, at: moments[index] ?? 0, gap: index === 0 ? 0 : (times[index] ?? 0), x: place(index), y: (-length / most) * (height / 2) }));
  const ticks = mode === "time" ? timeTicks(lasts, width) : mode === "log" ? logTicks(lasts, width) : indexTicks(packets, width);
  return { strokes, most, lasts, ticks };
}

/** Powers of ten from a millisecond on, and the start. */
function logTicks(lasts: number, width: number) {
  const powers = Array.from({ length: 9 }, (_, i) => 1000 * 10 ** i).filter((value) => value <= lasts);
  return [0, ...(powers.length > 0 ? powers : [lasts])].map((value) => ({ x: (log(value) / log(lasts)) * width, value }));
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
