// SPDX-License-Identifier: Apache-2.0
// Ranges that nothing is deleted from: making one, ending one.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call, Failure } from "../../api/client";
import type { LakeHold, LakeHoldKind } from "../../gen/api";
import { useWords } from "../../i18n";
import { time, utc } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Empty, ErrorNote } from "../../parts/State";

const KINDS: LakeHoldKind[] = ["incident", "legal", "other"];
const instant = (local: string) => (local === "" ? "" : new Date(local).toISOString());

export function Holds({ holds }: { holds: LakeHold[] }) {
  const { t } = useWords();
  const client = useQueryClient();
  const end = useMutation({ mutationFn: (id: number) => call<undefined>("DELETE", `/lake/holds/${id}`), onSuccess: () => client.invalidateQueries({ queryKey: ["lake"] }) });
  return (
    <Panel title={t("lake.holds")} note={t("lake.holdsNote")}>
      {holds.length === 0 ? (
        <Empty title={t("lake.noHolds")} />
      ) : (
        <ul className="lake-holds">
          {holds.map((hold) => (
            <li key={hold.id}>
              <span className="tag">{t(`lake.kind.${hold.kind}`)}</span>
              <span title={`${utc(hold.from)} – ${utc(hold.to)}`}>{`${time(hold.from)} – ${time(hold.to)}`}</span>
              <span className="grow">
                {hold.reason} {hold.owner ? <span className="faint">{`(${hold.owner})`}</span> : null}
              </span>
              <button type="button" className="button small" disabled={end.isPending} onClick={() => window.confirm(t("lake.reallyRelease", { reason: hold.reason })) && end.mutate(hold.id)}>
                {t("lake.release")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {end.error ? <ErrorNote error={end.error} /> : null}
      <NewHold />
    </Panel>
  );
}

function NewHold() {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [kind, setKind] = useState<LakeHoldKind>("incident");
  const [reason, setReason] = useState("");
  const make = useMutation({
    mutationFn: () => call<LakeHold>("POST", "/lake/holds", { from: instant(from), to: instant(to), kind, owner: null, reason }),
    onSuccess: () => {
      setReason("");
      return client.invalidateQueries({ queryKey: ["lake"] });
    },
  });
  const error = make.error instanceof Failure ? make.error.error : null;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!make.isPending) make.mutate();
  };
  return (
    <form className="lake-form" onSubmit={submit}>
      <label>
        {t("lake.from")}
        <input type="datetime-local" required value={from} onChange={(event) => setFrom(event.target.value)} aria-invalid={error?.path === "from"} />
      </label>
      <label>
        {t("lake.to")}
        <input type="datetime-local" required value={to} onChange={(event) => setTo(event.target.value)} aria-invalid={error?.path === "to"} />
      </label>
      <label>
        {t("lake.for")}
        <select value={kind} onChange={(event) => setKind(KINDS.find((one) => one === event.target.value) ?? "other")}>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`lake.kind.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="grow">
        {t("lake.reason")}
        <input required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} aria-invalid={error?.path === "reason"} />
      </label>
      <button type="submit" className="button primary" disabled={make.isPending}>
        {t("lake.hold")}
      </button>
      {error ? (
        <p className="lake-error" role="alert">
          {complain(error)}
        </p>
      ) : make.error ? (
        <ErrorNote error={make.error} />
      ) : null}
    </form>
  );
}
