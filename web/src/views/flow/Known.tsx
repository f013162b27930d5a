// SPDX-License-Identifier: Apache-2.0
// How known the client's fingerprints are here: on how many hosts of how many, since when, and since when on this host.
import { useState } from "react";
import { Link } from "react-router";
import { useFingerprints } from "../../api/queries";
import { term } from "../../filter/build";
import type { Fingerprint, FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { text } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const DAYS = [7, 30, 90];
const COLUMNS = ["tls_ja4", "tls_ja3", "ssh_hassh"];

/** True where there is something to ask for. */
export const hasFingerprint = (row: FlowRow) => COLUMNS.some((column) => text(row, column) !== null);

export function Known({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const [days, setDays] = useState(30);
  const answer = useFingerprints(text(row, "flow_id") ?? "", days);
  return (
    <Panel
      title={t("prevalence.title")}
      note={t("prevalence.note")}
      className="prevalence"
      tools={
        <label className="analysis-field">
          {t("prevalence.days")}
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {t("prevalence.within", { days: count })}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Shown answer={answer} rows={2}>
        {(data) => (
          <>
            <table className="grid">
              <thead>
                <tr>
                  <th scope="col">{t("prevalence.fingerprint")}</th>
                  <th scope="col">{t("prevalence.hosts")}</th>
                  <th scope="col">{t("prevalence.first")}</th>
                  <th scope="col">{t("prevalence.firstOnHost")}</th>
                </tr>
              </thead>
              <tbody>
                {data.rows.map((one) => (
                  <Row key={one.column} one={one} own={data.own} />
                ))}
              </tbody>
            </table>
            <p className="hint">
              {t("prevalence.since")} <Time at={data.since} />
            </p>
          </>
        )}
      </Shown>
    </Panel>
  );
}

function Row({ one, own }: { one: Fingerprint; own: boolean }) {
  const { t } = useWords();
  const scope = useScope();
  return (
    <tr>
      <th scope="row">
        <code>{one.column}</code> <Link to={scope.flows(term(one.column, one.value))}>{one.value}</Link>
      </th>
      <td>{t(own ? "prevalence.ownHosts" : "prevalence.otherHosts", { hosts: whole(one.hosts), of: whole(one.of_hosts), sessions: whole(one.sessions) })}</td>
      <td>
        <Time at={one.first} />
      </td>
      <td>{one.new_on_host ? <strong>{t("prevalence.new")}</strong> : <Time at={one.first_on_host} />}</td>
    </tr>
  );
}
