// SPDX-License-Identifier: Apache-2.0
// What is hidden, by whom, why and until when, and how often it was.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSuppressions } from "../../api/queries";
import { call } from "../../api/client";
import type { SuppressionInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { time, whole } from "../../parts/format";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

export function Suppressions() {
  const { t } = useWords();
  const client = useQueryClient();
  const answer = useSuppressions();
  const end = useMutation({
    mutationFn: (id: number) => call<undefined>("DELETE", `/suppressions/${id}`),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["suppressions"] }),
  });
  return (
    <section className="panel fill" aria-label={t("events.view.suppressions")}>
      {end.error ? <ErrorNote error={end.error} /> : null}
      <Shown answer={answer} rows={6}>
        {(data) =>
          data.suppressions.length === 0 ? (
            <Empty title={t("suppress.none")}>
              <p className="hint">{t("suppress.noneHint")}</p>
            </Empty>
          ) : (
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    {["what", "reason", "owner", "from", "until", "hits", "broken"].map((key) => (
                      <th key={key} scope="col" className={key === "hits" || key === "broken" ? "num" : undefined}>
                        {t(`suppress.${key}`)}
                      </th>
                    ))}
                    <th>
                      <span className="sr-only">{t("suppress.end")}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.suppressions.map((one) => (
                    <tr key={one.id} className={one.in_force ? "" : "faint"}>
                      <td className="mono" title={scopeText(one)}>
                        {scopeText(one)}
                      </td>
                      <td title={one.reason}>{one.reason}</td>
                      <td>{one.owner}</td>
                      <td>
                        <Time at={one.valid_from} />
                      </td>
                      <td>{one.valid_to ? <Time at={one.valid_to} /> : t("suppress.forever")}</td>
                      <td className="num" title={one.last_hit ? t("suppress.lastHit", { at: time(one.last_hit) }) : undefined}>
                        {whole(one.hits)}
                      </td>
                      <td className="num">{whole(one.broken)}</td>
                      <td>
                        {one.in_force ? (
                          <button type="button" className="button small" disabled={end.isPending} onClick={() => end.mutate(one.id)}>
                            {t("suppress.end")}
                          </button>
                        ) : (
                          t("suppress.over")
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </section>
  );
}

/** `UTC+09:00` */
function zone(minutes: number): string {
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  return `UTC${minutes < 0 ? "−" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function scopeText({ scope }: SuppressionInfo): string {
  const facts = Object.entries(scope.facts ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  const hours = scope.hours ? `${scope.hours.from}–${scope.hours.to} ${zone(scope.hours.offset_minutes)}` : "";
  return [scope.rule ?? "", ...(scope.src ?? []).map((ip) => `src ${ip}`), ...(scope.dst ?? []).map((ip) => `dst ${ip}`), ...facts, hours].filter(Boolean).join(" · ");
}
