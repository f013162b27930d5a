// SPDX-License-Identifier: Apache-2.0
// The risk of a host from 0 to 100: a number with a bar, coloured like the severity whose events alone would give it.
import { Link } from "react-router";
import { useHostRisks } from "../api/detection";
import { useWords } from "../i18n";
import { hostPath } from "./hostPath";
import { useScope } from "./scope";
import "./score.css";

export function levelOf(score: number): "critical" | "high" | "medium" | "low" {
  return score >= 80 ? "critical" : score >= 45 ? "high" : score >= 20 ? "medium" : "low";
}

export function Score({ score }: { score: number }) {
  return (
    <span className={`score ${levelOf(score)}`}>
      <b className="num">{score}</b>
      <span className="score-bar" aria-hidden="true">
        <i style={{ width: `${score}%` }} />
      </span>
    </span>
  );
}

/** Links to hosts with their risk at the end of the page's range, where they have one. */
export function HostScores({ addresses }: { addresses: string[] }) {
  const { t } = useWords();
  const scope = useScope();
  const scores = new Map(useHostRisks(scope.span).data?.rows.map((row) => [row.host, row.score]));
  return (
    <ul className="host-scores">
      {addresses.map((address) => {
        const score = scores.get(address);
        return (
          <li key={address}>
            <Link className="mono" to={hostPath(address, scope.search())} title={t("hosts.open", { host: address })}>
              {address}
            </Link>
            {score === undefined ? null : (
              <span className="host-score" title={t("hosts.scoreHint")}>
                <span className="faint">{t("hosts.risk")}</span> <Score score={score} />
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
