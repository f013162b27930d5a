// SPDX-License-Identifier: Apache-2.0
// One host: its risk over the range and what makes it up, its events, whom it talks to and how.
import { Link, useParams } from "react-router";
import { useHostRisk } from "../../api/detection";
import { useEvents } from "../../api/queries";
import { RiskLine } from "../../charts/RiskLine";
import { term } from "../../filter/build";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { Score } from "../../parts/Score";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";
import { Empty, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { TopPanel } from "../../parts/TopPanel";
import { Factors } from "./Factors";
import "./hosts.css";

const EVENTS = 50;

export function HostPage() {
  const { address = "" } = useParams();
  const { t } = useWords();
  const scope = useScope();
  const answer = useHostRisk(address, scope.span);
  const [any, from, to] = ["ip", "src_ip", "dst_ip"].map((column) => term(column, address) ?? "");
  return (
    <div className="host-page">
      <Link className="back" to={`/hosts${scope.search()}`}>
        <Icon name="left" size={14} /> {t("hosts.back")}
      </Link>
      <header className="host-head">
        <h1 className="mono">{address}</h1>
        {answer.data ? (
          <span className="host-score" title={t("hosts.scoreHint")}>
            {t("hosts.risk")} <Score score={answer.data.end.score} />
          </span>
        ) : null}
        <Link className="button small" to={scope.flows(any ?? null)}>
          <Icon name="flows" size={13} /> {t("events.hostFlows", { host: address })}
        </Link>
      </header>
      <div className="overview">
        <Panel title={t("hosts.overTime")} className="span-8">
          <Shown answer={answer} rows={6}>
            {(data) => <RiskLine points={data.points} label={t("hosts.lineLabel", { host: address })} />}
          </Shown>
        </Panel>
        <Panel title={t("hosts.factors")} note={t("hosts.factorsNote")} className="span-4">
          <Shown answer={answer} rows={6}>
            {(data) => <Factors parts={data.end.parts} />}
          </Shown>
        </Panel>
        <HostEvents address={address} />
        <TopPanel title={t("hosts.apps")} keys={["app"]} by="bytes" {...(any ? { more: any } : {})} />
        <TopPanel title={t("hosts.contacts")} keys={["dst_ip"]} by="bytes" {...(from ? { more: from } : {})} />
        <TopPanel title={t("hosts.contactedBy")} keys={["src_ip"]} by="bytes" {...(to ? { more: to } : {})} />
        <TopPanel title={t("hosts.served")} keys={["dst_port"]} by="flows" {...(to ? { more: to } : {})} />
      </div>
    </div>
  );
}

function HostEvents({ address }: { address: string }) {
  const { t, say } = useWords();
  const scope = useScope();
  const answer = useEvents(scope.ask, EVENTS, { host: address });
  return (
    <Panel title={t("hosts.events")} className="span-8">
      <Shown answer={answer} rows={6}>
        {(data) =>
          data.rows.length === 0 ? (
            <Empty title={t("events.none")} />
          ) : (
            <div className="host-events">
              <table className="grid compact">
                <thead className="sr-only">
                  <tr>
                    <th>{t("events.severity")}</th>
                    <th>{t("events.event")}</th>
                    <th>{t("hosts.role")}</th>
                    <th>{t("events.last")}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={row.event_id}>
                      <td>
                        <Severity level={row.severity} />
                      </td>
                      <td className="wide" title={say(row.text)}>
                        <Link to={`/events${scope.search()}&view=events&event=${encodeURIComponent(row.event_id)}`}>{say(row.title)}</Link>
                      </td>
                      <td className="faint">{t(row.src_ip === address ? "hosts.asSource" : "hosts.asTarget", { other: (row.src_ip === address ? row.dst_ip : row.src_ip) ?? t("graph.several") })}</td>
                      <td className="num">
                        <Time at={row.last} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </Panel>
  );
}
