// SPDX-License-Identifier: Apache-2.0
// The picture of a session (sequence of packet lengths and times). Mouse or arrow keys read out one packet.
import { useMemo } from "react";
import { useWords } from "../i18n";
import { micros, whole } from "../parts/format";
import { picture, type Mode, type Scale } from "./splt";
import { usePicked } from "./usePicked";
import { useWidth } from "./useWidth";
import "./splt.css";

const HEIGHT = 268;
const LEFT = 62;
const RIGHT = 18;
const TOP = 10;
const BOTTOM = 34;

interface Props {
  lengths: number[];
  times: number[];
  mode: Mode;
  /** Ends of the axes where several pictures have the same. */
  scale?: Scale;
}

export function Splt({ lengths, times, mode, scale }: Props) {
  const { t } = useWords();
  const { host, width } = useWidth<HTMLDivElement>(900, 320);

  const inner = { width: width - LEFT - RIGHT - 12, height: HEIGHT - TOP - BOTTOM };
  const drawn = useMemo(() => picture(lengths, times, mode, inner.width, inner.height, scale), [lengths, times, mode, inner.width, inner.height, scale]);
  const middle = inner.height / 2;
  const nearest = (x: number) => {
    let best = 0;
    for (const one of drawn.strokes) if (Math.abs(one.x - x) < Math.abs((drawn.strokes[best]?.x ?? 0) - x)) best = one.index;
    return best;
  };
  const { picked, listens } = usePicked(lengths.length, (left) => nearest(left - LEFT));
  const packet = picked === null ? undefined : drawn.strokes[picked];
  const pen = Math.min(7, Math.max(2, (inner.width / Math.max(1, lengths.length)) * 0.4));

  const words = (index: number) => {
    const one = drawn.strokes[index];
    return one ? t(one.length >= 0 ? "splt.sentPacket" : "splt.receivedPacket", { number: index + 1, length: whole(Math.abs(one.length)), at: micros(one.at), gap: micros(one.gap) }) : "";
  };
  return (
    <div className="splt" ref={host}>
      {/* The picture itself is read with the arrow keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={t("splt.label", { number: lengths.length })}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        {...listens}
      >
        <g transform={`translate(${LEFT} ${TOP})`}>
          {[1, 0.5, -0.5, -1].map((part) => (
            <g key={part}>
              <line className="splt-grid" x1={-6} x2={inner.width + 6} y1={middle - part * middle} y2={middle - part * middle} />
              <text className="splt-tick" x={-10} y={middle - part * middle + 4} textAnchor="end">
                {whole(Math.abs(part) * drawn.most)}
              </text>
            </g>
          ))}
          <text className="splt-side src" transform={`translate(-50 ${middle / 2}) rotate(-90)`} textAnchor="middle">
            {t("splt.sent")}
          </text>
          <text className="splt-side dst" transform={`translate(-50 ${middle * 1.5}) rotate(-90)`} textAnchor="middle">
            {t("splt.received")}
          </text>
          {drawn.ticks.map((tick) => (
            <g key={tick.value} transform={`translate(${tick.x} ${inner.height})`}>
              <line className="splt-axis" y1={4} y2={8} />
              <text className="splt-tick" y={20} textAnchor="middle">
                {mode === "index" ? tick.value : tick.value === 0 ? "0" : micros(tick.value).replace(/\.0+ /, " ")}
              </text>
            </g>
          ))}
          {packet ? <line className="splt-cursor" x1={packet.x} x2={packet.x} y1={0} y2={inner.height} /> : null}
          {drawn.strokes.map((one) => (
            <g key={one.index} className={`splt-packet ${one.length >= 0 ? "src" : "dst"}${one.index === picked ? " chosen" : ""}`}>
              <line x1={one.x} x2={one.x} y1={middle} y2={middle + (Math.abs(one.y) < 1.5 ? Math.sign(one.y || -1) * 1.5 : one.y)} strokeWidth={pen} />
            </g>
          ))}
          <line className="splt-axis" x1={-6} x2={inner.width + 6} y1={middle} y2={middle} />
        </g>
      </svg>
      {packet ? (
        <div className={`splt-tip ${packet.x > inner.width * 0.7 ? "left" : ""}`} style={{ left: packet.x + LEFT }}>
          {words(packet.index)}
        </div>
      ) : null}
      <p className="sr-only" aria-live="polite">
        {picked === null ? "" : words(picked)}
      </p>
    </div>
  );
}
