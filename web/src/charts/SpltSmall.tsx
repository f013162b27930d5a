// SPDX-License-Identifier: Apache-2.0
// A session picture as a stamp, for many beside each other: no axes of its own, one line says those of all.
import { useMemo } from "react";
import { useWords } from "../i18n";
import { micros, whole } from "../parts/format";
import { picture, type Mode, type Scale } from "./splt";
import "./splt.css";

const WIDTH = 200;
const HEIGHT = 56;

export function SpltSmall({ lengths, times, mode, scale }: { lengths: number[]; times: number[]; mode: Mode; scale: Scale }) {
  const drawn = useMemo(() => picture(lengths, times, mode, WIDTH - 8, HEIGHT, scale), [lengths, times, mode, scale]);
  return (
    <svg className="splt-small" viewBox={`-4 -4 ${WIDTH} ${HEIGHT + 8}`} preserveAspectRatio="none" aria-hidden="true">
      <line className="splt-axis" x1={-4} x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      {drawn.strokes.map((one) => (
        <g key={one.index} className={`splt-packet ${one.length >= 0 ? "src" : "dst"}`}>
          <line x1={one.x} x2={one.x} y1={HEIGHT / 2} y2={HEIGHT / 2 + (Math.abs(one.y) < 1 ? Math.sign(one.y || -1) : one.y)} strokeWidth={2} />
        </g>
      ))}
    </svg>
  );
}

/** What the height and the width of stamps to one scale are. */
export function StampScale({ mode, scale }: { mode: Mode; scale: Scale }) {
  const { t } = useWords();
  return <p className="hint">{t(`splt.scale.${mode}`, { most: whole(scale.most), packets: whole(scale.packets), lasts: micros(scale.lasts) })}</p>;
}
