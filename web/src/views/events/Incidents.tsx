// SPDX-License-Identifier: Apache-2.0
// Incidents: stories of events, the worst to be seen at once; on the right the story, its stages and its events.
import { useIncidents } from "../../api/queries";
import { term } from "../../filter/build";
import type { IncidentRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Link } from "react-router";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { HostScores } from "../../parts/Score";
import { Severity } from "../../parts/Severity";
import { Empty, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { useRowKeys } from "../../parts/useRowKeys";
import { IncidentGraph } from "./IncidentGraph";
import { KillChain } from "./KillChain";
import { TriageBox } from "./TriageBox";

const LIMIT = 200;
/** Own hosts that the head names. */
const MOST_HOSTS = 8;

export function Incidents() {
  const scope = useScope();
  const [params] = useParameters();
  const answer = useIncidents(scope.ask, LIMIT, { attack: params.get("attack") });
  return <Shown answer={answer} rows={10}>{(data) => <IncidentPage rows={data.rows} />}</Shown>;
}

function IncidentPage({ rows }: { rows: IncidentRow[] }) {
  const { t } = useWords();
  const [params, put] = useParameters();
  const chosen = rows.find((row) => row.incident_id === params.get("incident")) ?? rows[0];
  const choose = (index: number) => put([["incident", rows[index]?.incident_id ?? null]], { replace: true });
  const host = useRowKeys<HTMLElement>(choose);
  if (rows.length === 0) {
    return (
      <Empty title={t("incidents.none")}>
        <p className="hint">{t("events.noneHint")}</p>
      </Empty>
    );
  }
  return (
    <>
      <section className="panel fill event-list" aria-label={t("events.view.incidents")} ref={host}>
        <div className="scroll">
          <table className="grid rows">
            <thead className="sr-only">
              <tr>
                <th>{t("events.severity")}</th>
                <th>{t("incidents.host")}</th>
                <th>{t("events.last")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={row.incident_id} data-row={i} tabIndex={i === 0 ? 0 : -1} aria-selected={row === chosen} onClick={() => choose(i)} onFocus={(event) => event.currentTarget.matches(":focus-visible") && choose(i)}>
                  <td className="event-level">
                    <Severity level={row.severity} />
                  </td>
                  <td className="event-title">
                    <strong className="mono">{row.host ?? "–"}</strong>
                    <Stages row={row} />
                  </td>
                  <td className="num faint">
                    <Time at={row.last} />
                    <br />
                    {`${t("incidents.count", { number: row.events.length })} · ${t(`triage.is.${row.triage.standing}`)}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {chosen ? <Detail key={chosen.incident_id} row={chosen} /> : null}
    </>
  );
}

function Stages({ row }: { row: IncidentRow }) {
  const { say } = useWords();
  return <span className="faint">{row.stages.map((stage) => say(stage.name)).join(" → ")}</span>;
}

function Detail({ row }: { row: IncidentRow }) {
  const { t, say } = useWords();
  const own = row.hosts.filter((one) => one.own).map((one) => one.address);
  const span = { from: new Date(Date.parse(row.first) - 60_000).toISOString(), to: new Date(Date.parse(row.last) + 60_000).toISOString() };
  return (
    <article className="panel event-detail" aria-live="polite">
      <header>
        <Severity level={row.severity} /> <span className="faint">{t("incidents.score", { score: row.score })}</span>
        <h2 className="mono">{row.host ?? "–"}</h2>
        <p className="event-text">
          <Time at={row.first} /> {"–"} <Time at={row.last} />
        </p>
        <div className="event-actions">
          {row.host ? (
            <Link className="button primary" to={`/flows?${new URLSearchParams({ ...span, q: term("ip", row.host) ?? "" })}`}>
              {t("events.hostFlows", { host: row.host })}
            </Link>
          ) : null}
        </div>
        <HostScores addresses={own.slice(0, MOST_HOSTS)} />
      </header>
      <KillChain row={row} />
      <section>
        <h3>{t("incidents.story")}</h3>
        <ol className="story">
          {row.narrative.map((sentence) => (
            <li key={sentence.text.en}>
              {sentence.at === null ? null : <Time at={sentence.at} />} {say(sentence.text)}
            </li>
          ))}
        </ol>
      </section>
      <IncidentGraph row={row} />
      <TriageBox id={row.incident_id} triage={row.triage} />
    </article>
  );
}
