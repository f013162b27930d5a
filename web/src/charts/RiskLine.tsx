// SPDX-License-Identifier: Apache-2.0
// The risk of a host over time, from 0 to 100. Mouse or arrow keys read out one instant.
import type { RiskPoint } from "../gen/api";
import { useWords } from "../i18n";
import { time } from "../parts/format";
import { tickText, ticksOf } from "./timeTicks";
import { usePicked } from "./usePicked";
import { useWidth } from "./useWidth";
import "./risk.css";
import "./splt.css";

const HEIGHT = 190;
const LEFT = 36;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 24;
/** So near to an end of the axis a time does not stand in the middle of its place. */
const EDGE = 24;
const LEVELS = [0, 25, 50, 75, 100];

export function RiskLine({ points, label }: { points: RiskPoint[]; label: string }) {
  const { t } = useWords();
  const { host, width } = useWidth<HTMLDivElement>(700, 280);
  const inner = { width: width - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM };
  const times = points.map((point) => Date.parse(point.at));
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 1];
  const x = (at: number) => ((at - first) / Math.max(1, last - first)) * inner.width;
  const y = (score: number) => inner.height * (1 - score / 100);
  const line = points.map((point, at) => `${x(times[at] ?? 0).toFixed(1)},${y(point.score).toFixed(1)}`).join(" ");
  const nearest = (px: number) => Math.round((Math.min(inner.width, Math.max(0, px)) / Math.max(1, inner.width)) * (points.length - 1));
  const { picked, listens } = usePicked(points.length, (left) => nearest(left - LEFT));
  const read = picked === null ? undefined : points[picked];
  const words = read ? t("hosts.at", { at: time(read.at), score: read.score }) : "";
  return (
    <div className="risk-line" ref={host}>
      {/* The picture itself is read with the arrow keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={label}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        {...listens}
      >
        <g transform={`translate(${LEFT} ${TOP})`}>
          {LEVELS.map((level) => (
            <g key={level}>
              <line className="risk-grid" x1={0} x2={inner.width} y1={y(level)} y2={y(level)} />
              <text className="risk-tick" x={-7} y={y(level) + 4} textAnchor="end">
                {level}
              </text>
            </g>
          ))}
          {ticksOf(first, last, Math.max(2, Math.floor(inner.width / 110))).map((at) => (
            <text key={at} className="risk-tick" x={x(at)} y={inner.height + 17} textAnchor={x(at) > inner.width - EDGE ? "end" : x(at) < EDGE ? "start" : "middle"}>
              {tickText(at, last - first)}
            </text>
          ))}
          <polygon className="risk-area" points={`0,${inner.height} ${line} ${inner.width},${inner.height}`} />
          <polyline className="risk-path" points={line} />
          {read ? (
            <>
              <line className="risk-cursor" x1={x(Date.parse(read.at))} x2={x(Date.parse(read.at))} y1={0} y2={inner.height} />
              <circle className="risk-dot" cx={x(Date.parse(read.at))} cy={y(read.score)} r={3.5} />
            </>
          ) : null}
        </g>
      </svg>
      {read ? (
        <div className={`splt-tip ${x(Date.parse(read.at)) > inner.width * 0.7 ? "left" : ""}`} style={{ left: x(Date.parse(read.at)) + LEFT }}>
          {words}
        </div>
      ) : null}
      <p className="sr-only" aria-live="polite">
        {words}
      </p>
    </div>
  );
}
