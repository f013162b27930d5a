// SPDX-License-Identifier: Apache-2.0
// What the system holds and what it has counted, refreshed while the page is open.
import { useState } from "react";
import { useStatus } from "../../api/queries";
import type { Counter, Status as StatusAnswer } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, micros, time, utc, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Empty, Shown } from "../../parts/State";
import { Running } from "./Running";
import { Tokens } from "./Tokens";
import "./status.css";

const EVERY_MILLIS = 5000;

export function Status() {
  const answer = useStatus(EVERY_MILLIS);
  return (
    <div className="status">
      <Shown answer={answer} rows={8}>
        {(data) => (
          <>
            <Figures data={data} at={answer.dataUpdatedAt} />
            <Running />
            <Tokens />
            <Counters list={data.counters} />
          </>
        )}
      </Shown>
    </div>
  );
}

function Figures({ data, at }: { data: StatusAnswer; at: number }) {
  const { t } = useWords();
  const moment = (when: string | null) => ({ value: when ? time(when) : "–", exact: when ? utc(when) : "" });
  const figures = [
    { name: "version", value: data.version, exact: "" },
    { name: "uptime", value: micros(Math.max(0, at - Date.parse(data.started_at)) * 1000), exact: utc(data.started_at) },
    { name: "flows", value: count(data.flows), exact: whole(data.flows) },
    { name: "stored", value: bytes(data.stored_bytes), exact: whole(data.stored_bytes) },
    { name: "perFlow", value: data.flows > 0 ? bytes(Math.round(data.stored_bytes / data.flows)) : "–", exact: "" },
    { name: "segments", value: whole(data.segments), exact: "" },
    { name: "hot", value: count(data.hot_rows), exact: whole(data.hot_rows) },
    { name: "first", ...moment(data.first) },
    { name: "last", ...moment(data.last) },
  ];
  return (
    <dl className="tiles status-figures">
      {figures.map((figure) => (
        <div key={figure.name} className="tile">
          <dt>{t(`status.${figure.name}`)}</dt>
          <dd title={figure.exact} className={figure.name === "first" || figure.name === "last" ? "smaller" : ""}>
            {figure.value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Counters whose rise means that something was lost or refused. */
const LOSS = /dropped|skipped|evicted|error|failed|truncated|refused|rejected|lost/;

function Counters({ list }: { list: Counter[] }) {
  const { t } = useWords();
  const [wanted, setWanted] = useState("");
  const shown = list.filter((one) => `${one.name} ${one.labels}`.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <Panel title={t("status.counters")} note={t("status.countersNote")} tools={<input type="search" aria-label={t("status.find")} placeholder={t("status.find")} value={wanted} onChange={(event) => setWanted(event.target.value)} />}>
      {shown.length === 0 ? (
        <Empty title={t("status.none")} />
      ) : (
        <div className="scroll">
          <table className="grid counters">
            <thead>
              <tr>
                <th scope="col">{t("status.counter")}</th>
                <th scope="col">{t("status.labels")}</th>
                <th scope="col" className="num">
                  {t("status.value")}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one, i) => (
                <tr key={`${one.name}{${one.labels}}`} className={LOSS.test(one.name) && one.value > 0 ? "loss" : ""}>
                  <td className={shown[i - 1]?.name === one.name ? "mono faint" : "mono"}>{one.name}</td>
                  <td className="mono faint">{one.labels}</td>
                  <td className="num" title={whole(one.value)}>
                    {/bytes/.test(one.name) ? bytes(one.value) : whole(one.value)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
