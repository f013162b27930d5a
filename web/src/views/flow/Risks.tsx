// SPDX-License-Identifier: Apache-2.0
// What about the flow should not be: each risk with its severity, what was seen, and what is harmless about it.
import { Link } from "react-router";
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { number } from "../../parts/row";
import { risksOf } from "../../parts/risk";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";

export function Risks({ row }: { row: FlowRow }) {
  const { t, language } = useWords();
  const scope = useScope();
  const found = risksOf(language, row);
  if (found.length === 0) return null;
  return (
    <Panel title={t("risk.title")} note={t("risk.score", { score: number(row, "risk_score") })} className="flow-risks">
      <ul>
        {found.map(({ name, risk, evidence }) => (
          <li key={name}>
            <div className="flow-risk">
              {risk ? <Severity level={risk.severity} /> : null}
              <strong>{risk ? risk.title[language] : name}</strong>
              <Link to={scope.flows(`risk = ${name}`)} title={t("risk.all")}>
                <code>{name}</code>
              </Link>
            </div>
            <q>{evidence}</q>
            {risk ? (
              <details>
                <summary>{t("risk.benign")}</summary>
                <ul>
                  {risk.benign.map((cause) => (
                    <li key={cause.en}>{cause[language]}</li>
                  ))}
                </ul>
                <p>
                  {`${t("risk.source")}: ${risk.source}`}
                </p>
              </details>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
