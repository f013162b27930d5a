// SPDX-License-Identifier: Apache-2.0
// Traffic over time, stacked; dragging across it chooses a time range.
import type { EChartsType } from "echarts/core";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Measure } from "../api/queries";
import type { Series } from "../gen/api";
import { useWords } from "../i18n";
import type { Span } from "../parts/range";
import { Canvas } from "./Canvas";
import { seriesVar, SERIES_COLOURS } from "./palette";
import { trafficOption } from "./traffic";
import "./charts.css";

interface Props {
  data: Series;
  by: Measure;
  height: number;
  compact?: boolean;
  /** Name of the flows without a value. */
  blank?: string;
  onBrush: (span: Span) => void;
  onPick?: (name: string) => void;
}

interface ZrEvent {
  offsetX: number;
  offsetY: number;
}

export function Traffic({ data, by, height, compact = false, blank, onBrush, onPick }: Props) {
  const { t } = useWords();
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const latest = useRef({ data, onBrush });
  useEffect(() => {
    latest.current = { data, onBrush };
  }, [data, onBrush]);

  const option = useCallback(
    () =>
      trafficOption(
        data,
        by,
        { others: data.series.length > 1 ? t("chart.others") : t("chart.total"), total: t("chart.total"), before: t("chart.before"), blank: blank ?? t("value.none"), perSecond: { bytes: "bit/s", packets: t("unit.packetsPerSecond"), flows: t("unit.flowsPerSecond") } },
        compact,
      ),
    [data, by, compact, blank, t],
  );

  const ready = useCallback((chart: EChartsType) => {
    const surface = chart.getZr();
    let from: number | null = null;
    const at = (x: number) => {
      const { data: now } = latest.current;
      const start = Date.parse(now.start);
      const end = start + Math.max(1, ...now.series.map((line) => line.values.length)) * now.step_secs * 1000;
      return Math.min(end, Math.max(start, Number(chart.convertFromPixel({ xAxisIndex: 0 }, x))));
    };
    const down = (event: ZrEvent) => {
      if (chart.containPixel("grid", [event.offsetX, event.offsetY])) from = event.offsetX;
    };
    const move = (event: ZrEvent) => from !== null && setDrag([from, event.offsetX]);
    const up = (event: ZrEvent) => {
      if (from !== null && Math.abs(event.offsetX - from) > 5) {
        const [a, b] = [at(from), at(event.offsetX)].toSorted((x, y) => x - y) as [number, number];
        latest.current.onBrush({ from: new Date(Math.floor(a / 1000) * 1000).toISOString(), to: new Date(Math.max(Math.ceil(b / 1000), Math.floor(a / 1000) + 1) * 1000).toISOString() });
      }
      from = null;
      setDrag(null);
    };
    const away = () => {
      from = null;
      setDrag(null);
    };
    surface.on("mousedown", down);
    surface.on("mousemove", move);
    surface.on("mouseup", up);
    surface.on("globalout", away);
    return () => {
      if (chart.isDisposed()) return;
      surface.off("mousedown", down);
      surface.off("mousemove", move);
      surface.off("mouseup", up);
      surface.off("globalout", away);
    };
  }, []);

  return (
    <div className="traffic">
      <div className="traffic-plot">
        <Canvas option={option} height={height} label={t("chart.traffic")} onReady={ready} />
        {drag ? <div className="traffic-drag" style={{ left: Math.min(...drag), width: Math.abs(drag[1] - drag[0]) }} /> : null}
      </div>
      {compact ? null : <Legend data={data} blank={blank ?? t("value.none")} {...(onPick ? { onPick } : {})} />}
    </div>
  );
}

function Legend({ data, blank, onPick }: { data: Series; blank: string; onPick?: (name: string) => void }) {
  const { t } = useWords();
  if (data.series.length < 2 && !data.before) return null;
  return (
    <ul className="legend" aria-label={t("chart.legend")}>
      {data.before ? (
        <li>
          <i className="legend-before" />
          {t("chart.before")}
        </li>
      ) : null}
      {(data.series.length < 2 ? [] : data.series).map((line, i) => (
        <li key={line.name ?? "\u0000"}>
          <i style={{ background: seriesVar(line.name === null ? SERIES_COLOURS : i) }} />
          {line.name !== null && onPick ? (
            <button type="button" className="link" onClick={() => onPick(line.name ?? "")}>
              {line.name || blank}
            </button>
          ) : (
            (line.name === "" ? blank : (line.name ?? t("chart.others")))
          )}
        </li>
      ))}
    </ul>
  );
}
