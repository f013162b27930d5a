// SPDX-License-Identifier: Apache-2.0
// Turns the top pairs into a Sankey picture: sources on the left, destinations on the right.
import type { EChartsCoreOption } from "echarts/core";
import type { Measure } from "../api/queries";
import type { Top } from "../gen/api";
import { css, seriesColour } from "./palette";

export function pairsOption(data: Top, by: Measure, show: (value: number) => string): EChartsCoreOption {
  const rows = data.rows.filter((row) => row.key[0] && row.key[1]);
  const names = new Set(rows.flatMap((row) => [`s:${row.key[0]}`, `d:${row.key[1]}`]));
  const ink = css("--text");
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
        item.dataType === "edge" ? `${item.data.source?.slice(2)} → ${item.data.target?.slice(2)}<br><b>${show(item.value)}</b>` : `${item.name.slice(2)}<br><b>${show(item.value)}</b>`,
    },
    series: [
      {
        type: "sankey",
        left: 2,
        right: 2,
        top: 6,
        bottom: 6,
        nodeWidth: 5,
        // a line of text high, so that the names of small pairs stand apart; what does not fit is in the tooltip
        nodeGap: 14,
        labelLayout: { hideOverlap: true },
        draggable: false,
        emphasis: { focus: "adjacency" },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        label: { color: ink, fontSize: 11, distance: 6, formatter: (item: { name: string }) => item.name.slice(2) },
        data: [...names].map((name) => ({
          name,
          depth: name.startsWith("s:") ? 0 : 1,
          itemStyle: { color: seriesColour(name.startsWith("s:") ? 0 : 7), borderWidth: 0 },
          label: { position: name.startsWith("s:") ? "right" : "left" },
        })),
        links: rows.map((row) => ({ source: `s:${row.key[0]}`, target: `d:${row.key[1]}`, value: Math.max(1, row[by]) })),
      },
    ],
  };
}
