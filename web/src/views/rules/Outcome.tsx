// SPDX-License-Identifier: Apache-2.0
// What a rule would have found.
import { Failure } from "../../api/client";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/State";
import { Time } from "../../parts/Time";
import type { useTry } from "./useTry";

export function Outcome({ attempt }: { attempt: ReturnType<typeof useTry> }) {
  const { t, say, complain } = useWords();
  const { data, error } = attempt;
  if (attempt.isPending) return <p role="status">{t("rules.trying")}</p>;
  if (error instanceof Failure && error.error.path !== null) {
    return (
      <p className="field-error" role="alert">
        {complain(error.error)}
      </p>
    );
  }
  if (error) return <ErrorNote error={error} />;
  if (!data) return <p className="hint">{t("rules.tryHint")}</p>;
  return (
    <div role="status">
      <p>
        <strong>{t("rules.tried", { events: data.events, pairs: data.pairs })}</strong> {data.cut || data.left_out > 0 ? t("rules.cut") : ""}
      </p>
      <table className="grid">
        <tbody>
          {data.rows.map((row) => (
            <tr key={row.event_id}>
              <td>
                <Time at={row.first} />
              </td>
              <td className="event-title">{say(row.text)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
