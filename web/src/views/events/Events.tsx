// SPDX-License-Identifier: Apache-2.0
// Detections: a list on the left, the chosen one explained on the right.
import { useEvents } from "../../api/queries";
import type { EventRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { Icon } from "../../parts/Icon";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { SEVERITIES, Severity } from "../../parts/Severity";
import { Empty, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { useRowKeys } from "../../parts/useRowKeys";
import { AttackMatrix } from "./AttackMatrix";
import { EventDetail } from "./EventDetail";
import { Incidents } from "./Incidents";
import { Suppressions } from "./Suppressions";
import "./events.css";

const LIMIT = 500;
const VIEWS = ["incidents", "events", "attack", "suppressions"] as const;
type View = (typeof VIEWS)[number];

export function Events() {
  const { t } = useWords();
  const [params, put] = useParameters();
  // A link to an event means the list of events.
  const view: View = VIEWS.find((one) => one === params.get("view")) ?? (params.has("event") ? "events" : "incidents");
  const choose = (next: View) => put([["view", next]]);
  return (
    <div className="events-page">
      <div className="events-bar">
        <Choice<View> label={t("events.view.label")} value={view} onChange={choose} options={VIEWS.map((value) => ({ value, label: t(`events.view.${value}`) }))} />
        {view === "incidents" || view === "events" ? <TechniqueChosen /> : null}
        {view === "suppressions" ? null : (
          <label className="faint">
            <input type="checkbox" checked={params.get("hidden") === "1"} onChange={(event) => put([["hidden", event.target.checked ? "1" : null]])} /> {t("events.withHidden")}
          </label>
        )}
      </div>
      <div className="events">{view === "incidents" ? <Incidents /> : view === "events" ? <EventList /> : view === "attack" ? <AttackMatrix /> : <Suppressions />}</div>
    </div>
  );
}

/** The technique that the lists are narrowed to, with a way out. */
function TechniqueChosen() {
  const { t } = useWords();
  const [params, put] = useParameters();
  const attack = params.get("attack");
  if (!attack) return null;
  return (
    <span className="chip">
      {t("attack.chosen", { id: attack })}
      <button type="button" aria-label={t("attack.all")} title={t("attack.all")} onClick={() => put([["attack", null]])}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

function EventList() {
  const scope = useScope();
  const [params] = useParameters();
  const answer = useEvents(scope.ask, LIMIT, { attack: params.get("attack") });
  return <Shown answer={answer} rows={10}>{(data) => <EventPage rows={data.rows} />}</Shown>;
}

function EventPage({ rows }: { rows: EventRow[] }) {
  const { t, say } = useWords();
  const scope = useScope();
  const [params, put] = useParameters();
  const wanted = params.get("severity");
  const level = SEVERITIES.find((one) => one === wanted);
  const list = level ? rows.filter((row) => row.severity === level) : rows;
  const chosen = rows.find((row) => row.event_id === params.get("event")) ?? list[0];
  const set = (name: string, value: string | null) => put([[name, value]], { replace: name === "event" });
  const choose = (index: number) => set("event", list[index]?.event_id ?? null);
  const host = useRowKeys<HTMLElement>(choose);

  if (rows.length === 0) {
    return (
      <Empty title={t("events.none")}>
        <p className="hint">{t("events.noneHint")}</p>
        {scope.preset !== "all" ? (
          <button type="button" className="button" onClick={() => scope.setRange("all")}>
            {t("empty.all")}
          </button>
        ) : null}
      </Empty>
    );
  }
  return (
    <>
      <section className="panel fill event-list" aria-label={t("nav.events")} ref={host}>
        <header className="panel-head">
          <div className="choice" role="group" aria-label={t("events.severity")}>
            <button type="button" aria-pressed={!level} onClick={() => set("severity", null)}>
              {t("events.all")} <span className="num faint">{rows.length}</span>
            </button>
            {SEVERITIES.map((one) => (
              <button key={one} type="button" aria-pressed={level === one} onClick={() => set("severity", one)}>
                <i className={`dot ${one}`} /> {t(`severity.${one}`)} <span className="num faint">{rows.filter((row) => row.severity === one).length}</span>
              </button>
            ))}
          </div>
        </header>
        <div className="scroll">
          {list.length === 0 ? <Empty title={t("events.noneOfSeverity")} /> : null}
          <table className="grid rows">
            <thead className="sr-only">
              <tr>
                <th>{t("events.severity")}</th>
                <th>{t("events.event")}</th>
                <th>{t("events.last")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((row, i) => (
                <tr key={row.event_id} data-row={i} tabIndex={i === 0 ? 0 : -1} aria-selected={row === chosen} onClick={() => choose(i)} onFocus={(event) => event.currentTarget.matches(":focus-visible") && choose(i)}>
                  <td className="event-level">
                    <Severity level={row.severity} />
                  </td>
                  <td className="event-title">
                    <strong>{say(row.title)}</strong>
                    <span className="mono faint">
                      {row.src_ip ?? "–"}
                      {row.dst_ip ? (
                        <>
                          {" "}
                          <Icon name="arrow" size={11} /> {row.dst_ip}
                        </>
                      ) : null}
                    </span>
                  </td>
                  <td className="num faint">
                    <Time at={row.last} />
                    {row.suppressed_by === null ? null : (
                      <>
                        <br />
                        {t("events.hidden")}
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {chosen ? <EventDetail key={chosen.event_id} event={chosen} /> : null}
    </>
  );
}
