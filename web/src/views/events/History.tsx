// SPDX-License-Identifier: Apache-2.0
// What was said and done about an event or incident, the oldest first: comments, standings, owners, who was told.
import type { HistoryEntry, TriageInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { Time } from "../../parts/Time";

export function History({ triage }: { triage: TriageInfo }) {
  const { t } = useWords();
  const said = triage.comments.map((one) => ({ at: one.at, who: one.author, text: one.text, mild: false }));
  const done = triage.history.map((one) => ({ at: one.at, who: one.who, text: words(t, one), mild: true }));
  const all = [...said, ...done].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return (
    <ul className="comments" aria-label={t("history.title")}>
      {all.map((one) => (
        <li key={`${one.at} ${one.who} ${one.text}`}>
          <span className="faint">
            <Time at={one.at} /> {one.who}
          </span>{" "}
          <span className={one.mild ? "faint" : ""}>{one.text}</span>
        </li>
      ))}
    </ul>
  );
}

function words(t: ReturnType<typeof useWords>["t"], { deed, detail }: HistoryEntry): string {
  if (deed === "standing") return t("history.standing", { standing: t(`triage.is.${detail}`, { defaultValue: detail }) });
  if (deed === "owner") return detail === "" ? t("history.noOwner") : t("history.owner", { owner: detail });
  if (deed === "told") return t("history.told");
  const [reason = "", ...rest] = detail.split(": ");
  return [t("history.lost", { why: t(`history.why.${reason}`, { defaultValue: reason }) }), ...rest].join(": ");
}
