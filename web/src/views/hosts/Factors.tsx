// SPDX-License-Identifier: Apache-2.0
// What makes up the risk of a host: of each rule the event that counts, with its points.
import { Link } from "react-router";
import type { RiskPart } from "../../gen/api";
import { useWords } from "../../i18n";
import { useScope } from "../../parts/scope";
import { Empty } from "../../parts/State";

export function Factors({ parts }: { parts: RiskPart[] }) {
  const { t, say } = useWords();
  const scope = useScope();
  if (parts.length === 0) return <Empty title={t("hosts.noFactors")} />;
  return (
    <ol className="factors">
      {parts.map((part) => (
        <li key={part.rule}>
          <span className="factor-head">
            <Link to={`/events${scope.search()}&view=events&event=${encodeURIComponent(part.event_id)}`}>{say(part.title)}</Link>
            <b className="num">{t("hosts.points", { points: part.points })}</b>
          </span>
          <span className="factor-bar" aria-hidden="true">
            <i style={{ width: `${Math.min(100, part.points)}%` }} />
          </span>
          <span className="faint">{say(part.text)}</span>
        </li>
      ))}
    </ol>
  );
}
