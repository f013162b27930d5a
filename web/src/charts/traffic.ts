// SPDX-License-Identifier: Apache-2.0
// Turns a series answer into the option of the traffic chart.
import type { EChartsCoreOption } from "echarts/core";
import type { Measure } from "../api/queries";
import type { Series } from "../gen/api";
import { si } from "../parts/format";
import { css, seriesColour, SERIES_COLOURS } from "./palette";

export interface TrafficWords {
  others: string;
  total: string;
  before: string;
  /** Name of the flows without a value. */
  blank: string;
  perSecond: Record<Measure, string>;
}

/** Value of one step as a rate: bit/s for octets. */
export const rate = (value: number, by: Measure, stepSecs: number) => (value * (by === "bytes" ? 8 : 1)) / stepSecs;

const two = (value: number) => String(value).padStart(2, "0");

/** Axis label: the clock, and the date where a new day starts. */
export function tick(millis: number, spanSecs: number): string {
  const d = new Date(millis);
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}`;
  if (spanSecs <= 600) return `${clock}:${two(d.getSeconds())}`;
  const date = `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return spanSecs > 2 * 86_400 || (d.getHours() === 0 && d.getMinutes() === 0) ? (d.getHours() === 0 && d.getMinutes() === 0 ? date : `${date} ${clock}`) : clock;
}

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Name of the line that has the earlier range: no value of a column is called so. */
const BEFORE = "\u0000before";

interface TipItem {
  seriesName: string;
  value: [number, number];
  color: string;
}

function tip(all: TipItem[], stepSecs: number, unit: string, words: TrafficWords): string {
  const items = all.filter((item) => item.seriesName !== BEFORE);
  const before = all.find((item) => item.seriesName === BEFORE);
  const first = items[0];
  if (!first) return "";
  const from = new Date(first.value[0]);
  const to = new Date(first.value[0] + stepSecs * 1000);
  const clock = (d: Date) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const rows = items.filter((item) => item.value[1] > 0).toReversed();
  const line = (name: string, value: number, colour: string) =>
    `<tr><td><i style="background:${colour}"></i>${escape(name)}</td><td>${si(value, unit)}</td></tr>`;
  const sum = items.reduce((so, item) => so + item.value[1], 0);
  return `<div class="tip"><b>${two(from.getMonth() + 1)}-${two(from.getDate())} ${clock(from)} – ${clock(to)}</b><table>${rows.map((item) => line(item.seriesName, item.value[1], item.color)).join("")}${items.length > 1 ? line(words.total, sum, "transparent") : ""}${before ? line(words.before, before.value[1], before.color) : ""}</table></div>`;
}

export function trafficOption(data: Series, by: Measure, words: TrafficWords, compact: boolean): EChartsCoreOption {
  const start = Date.parse(data.start);
  const unit = words.perSecond[by];
  const steps = Math.max(1, ...data.series.map((line) => line.values.length));
  const end = start + steps * data.step_secs * 1000;
  const spanSecs = (end - start) / 1000;
  const muted = css("--muted");
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 10, top: compact ? 8 : 12, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: muted, width: 1, type: "solid" } },
      confine: true,
      transitionDuration: 0,
      padding: 0,
      borderWidth: 0,
      backgroundColor: "transparent",
      extraCssText: "box-shadow:none",
      formatter: (items: TipItem[]) => tip(items, data.step_secs, unit, words),
    },
    xAxis: {
      type: "time",
      min: start,
      max: end,
      axisLine: { lineStyle: { color: css("--line-strong") } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { color: muted, fontSize: 11, hideOverlap: true, formatter: (value: number) => tick(value, spanSecs) },
    },
    yAxis: {
      type: "value",
      splitNumber: compact ? 2 : 4,
      axisLabel: { color: muted, fontSize: 11, formatter: (value: number) => (value === 0 ? "0" : si(value, unit).replace(/\.0+(?= )/, "")) },
      splitLine: { lineStyle: { color: css("--line") } },
    },
    series: [
      ...bars(data, by, words, start),
      ...(data.before ? [earlier(data.before.values, by, data.step_secs, start)] : []),
    ],
  };
}

function bars(data: Series, by: Measure, words: TrafficWords, start: number) {
  const half = data.step_secs * 500;
  return data.series.map((line, i) => ({
    name: line.name === "" ? words.blank : (line.name ?? words.others),
    type: "bar",
    stack: "all",
    barCategoryGap: "12%",
    barMaxWidth: 28,
    barMinWidth: 1.5,
    itemStyle: { color: seriesColour(line.name === null && data.series.length > 1 ? SERIES_COLOURS : i) },
    emphasis: { disabled: true },
    data: line.values.map((value, step) => [start + step * data.step_secs * 1000 + half, rate(value, by, data.step_secs)]),
  }));
}

/** The earlier range as a line above the bars. */
function earlier(values: number[], by: Measure, stepSecs: number, start: number) {
  const colour = css("--text");
  return {
    name: BEFORE,
    type: "line",
    symbol: "none",
    silent: true,
    z: 5,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 1.4, type: [4, 3] },
    data: values.map((value, step) => [start + step * stepSecs * 1000 + stepSecs * 500, rate(value, by, stepSecs)]),
  };
}
