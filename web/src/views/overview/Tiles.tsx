// SPDX-License-Identifier: Apache-2.0
// The summary numbers; what is encrypted stands among the key figures.
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Interval, Summary } from "../../gen/api";
import { useWords } from "../../i18n";
import { bitRate, bytes, count, whole } from "../../parts/format";
import { seconds } from "../../parts/range";
import { useScope } from "../../parts/scope";

export function Tiles({ answer }: { answer: UseQueryResult<Summary> }) {
  const { t } = useWords();
  const scope = useScope();
  const { data } = answer;
  const secs = Math.max(1, seconds(scope.span));
  const exact = (value: number | undefined, interval?: Interval) =>
    value === undefined ? "" : interval ? `${whole(value)} – ${t("analysis.interval", { low: whole(interval.low), high: whole(interval.high) })}` : whole(value);
  const tiles = [
    { name: "bytes", value: data && bytes(data.bytes), note: data && t("tile.average", { rate: bitRate((data.bytes * 8) / secs) }), exact: exact(data?.bytes, data?.intervals?.bytes) },
    { name: "packets", value: data && count(data.packets), note: data && t("tile.packetSize", { size: bytes(data.packets ? Math.round(data.bytes / data.packets) : 0) }), exact: exact(data?.packets, data?.intervals?.packets) },
    { name: "flows", value: data && count(data.flows), note: data && t("tile.flowSize", { size: bytes(data.flows ? data.bytes / data.flows : 0) }), exact: exact(data?.flows, data?.intervals?.flows), to: scope.flows(null) },
    { name: "hosts", value: data && count(data.hosts), note: t("tile.hostsNote"), exact: exact(data?.hosts), to: `${scope.flows(null)}&group=ip` },
    { name: "events", value: data && count(data.events), note: t("tile.eventsNote"), exact: exact(data?.events), to: `/events${scope.search()}`, alert: (data?.events ?? 0) > 0 },
  ];
  return (
    <dl className={`tiles span-12${answer.isPlaceholderData ? " stale" : ""}`} aria-live="polite">
      {tiles.map((tile) => (
        <div key={tile.name} className={`tile${tile.alert ? " alert" : ""}`}>
          <dt>{t(`tile.${tile.name}`)}</dt>
          <dd title={tile.exact}>{tile.to ? <Link to={tile.to}>{tile.value ?? "–"}</Link> : (tile.value ?? "–")}</dd>
          <dd className="tile-note">{tile.note ?? "\u00a0"}</dd>
        </div>
      ))}
    </dl>
  );
}
