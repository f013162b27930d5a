// SPDX-License-Identifier: Apache-2.0
// The shares that a range is judged by: encrypted, nameable, also under ECH, compliant, and threats found inside encryption.
import { Link } from "react-router";
import { useFigures } from "../../api/queries";
import { useWords } from "../../i18n";
import { count, percent } from "../../parts/format";
import { Figures } from "../../parts/Figures";
import { useScope } from "../../parts/scope";

export function KeyFigures() {
  const { t } = useWords();
  const scope = useScope();
  const answer = useFigures(scope.ask, { page: "overview", threats: true });
  const threats = answer.data?.threats;
  return (
    <Figures answer={answer}>
      {threats ? (
        <li>
          <span className="figure-name" title={t("figures.threatsHint")}>
            {t("figures.threats")}
          </span>
          {threats.events > 0 ? (
            <Link className="figure-share" to={`/events${scope.search()}`} title={t("figures.threatsHint")}>
              {percent(threats.encrypted, threats.looked_at)}
            </Link>
          ) : (
            <span className="figure-share">{"–"}</span>
          )}
          <span className="figure-note">{threats.events === 0 ? t("events.none") : t(threats.looked_at < threats.events ? "figures.ofLatestEvents" : "figures.ofEvents", { part: count(threats.encrypted), whole: count(threats.looked_at) })}</span>
          <span className="figure-bar" aria-hidden="true">
            <i style={{ width: `${threats.looked_at > 0 ? (100 * threats.encrypted) / threats.looked_at : 0}%` }} />
          </span>
        </li>
      ) : null}
    </Figures>
  );
}
