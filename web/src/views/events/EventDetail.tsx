// SPDX-License-Identifier: Apache-2.0
// One event: the question it answers, the values that made it fire, harmless causes, and the way to its flows.
import { useState } from "react";
import { Link } from "react-router";
import { term } from "../../filter/build";
import { FilterText } from "../../filter/FilterText";
import type { EventRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, micros, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { useScope } from "../../parts/scope";
import { HostScores } from "../../parts/Score";
import { Severity } from "../../parts/Severity";
import { Time } from "../../parts/Time";
import { Evidence } from "./Evidence";
import { Packets } from "./Packets";
import { SuppressForm } from "./SuppressForm";
import { TriageBox } from "./TriageBox";

/** Around the event, so that its first and last flow are inside. */
const MARGIN_MILLIS = 60_000;

export function EventDetail({ event }: { event: EventRow }) {
  const { t, say } = useWords();
  const scope = useScope();
  const [muting, setMuting] = useState(false);
  const span = { from: new Date(Date.parse(event.first) - MARGIN_MILLIS).toISOString(), to: new Date(Date.parse(event.last) + MARGIN_MILLIS).toISOString() };
  const flows = `/flows?${new URLSearchParams({ ...span, q: event.filter })}`;
  const hosts = [...new Set([event.src_ip, event.dst_ip])].filter((ip) => ip !== null);
  return (
    <article className="panel event-detail" aria-live="polite">
      <header>
        <Severity level={event.severity} />
        <code className="faint">{event.rule}</code>
        <h2>{say(event.title)}</h2>
        <p className="event-text">{say(event.text)}</p>
        <div className="event-actions">
          <Link className="button primary" to={flows}>
            <Icon name="flows" size={14} /> {t("events.showFlows")}
          </Link>
          <button type="button" className="button" aria-expanded={muting} onClick={() => setMuting(!muting)}>
            {t("suppress.open")}
          </button>
          {hosts.map((ip) => (
            <Link key={ip} className="button" to={`/flows?${new URLSearchParams({ ...span, q: term("ip", ip) ?? "" })}`}>
              {t("events.hostFlows", { host: ip })}
            </Link>
          ))}
          <Packets event={event} />
        </div>
        <HostScores addresses={hosts} />
      </header>
      {event.perspective === null ? null : <p className="hint">{t("events.perspective", { name: event.perspective })}</p>}
      {event.suppressed_by === null ? null : <p className="hint">{t("events.hiddenBy", { id: event.suppressed_by })}</p>}
      {event.suppression_broken === null ? null : <p className="hint">{t("events.broken", { what: event.suppression_broken })}</p>}
      {muting ? <SuppressForm event={event} done={() => setMuting(false)} /> : null}
      <div className="event-columns">
        <section>
          <h3>{t("events.question")}</h3>
          <p>{say(event.question)}</p>
          <h3>{t("events.when")}</h3>
          <p>
            <Time at={event.first} /> {"–"} <Time at={event.last} /> <span className="faint nowrap">{micros((Date.parse(event.last) - Date.parse(event.first)) * 1000)}</span>
          </p>
          <h3>{t("events.benign")}</h3>
          <ul className="bullets">
            {event.benign.map((one) => (
              <li key={one.en}>{say(one)}</li>
            ))}
          </ul>
        </section>
        <section>
          <h3>{t("events.values")}</h3>
          <table className="fact-table">
            <tbody>
              {Object.entries(event.values).map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td className="num" title={String(value)}>
                    {figure(name, value)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <h3>{t("events.attack")}</h3>
          <p className="attack">
            {event.attack.map((id) => (
              <Link key={id} className="chip mono" to={`/events${scope.search()}&view=events&attack=${id}`} title={t("attack.others", { id })}>
                {id}
              </Link>
            ))}
            {event.attack.length === 0 ? <span className="faint">{t("value.none")}</span> : null}
          </p>
        </section>
      </div>
      <Evidence span={span} filter={event.filter} />
      <section>
        <h3>{t("events.filter")}</h3>
        <pre className="filter-shown">
          <FilterText text={event.filter} />
        </pre>
        <p className="hint">{t("events.filterHint")}</p>
      </section>
      <TriageBox id={event.event_id} triage={event.triage} />
    </article>
  );
}

/** Names end in their unit; numbers without one are written in full. */
function figure(name: string, value: string | number | boolean): string {
  if (typeof value !== "number") return String(value);
  if (/(^|_)(bytes|octets)(_|$)/.test(name)) return bytes(value);
  if (name.endsWith("_secs")) return micros(value * 1e6);
  if (name.endsWith("_millis")) return micros(value * 1e3);
  if (name.endsWith("_micros")) return micros(value);
  return Number.isInteger(value) ? whole(value) : String(value);
}
