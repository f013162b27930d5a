// SPDX-License-Identifier: Apache-2.0
// Own hosts by their risk: score, its course over the range, what makes it up, and the way to the host.
import { Link, useNavigate } from "react-router";
import { useHostRisks } from "../../api/detection";
import { Spark } from "../../charts/Spark";
import { term } from "../../filter/build";
import type { HostRisk } from "../../gen/api";
import { useWords } from "../../i18n";
import { whole } from "../../parts/format";
import { hostPath } from "../../parts/hostPath";
import { Score } from "../../parts/Score";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import { useRowKeys } from "../../parts/useRowKeys";
import "./hosts.css";

/** Factors that a row names. */
const NAMED = 3;

export function Hosts() {
  const { t } = useWords();
  const scope = useScope();
  const answer = useHostRisks(scope.span);
  return (
    <section className="panel fill" aria-label={t("nav.hosts")}>
      <Shown answer={answer} rows={10}>
        {(data) =>
          data.rows.length === 0 ? (
            <Empty title={t("hosts.none")}>
              <p className="hint">{t("hosts.noneHint")}</p>
            </Empty>
          ) : (
            <Table rows={data.rows} />
          )
        }
      </Shown>
      <p className="hint hosts-note">{t("hosts.explain")}</p>
    </section>
  );
}

function Table({ rows }: { rows: HostRisk[] }) {
  const { t, say } = useWords();
  const scope = useScope();
  const navigate = useNavigate();
  const page = (row: HostRisk | undefined) => hostPath(row?.host ?? "", scope.search());
  const host = useRowKeys<HTMLDivElement>((at) => void navigate(page(rows[at])));
  return (
    <div className="scroll" ref={host}>
      <table className="grid hosts">
        <thead>
          <tr>
            <th scope="col">{t("hosts.host")}</th>
            <th scope="col">{t("hosts.risk")}</th>
            <th scope="col">{t("hosts.course")}</th>
            <th scope="col" className="num">
              {t("hosts.events")}
            </th>
            <th scope="col" className="wide">
              {t("hosts.factors")}
            </th>
            <th scope="col">
              <span className="sr-only">{t("nav.flows")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={row.host} data-row={at} tabIndex={at === 0 ? 0 : -1}>
              <td className="mono">
                <Link to={page(row)}>{row.host}</Link>
              </td>
              <td>
                <Score score={row.score} />
              </td>
              <td>
                <Spark values={row.scores} />
              </td>
              <td className="num">{whole(row.events)}</td>
              <td className="wide">
                <span className="hosts-factors">
                  {row.parts.slice(0, NAMED).map((part) => (
                    <Link key={part.rule} className="chip" to={`/events${scope.search()}&view=events&event=${encodeURIComponent(part.event_id)}`} title={say(part.text)}>
                      {say(part.title)} <span className="num faint">{part.points}</span>
                    </Link>
                  ))}
                  {row.parts.length > NAMED ? <span className="faint">{`+${row.parts.length - NAMED}`}</span> : null}
                </span>
              </td>
              <td>
                <Link to={`/flows?${new URLSearchParams({ from: scope.span.from, to: scope.span.to, q: term("ip", row.host) ?? "" })}`}>{t("nav.flows")}</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
