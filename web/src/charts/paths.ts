// SPDX-License-Identifier: Apache-2.0
// Turns sums over paths into a Sankey picture: a column of values per key, from left to right.
import type { EChartsCoreOption } from "echarts/core";
import type { Paths, Stop } from "../gen/api";
import { css, seriesColour } from "./palette";

export interface PathWords {
  other: string;
  none: string;
}

/** A name that is different on each level: the picture must not run in circles. */
const nameOf = (level: number, stop: Stop) => `${level}:${stop.other ? "*" : stop.value === null || stop.value === undefined ? "-" : `=${String(stop.value)}`}`;

export function label(name: string, words: PathWords): string {
  const kind = name.slice(name.indexOf(":") + 1);
  return kind === "*" ? words.other : kind === "-" ? words.none : kind.slice(1);
}

export function pathNodes(data: Paths): { name: string; depth: number }[] {
  const nodes = new Map<string, number>();
  for (const link of data.links) {
    nodes.set(nameOf(link.level, link.source), link.level);
    nodes.set(nameOf(link.level + 1, link.target), link.level + 1);
  }
  return Array.from(nodes, ([name, depth]) => ({ name, depth }));
}

export const pathLinks = (data: Paths) => data.links.map((link) => ({ source: nameOf(link.level, link.source), target: nameOf(link.level + 1, link.target), value: Math.max(1, link.value) }));

export function pathsOption(data: Paths, words: PathWords, show: (value: number) => string): EChartsCoreOption {
  const nodes = pathNodes(data);
  const last = Math.max(...nodes.map((node) => node.depth));
  const ink = css("--text");
  const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    tooltip: {
      confine: true,
      backgroundColor: css("--surface-raised"),
      borderColor: css("--line-strong"),
      padding: [4, 8],
      textStyle: { color: ink, fontSize: 12 },
      formatter: (item: { dataType: string; name: string; value: number; data: { source?: string; target?: string } }) =>
        item.dataType === "edge" ? `${escape(label(item.data.source ?? "", words))} → ${escape(label(item.data.target ?? "", words))}<br><b>${show(item.value)}</b>` : `${escape(label(item.name, words))}<br><b>${show(item.value)}</b>`,
    },
    series: [
      {
        type: "sankey",
        left: 4,
        right: 4,
        top: 8,
        bottom: 8,
        nodeWidth: 6,
        nodeGap: 14,
        labelLayout: { hideOverlap: true },
        draggable: false,
        emphasis: { focus: "adjacency" },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        label: { color: ink, fontSize: 11, distance: 6, formatter: (item: { name: string }) => label(item.name, words) },
        data: nodes.map((node) => ({
          ...node,
          itemStyle: { color: node.name.endsWith(":*") ? css("--muted") : seriesColour(node.depth), borderWidth: 0 },
          label: { position: node.depth === last ? "left" : "right" },
        })),
        links: pathLinks(data),
      },
    ],
  };
}
