// SPDX-License-Identifier: Apache-2.0
// The picture of a session (sequence of packet lengths and times), with signs where TLS records begin. Mouse or arrow keys
// read out one packet.
import { useMemo } from "react";
import { useWords } from "../i18n";
import { micros, whole } from "../parts/format";
import { RecordMark } from "./RecordMark";
import { marked, NO_RECORDS, type Kind, type Records } from "./records";
import { picture, type Mode, type Scale } from "./splt";
import { usePicked } from "./usePicked";
import { useWidth } from "./useWidth";
import "./splt.css";

const PLOT = 224;
const LEFT = 62;
const RIGHT = 18;
const MARGIN = 10;
/** Room for the numbers of the axis. */
const TICKS = 24;
/** Signs above each other in a lane, and the room that each takes. */
const STACK = 3;
const STEP = 10;
const LANE = STACK * STEP + 4;
const LEGEND = 24;

interface Props {
  lengths: number[];
  times: number[];
  mode: Mode;
  /** TLS records, where they are known. */
  records?: Records;
  /** Ends of the axes where several pictures have the same. */
  scale?: Scale;
}

export function Splt({ lengths, times, mode, records = NO_RECORDS, scale }: Props) {
  const { t } = useWords();
  const { host, width } = useWidth<HTMLDivElement>(900, 320);

  const inner = { width: width - LEFT - RIGHT - 12, height: PLOT };
  const drawn = useMemo(() => picture(lengths, times, mode, inner.width, inner.height, scale), [lengths, times, mode, inner.width, inner.height, scale]);
  const tls = useMemo(() => marked(drawn.strokes, records), [drawn, records]);
  const lane = tls.packets.size > 0 ? LANE : 0;
  const top = MARGIN + lane;
  const height = top + PLOT + lane + TICKS + MARGIN + (lane > 0 ? LEGEND : 0);
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
    if (!one) return "";
    const said = t(one.length >= 0 ? "splt.sentPacket" : "splt.receivedPacket", { number: index + 1, length: whole(Math.abs(one.length)), at: micros(one.at), gap: micros(one.gap) });
    const inside = (tls.packets.get(index) ?? []).map((record) => t("splt.record", { kind: t(`splt.kind.${record.kind}`), length: whole(record.octets) }));
    return inside.length > 0 ? `${said} · ${inside.join(", ")}` : said;
  };
  return (
    <div className="splt" ref={host}>
      {/* The picture itself is read with the arrow keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={t("splt.label", { number: lengths.length })}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        {...listens}
      >
        <g transform={`translate(${LEFT} ${top})`}>
          {tls.handshake ? (
            <rect
              className="splt-handshake"
              x={(drawn.strokes[tls.handshake.from]?.x ?? 0) - 5}
              y={-lane}
              width={Math.max(0, (drawn.strokes[tls.handshake.to]?.x ?? 0) - (drawn.strokes[tls.handshake.from]?.x ?? 0)) + 10}
              height={inner.height + 2 * lane}
            />
          ) : null}
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
            <g key={tick.value} transform={`translate(${tick.x} ${inner.height + lane})`}>
              <line className="splt-axis" y1={4} y2={8} />
              <text className="splt-tick" y={20} textAnchor="middle">
                {mode === "index" ? tick.value : tick.value === 0 ? "0" : micros(tick.value).replace(/\.0+ /, " ")}
              </text>
            </g>
          ))}
          {packet ? <line className="splt-cursor" x1={packet.x} x2={packet.x} y1={-lane} y2={inner.height + lane} /> : null}
          {drawn.strokes.map((one) => (
            <g key={one.index} className={`splt-packet ${one.length >= 0 ? "src" : "dst"}${one.index === picked ? " chosen" : ""}`}>
              <line x1={one.x} x2={one.x} y1={middle} y2={middle + (Math.abs(one.y) < 1.5 ? Math.sign(one.y || -1) * 1.5 : one.y)} strokeWidth={pen} />
            </g>
          ))}
          <line className="splt-axis" x1={-6} x2={inner.width + 6} y1={middle} y2={middle} />
          {[...tls.packets].map(([index, list]) => {
            const one = drawn.strokes[index];
            const side = (one?.length ?? 0) >= 0 ? -1 : 1;
            const edge = side < 0 ? -STEP / 2 - 2 : inner.height + STEP / 2 + 2;
            const place = (at: number) => edge + side * at * STEP;
            return list.slice(0, STACK).map((record, at) => <RecordMark key={place(at)} kind={record.kind} x={one?.x ?? 0} y={place(at)} />);
          })}
        </g>
        {lane > 0 ? <Legend kinds={tls.kinds} handshake={tls.handshake !== null} y={height - LEGEND / 2} width={width} /> : null}
      </svg>
      {packet ? (
        <div className={`splt-tip ${packet.x > inner.width * 0.55 ? "left" : ""}`} style={{ left: packet.x + LEFT }}>
          {words(packet.index)}
        </div>
      ) : null}
      <p className="sr-only" aria-live="polite">
        {picked === null ? "" : words(picked)}
      </p>
    </div>
  );
}

/** What the signs mean, in the picture itself so that its files have it. */
function Legend({ kinds, handshake, y, width }: { kinds: Kind[]; handshake: boolean; y: number; width: number }) {
  const { t } = useWords();
  const entries: { key: string; words: string; kind?: Kind }[] = kinds.map((kind) => ({ key: kind, kind, words: t(`splt.kind.${kind}`) }));
  if (handshake) entries.push({ key: "area", words: t("splt.handshakeArea") });
  const room = Math.min(190, (width - LEFT - RIGHT) / Math.max(1, entries.length));
  return (
    <g className="splt-legend">
      {entries.map((entry, at) => (
        <g key={entry.key} transform={`translate(${LEFT + at * room} ${y})`}>
          {entry.kind ? <RecordMark kind={entry.kind} x={0} y={0} /> : <rect className="splt-handshake" x={-6} y={-6} width={12} height={12} />}
          <text className="splt-tick" x={10} y={4}>
            {entry.words}
          </text>
        </g>
      ))}
    </g>
  );
}
