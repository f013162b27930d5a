// SPDX-License-Identifier: Apache-2.0
// Share of encrypted octets, and what encrypts them.
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "react-router";
import { useTop } from "../../api/queries";
import { term } from "../../filter/build";
import type { Summary, Top } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, percent, tlsVersion } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";

export interface Slice {
  name: string;
  bytes: number;
  term: string | null;
  colour: string;
}

const TUNNELS = ["SSH", "WireGuard", "OpenVPN", "IPsec", "ESP", "RDP"];

/** Splits the octets: QUIC, TLS by version, SSH and tunnels by application, the rest of the encrypted, the clear. */
export function slices(summary: Summary, versions: Top, apps: Top, words: { other: string; clear: string }): Slice[] {
  const found = new Map<string, Slice>();
  const add = (name: string, size: number, what: string | null) => {
    const before = found.get(name);
    found.set(name, { name, bytes: (before?.bytes ?? 0) + size, term: what, colour: "" });
  };
  for (const row of versions.rows) {
    const [tls, quic] = row.key;
    if (quic !== null && quic !== undefined) add("QUIC", row.bytes, null);
    else if (tls !== null && tls !== undefined) add(tlsVersion(tls), row.bytes, term("tls_version", tls));
  }
  const quic = found.get("QUIC");
  if (quic) {
    const kinds = versions.rows.filter((row) => row.key[1] !== null && row.key[1] !== undefined).map((row) => term("quic_version", row.key[1]));
    quic.term = [...new Set(kinds)].join(" or ");
  }
  for (const row of apps.rows) {
    const app = String(row.key[0]);
    if (TUNNELS.some((name) => app === name || app.startsWith(`${name}.`))) add(app, row.bytes, term("app", app));
  }
  const list = [...found.values()].toSorted((a, b) => b.bytes - a.bytes).map((slice, i) => ({ ...slice, colour: `var(--series-${(i % 8) + 1})` }));
  const rest = summary.encrypted_bytes - list.reduce((sum, slice) => sum + slice.bytes, 0);
  if (rest > summary.bytes * 0.0005) list.push({ name: words.other, bytes: rest, term: null, colour: "var(--series-other)" });
  const clear = summary.bytes - Math.max(summary.encrypted_bytes, summary.encrypted_bytes - Math.min(0, rest));
  list.push({ name: words.clear, bytes: Math.max(0, clear), term: null, colour: "var(--clear)" });
  return list;
}

export function Encryption({ summary }: { summary: UseQueryResult<Summary> }) {
  const { t } = useWords();
  const { ask } = useScope();
  const versions = useTop(ask, { keys: ["tls_version", "quic_version"], by: "bytes", limit: 40 });
  const apps = useTop(ask, { keys: ["app"], by: "bytes", limit: 60 });
  return (
    <Panel title={t("overview.encryption")} className="span-4" note={t("overview.byBytes")}>
      <Shown answer={summary}>
        {(total) => (
          <Shown answer={versions}>
            {(byVersion) => <Shown answer={apps}>{(byApp) => <Shares total={total} list={slices(total, byVersion, byApp, { other: t("overview.otherEncrypted"), clear: t("overview.clear") })} />}</Shown>}
          </Shown>
        )}
      </Shown>
    </Panel>
  );
}

function Shares({ total, list }: { total: Summary; list: Slice[] }) {
  const { t } = useWords();
  const scope = useScope();
  return (
    <div className="shares">
      <div className="shares-figure">
        <Donut list={list} total={total.bytes} />
        <div className="shares-centre">
          <strong>{percent(total.encrypted_bytes, total.bytes)}</strong>
          <span>{t("tile.encrypted")}</span>
        </div>
      </div>
      <table className="shares-table">
        <colgroup>
          <col />
          <col className="col-value" />
          <col className="col-share" />
        </colgroup>
        <thead className="sr-only">
          <tr>
            <th>{t("overview.encryption")}</th>
            <th>{t("measure.bytes")}</th>
            <th>{t("column.share")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((slice) => (
            <tr key={slice.name}>
              <td>
                <i className="dot" style={{ background: slice.colour }} />
                {slice.term ? <Link to={scope.flows(slice.term)}>{slice.name}</Link> : slice.name}
              </td>
              <td className="num">{bytes(slice.bytes)}</td>
              <td className="num share">{percent(slice.bytes, total.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const RADIUS = 46;
const AROUND = 2 * Math.PI * RADIUS;

function Donut({ list, total }: { list: Slice[]; total: number }) {
  const around = (slice: Slice) => (total > 0 ? (slice.bytes / total) * AROUND : 0);
  return (
    <svg viewBox="0 0 120 120" width="118" height="118" aria-hidden="true">
      <g fill="none" strokeWidth="15" transform="rotate(-90 60 60)">
        {list.map((slice, i) => {
          const length = around(slice);
          const before = list.slice(0, i).reduce((sum, one) => sum + around(one), 0);
          return <circle key={slice.name} cx="60" cy="60" r={RADIUS} stroke={slice.colour} strokeDasharray={`${Math.max(0, length > 3 ? length - 1.2 : length)} ${AROUND}`} strokeDashoffset={-before} />;
        })}
      </g>
    </svg>
  );
}
