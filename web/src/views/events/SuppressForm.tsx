// SPDX-License-Identifier: Apache-2.0
// Hiding events like this one: what exactly, why, until when, and what it would have hidden so far.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call, Failure } from "../../api/client";
import type { EventRow, SuppressionInfo, SuppressionPreview } from "../../gen/api";
import { useWords } from "../../i18n";
import { ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { useSettled } from "../../parts/useSettled";
import { scopeOf, SuppressScope, type Parts } from "./SuppressScope";

const DAYS = [1, 7, 30, 90];
const DAY_MILLIS = 86_400_000;
/** Events of the preview that are listed. */
const SHOWN = 20;
/** Facts that tell one kind of thing from another; numbers of how much are no part of a scope. */
const TELLING = /^(dst_port|app|name|domain|proto)$|(_name|_sni|_query)$/;

export function SuppressForm({ event, done }: { event: EventRow; done: () => void }) {
  const { t, say, complain } = useWords();
  const client = useQueryClient();
  const facts = Object.entries(event.values).filter(([name]) => TELLING.test(name));
  const [parts, setParts] = useState<Parts>({ rule: true, src: event.src_ip ?? "", dst: event.dst_ip ?? "", facts: [], from: "", to: "" });
  const [reason, setReason] = useState("");
  const [days, setDays] = useState(30);
  const scope = scopeOf(parts, event, facts);
  const settled = useSettled(scope);
  const preview = useQuery({ queryKey: ["suppression-preview", settled], queryFn: ({ signal }) => call<SuppressionPreview>("POST", "/suppressions/preview", settled, signal) });
  const make = useMutation({
    mutationFn: () => call<SuppressionInfo>("POST", "/suppressions", { scope, reason, valid_to: days === 0 ? null : new Date(Date.now() + days * DAY_MILLIS).toISOString() }),
    onSuccess: () => {
      for (const key of ["events", "incidents", "suppressions", "host-risks"]) void client.invalidateQueries({ queryKey: [key] });
      done();
    },
  });
  const error = make.error instanceof Failure ? make.error.error : null;
  const submit = (form: SubmitEvent<HTMLFormElement>) => {
    form.preventDefault();
    if (!make.isPending) make.mutate();
  };
  return (
    <section className="suppress">
      <h3>{t("suppress.title")}</h3>
      <p className="hint">{t("suppress.hint")}</p>
      <form onSubmit={submit}>
        <SuppressScope parts={parts} set={(part) => setParts({ ...parts, ...part })} rule={event.rule} facts={facts} />
        <div className="triage">
          <label className="triage-comment">
            {t("suppress.reason")}
            <input value={reason} required maxLength={1000} onChange={(change) => setReason(change.target.value)} />
          </label>
          <label>
            {t("suppress.until")}
            <select value={days} onChange={(change) => setDays(Number(change.target.value))}>
              {DAYS.map((one) => (
                <option key={one} value={one}>
                  {t("suppress.days", { number: one })}
                </option>
              ))}
              <option value={0}>{t("suppress.forever")}</option>
            </select>
          </label>
          <button type="submit" className="button primary" disabled={make.isPending}>
            {t("suppress.make")}
          </button>
          <button type="button" className="button" onClick={done}>
            {t("action.close")}
          </button>
        </div>
      </form>
      {error?.path === "reason" ? (
        <p className="field-error" role="alert">
          {complain(error)}
        </p>
      ) : make.error ? (
        <ErrorNote error={make.error} />
      ) : null}
      <Shown answer={preview} rows={1}>
        {(data) => (
          <>
            <p className="hint" role="status">
              {t("suppress.preview", { events: data.events, days: data.days })}
            </p>
            {data.rows.length > 0 ? (
              <details>
                <summary>{t("suppress.which", { number: Math.min(SHOWN, data.rows.length) })}</summary>
                <ul className="bullets">
                  {data.rows.slice(0, SHOWN).map((row) => (
                    <li key={row.event_id}>
                      <Time at={row.last} /> {say(row.text)}
                    </li>
                  ))}
                </ul>
              </details>
            ) : null}
          </>
        )}
      </Shown>
    </section>
  );
}
