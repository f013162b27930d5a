// SPDX-License-Identifier: Apache-2.0
// Hiding events like this one: what exactly, why, until when, and what it would have hidden so far.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call, Failure } from "../../api/client";
import type { EventRow, Scalar, SuppressionInfo, SuppressionPreview, SuppressionScope } from "../../gen/api";
import { useWords } from "../../i18n";
import { ErrorNote, Shown } from "../../parts/State";

const DAYS = [1, 7, 30, 90];
const DAY_MILLIS = 86_400_000;
/** Facts that tell one kind of thing from another; numbers of how much are no part of a scope. */
const TELLING = /^(dst_port|app|name|domain|proto)$|(_name|_sni|_query)$/;

export function SuppressForm({ event, done }: { event: EventRow; done: () => void }) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const facts: Record<string, Scalar> = Object.fromEntries(Object.entries(event.values).filter(([name]) => TELLING.test(name)));
  const [parts, setParts] = useState({ src: event.src_ip !== null, dst: event.dst_ip !== null, facts: false });
  const [reason, setReason] = useState("");
  const [days, setDays] = useState(30);
  const scope: SuppressionScope = {
    rule: event.rule,
    src: parts.src && event.src_ip ? [event.src_ip] : [],
    dst: parts.dst && event.dst_ip ? [event.dst_ip] : [],
    facts: parts.facts ? facts : {},
  };
  const preview = useQuery({ queryKey: ["suppression-preview", scope], queryFn: ({ signal }) => call<SuppressionPreview>("POST", "/suppressions/preview", scope, signal) });
  const make = useMutation({
    mutationFn: () => call<SuppressionInfo>("POST", "/suppressions", { scope, reason, valid_to: days === 0 ? null : new Date(Date.now() + days * DAY_MILLIS).toISOString() }),
    onSuccess: () => {
      for (const key of ["events", "incidents", "suppressions"]) void client.invalidateQueries({ queryKey: [key] });
      done();
    },
  });
  const error = make.error instanceof Failure ? make.error.error : null;
  const submit = (form: SubmitEvent<HTMLFormElement>) => {
    form.preventDefault();
    if (!make.isPending) make.mutate();
  };
  const choices = [
    { part: "src" as const, shown: event.src_ip, label: t("events.source") },
    { part: "dst" as const, shown: event.dst_ip, label: t("events.destination") },
    { part: "facts" as const, shown: Object.entries(facts).map(([name, value]) => `${name} ${String(value)}`).join(", "), label: t("suppress.facts") },
  ].filter((choice) => choice.shown);
  return (
    <section className="suppress">
      <h3>{t("suppress.title")}</h3>
      <p className="hint">{t("suppress.hint")}</p>
      <form onSubmit={submit}>
        <p>
          <code className="chip">{event.rule}</code>
        </p>
        {choices.map((choice) => (
          <label key={choice.part} className="suppress-part">
            <input type="checkbox" checked={parts[choice.part]} onChange={(change) => setParts({ ...parts, [choice.part]: change.target.checked })} /> {choice.label} <span className="mono">{choice.shown}</span>
          </label>
        ))}
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
          <p className="hint" role="status">
            {t("suppress.preview", { events: data.events, days: data.days })}
          </p>
        )}
      </Shown>
    </section>
  );
}
