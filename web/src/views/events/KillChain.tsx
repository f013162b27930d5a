// SPDX-License-Identifier: Apache-2.0
// The stages of an incident in the order of an attack, and over the time of the incident when their events were.
import type { IncidentRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Time } from "../../parts/Time";
import "./graph.css";

export function KillChain({ row }: { row: IncidentRow }) {
  const { t, say } = useWords();
  const [start, end] = [Date.parse(row.first), Date.parse(row.last)];
  const share = (at: string) => (100 * (Date.parse(at) - start)) / Math.max(1, end - start);
  return (
    <section>
      <h3>{t("incidents.stages")}</h3>
      <ol className="chain">
        {row.stages.map((stage) => (
          <li key={stage.tactic}>
            <strong>{say(stage.name)}</strong>
            <Time at={stage.at} />
            <span className="chain-track" aria-hidden="true">
              {row.events
                .filter((event) => event.tactics.includes(stage.tactic))
                .map((event) => (
                  <i key={event.event_id} className={event.severity} title={say(event.title)} style={{ left: `${Math.min(99, share(event.first))}%`, width: `${Math.max(0, share(event.last) - share(event.first))}%` }} />
                ))}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
