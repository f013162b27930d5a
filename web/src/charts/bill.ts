// SPDX-License-Identifier: Apache-2.0
// Turns a bill into the option of its chart: rates in and out, and where the charged ones lie.
import type { EChartsCoreOption } from "echarts/core";
import type { Billing } from "../gen/api";
import { bitRate, si } from "../parts/format";
import { css } from "./palette";
import { rate, tick } from "./traffic";

export interface BillWords {
  inward: string;
  outward: string;
  charged: string;
}

interface TipItem {
  seriesName: string;
  value: [number, number];
  color: string;
}

function tip(items: TipItem[], stepSecs: number): string {
  const at = items[0]?.value[0];
  if (at === undefined) return "";
  const clock = (millis: number) => new Date(millis).toTimeString().slice(0, 5);
  const start = new Date(at);
  const day = `${String(start.getMonth() + 1).padStart(2, "0")}-${String(start.getDate()).padStart(2, "0")}`;
  const rows = items.map((item) => `<tr><td><i style="background:${item.color}"></i>${item.seriesName}</td><td>${bitRate(item.value[1])}</td></tr>`);
  return `<div class="tip"><b>${day} ${clock(at)} – ${clock(at + stepSecs * 1000)}</b><table>${rows.join("")}</table></div>`;
}

export function billOption(bill: Billing, words: BillWords): EChartsCoreOption {
  const start = Date.parse(bill.start);
  const steps = bill.inward.length;
  const end = start + Math.max(1, steps) * bill.step_secs * 1000;
  const muted = css("--muted");
  const course = (name: string, octets: number[], colour: string) => ({
    name,
    type: "line",
    step: "end",
    symbol: "none",
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 1.5 },
    areaStyle: { color: colour, opacity: 0.12 },
    // The last value is told twice, so that its step has a length.
    data: [...octets.map((value, i) => [start + i * bill.step_secs * 1000, rate(value, "bytes", bill.step_secs)]), ...(octets.length > 0 ? [[end, rate(octets.at(-1) ?? 0, "bytes", bill.step_secs)]] : [])],
  });
  const charged = (name: string, bps: number, colour: string) => ({
    name: `${name} ${words.charged}`,
    type: "line",
    symbol: "none",
    silent: true,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: 1.5, type: "dashed" },
    tooltip: { show: false },
    data: [
      [start, bps],
      [end, bps],
    ],
  });
  const [inward, outward] = [css("--src"), css("--dst")];
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 14, top: 12, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "line", lineStyle: { color: muted, width: 1, type: "solid" } },
      confine: true,
      transitionDuration: 0,
      padding: 0,
      borderWidth: 0,
      backgroundColor: "transparent",
      extraCssText: "box-shadow:none",
      formatter: (items: TipItem[]) =>
        tip(
          items.filter((item) => [words.inward, words.outward].includes(item.seriesName)),
          bill.step_secs,
        ),
    },
    xAxis: {
      type: "time",
      min: start,
      max: end,
      axisLine: { lineStyle: { color: css("--line-strong") } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { color: muted, fontSize: 11, hideOverlap: true, formatter: (value: number) => tick(value, (end - start) / 1000) },
    },
    yAxis: {
      type: "value",
      splitNumber: 4,
      axisLabel: { color: muted, fontSize: 11, formatter: (value: number) => (value === 0 ? "0" : si(value, "bit/s").replace(/\.0+(?= )/, "")) },
      splitLine: { lineStyle: { color: css("--line") } },
    },
    series: [
      course(words.inward, bill.inward, inward),
      course(words.outward, bill.outward, outward),
      charged(words.inward, bill.inward_bps, inward),
      charged(words.outward, bill.outward_bps, outward),
    ],
  };
}
