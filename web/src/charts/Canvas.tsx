// SPDX-License-Identifier: Apache-2.0
// Hosts one ECharts instance: loads the library, follows size and theme, hands the instance to `onReady`.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { useTheme, type Theme } from "../theme/theme";
import "./charts.css";

interface Props {
  /** Called again when data or theme change; reads colours from CSS. */
  option: (theme: Theme) => EChartsCoreOption;
  height: number;
  label: string;
  onReady?: (chart: EChartsType) => (() => void) | undefined;
}

export function Canvas({ option, height, label, onReady }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const theme = useTheme();

  useEffect(() => {
    let made: EChartsType | null = null;
    let gone = false;
    const watch = new ResizeObserver(() => made?.resize());
    void import("./echarts").then(({ init }) => {
      if (gone || !host.current) return;
      made = init(host.current);
      watch.observe(host.current);
      setChart(made);
    });
    return () => {
      gone = true;
      watch.disconnect();
      made?.dispose();
    };
  }, []);

  useEffect(() => {
    chart?.setOption(option(theme), { notMerge: true });
  }, [chart, option, theme]);

  useEffect(() => (chart && onReady ? onReady(chart) : undefined), [chart, onReady]);

  return <div ref={host} className="canvas" style={{ height }} role="img" aria-label={label} />;
}
