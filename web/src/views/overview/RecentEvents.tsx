// SPDX-License-Identifier: Apache-2.0
// The latest events of the range.
import { Link } from "react-router";
import { useEvents } from "../../api/queries";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";
import { Empty, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const ROWS = 6;

export function RecentEvents() {
  const { t, say } = useWords();
  const scope = useScope();
  const answer = useEvents(scope.ask, ROWS);
  return (
    <Panel title={t("overview.events")} className="span-8" tools={<Link to={`/events${scope.search()}`}>{t("overview.allEvents")}</Link>}>
      <Shown answer={answer}>
        {(data) =>
          data.rows.length === 0 ? (
            <Empty title={t("events.none")} />
          ) : (
            <table className="grid compact">
              <thead className="sr-only">
                <tr>
                  <th>{t("events.severity")}</th>
                  <th>{t("events.event")}</th>
                  <th>{t("events.source")}</th>
                  <th>{t("events.last")}</th>
                </tr>
              </thead>
              <tbody>
                {data.rows.slice(0, ROWS).map((row) => (
                  <tr key={row.event_id}>
                    <td>
                      <Severity level={row.severity} />
                    </td>
                    <td className="wide">
                      <Link to={`/events${scope.search()}&event=${encodeURIComponent(row.event_id)}`}>{say(row.title)}</Link>
                    </td>
                    <td className="mono">{row.src_ip ?? "–"}</td>
                    <td className="num">
                      <Time at={row.last} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Shown>
    </Panel>
  );
}
