// SPDX-License-Identifier: Apache-2.0
// Where an event or incident stands, who looks after it, and what was said about it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call } from "../../api/client";
import type { StandingName, TriageChange, TriageInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/State";
import { History } from "./History";

export const STANDINGS: StandingName[] = ["new", "open", "confirmed", "false_positive", "closed"];

export function TriageBox({ id, triage }: { id: string; triage: TriageInfo }) {
  const { t } = useWords();
  const client = useQueryClient();
  const [owner, setOwner] = useState(triage.owner ?? "");
  const [comment, setComment] = useState("");
  const say = useMutation({
    mutationFn: (change: TriageChange) => call<TriageInfo>("PUT", `/events/${encodeURIComponent(id)}/triage`, change),
    onSuccess: () => {
      setComment("");
      for (const key of ["events", "incidents", "host-risks"]) void client.invalidateQueries({ queryKey: [key] });
    },
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!say.isPending) say.mutate({ owner, comment });
  };
  return (
    <section>
      <h3>{t("triage.title")}</h3>
      <form className="triage" onSubmit={submit}>
        <label>
          {t("triage.standing")}
          <select value={triage.standing} disabled={say.isPending} onChange={(event) => say.mutate({ standing: STANDINGS.find((one) => one === event.target.value) ?? "new" })}>
            {STANDINGS.map((one) => (
              <option key={one} value={one}>
                {t(`triage.is.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("triage.owner")}
          <input value={owner} maxLength={128} onChange={(event) => setOwner(event.target.value)} />
        </label>
        <label className="triage-comment">
          {t("triage.comment")}
          <input value={comment} maxLength={1000} onChange={(event) => setComment(event.target.value)} />
        </label>
        <button type="submit" className="button" disabled={say.isPending || (comment.trim() === "" && owner === (triage.owner ?? ""))}>
          {t("triage.save")}
        </button>
      </form>
      {say.error ? <ErrorNote error={say.error} /> : null}
      <History triage={triage} />
    </section>
  );
}
