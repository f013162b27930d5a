// SPDX-License-Identifier: Apache-2.0
// Risks of the flows: rows have lists of them, so that a flow counts for each of its own.
import { Link } from "react-router";
import { useTop } from "../../api/queries";
import { narrow } from "../../filter/build";
import type { Top } from "../../gen/api";
import { RISKS } from "../../gen/risks";
import { useWords } from "../../i18n";
import { count, percent } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";
import { Empty, Shown } from "../../parts/State";
import { joined } from "../../parts/TopPanel";

const LISTS = 1000;
const ROWS = 8;
const KNOWN = new Map(RISKS.map((risk) => [risk.name, risk]));

/** Flows of each risk, the most first. */
export function risks(data: Top): { name: string; flows: number }[] {
  const found = new Map<string, number>();
  for (const row of data.rows) {
    const value: unknown = row.key[0];
    const names = Array.isArray(value) ? value.map(String) : typeof value === "string" ? value.split(", ") : [];
    for (const name of names) found.set(name, (found.get(name) ?? 0) + row.flows);
  }
  return [...found].map(([name, flows]) => ({ name, flows })).toSorted((a, b) => b.flows - a.flows || a.name.localeCompare(b.name));
}

export function RisksOf({ more }: { more?: string }) {
  const { t, language } = useWords();
  const scope = useScope();
  const present = joined(more, "risk present") ?? "risk present";
  const answer = useTop({ ...scope.ask, filter: narrow(scope.filter, present) }, { keys: ["risk"], by: "flows", limit: LISTS });
  return (
    <Panel title={t("risk.title")} note={t("apps.risksNote")} className="span-6">
      <Shown answer={answer} rows={ROWS}>
        {(data) => {
          const list = risks(data).slice(0, ROWS);
          if (list.length === 0) return <Empty title={t("apps.noRisks")} />;
          return (
            <table className="grid compact apps-risks">
              <thead className="sr-only">
                <tr>
                  <th>{t("events.severity")}</th>
                  <th>{t("risk.title")}</th>
                  <th>{t("measure.flows")}</th>
                  <th>{t("column.share")}</th>
                </tr>
              </thead>
              <tbody>
                {list.map(({ name, flows }) => {
                  const known = KNOWN.get(name);
                  const term = joined(more, `risk = ${name}`);
                  return (
                    <tr key={name}>
                      <td>{known ? <Severity level={known.severity} /> : null}</td>
                      <td className="wide">
                        <Link to={scope.flows(term)} title={term ?? ""}>
                          {known ? known.title[language] : name}
                        </Link>
                      </td>
                      <td className="num">{count(flows)}</td>
                      <td className="num share">{percent(flows, data.total.flows)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          );
        }}
      </Shown>
    </Panel>
  );
}
