// SPDX-License-Identifier: Apache-2.0
// Making, changing and ending a tag or a set. What is wrong is told where it is.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call, Failure } from "../../api/client";
import { FilterField } from "../../filter/FilterField";
import type { ApiError, FilterError, SetInfo, SetOf, TagInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { ErrorNote } from "../../parts/State";
import { asText, type Kind, members } from "./names";

interface Props {
  kind: Kind;
  /** The one to change; a new one where there is none of the kind. */
  found: { tag: TagInfo | null; set: SetInfo | null };
  /** With the name of what was written; nothing where it was ended. */
  done: (name: string | null) => void;
}

const OF: SetOf[] = ["addresses", "ports", "names"];

export function NameForm({ kind, found, done }: Props) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const old = found[kind];
  const [name, setName] = useState(old?.name ?? "");
  const [filter, setFilter] = useState(found.tag?.filter ?? "");
  const [of, setOf] = useState<SetOf>(found.set?.of ?? "addresses");
  const [text, setText] = useState(asText(found.set?.members ?? []));
  const [note, setNote] = useState(old?.note ?? "");
  const [from, setFrom] = useState("");
  const [typing, setTyping] = useState<ApiError | FilterError | null>(null);
  const path = `/${kind}s`;
  const own = `${path}/${encodeURIComponent(old?.name ?? "")}`;
  const refresh = (then: string | null) => {
    // channels of profiles may ask for what was changed
    for (const key of ["tags", "sets", "profiles", "flow-tags"]) void client.invalidateQueries({ queryKey: [key] });
    done(then);
  };
  const body = () => ({
    ...(kind === "tag" ? { filter } : { members: members(text) }),
    note: note.trim() === "" ? null : note.trim(),
    valid_from: from === "" ? null : new Date(from).toISOString(),
  });
  const save = useMutation({
    mutationFn: () => (old ? call<SetInfo | TagInfo>("PUT", own, body()) : call<SetInfo | TagInfo>("POST", path, { name: name.trim(), ...(kind === "set" ? { of } : {}), ...body() })),
    onSuccess: (made) => refresh(made.name),
  });
  const end = useMutation({ mutationFn: () => call<undefined>("DELETE", own), onSuccess: () => refresh(null) });

  const cause = save.error ?? end.error;
  const error = cause instanceof Failure ? cause.error : null;
  const at = (member: string) => (save.error && error?.path === member ? error : null);
  const placed = ["filter", "members", "valid_from", ...(old ? [] : ["name"])].some((member) => at(member));
  const fault = (problem: ApiError | FilterError | null) =>
    problem ? (
      <p className="field-error" role="alert">
        {complain(problem)}
      </p>
    ) : null;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <Panel title={old ? t(`names.change.${kind}`, { name: old.name }) : t(`names.new.${kind}`)} note={old ? t("profiles.changeHint") : undefined}>
      <form className="profile-form" onSubmit={submit} onChange={() => save.reset()}>
        <div className="profile-fields">
          {old ? null : (
            <label>
              {t("profiles.name")}
              <input value={name} required maxLength={256} onChange={(event) => setName(event.target.value)} aria-invalid={at("name") !== null} />
              {fault(at("name"))}
            </label>
          )}
          {kind === "set" ? (
            <label>
              {t("names.of")}
              <select value={of} disabled={old !== null} onChange={(event) => setOf(OF.find((one) => one === event.target.value) ?? "addresses")}>
                {OF.map((one) => (
                  <option key={one} value={one}>
                    {t(`names.ofWhat.${one}`)}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <label>
            {t("names.note")}
            <input value={note} maxLength={256} onChange={(event) => setNote(event.target.value)} />
          </label>
          <label>
            {t("profiles.from")}
            <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
            {fault(at("valid_from"))}
          </label>
        </div>
        {kind === "tag" ? (
          <div>
            <p className="hint">{t("names.filterHint")}</p>
            <FilterField label={t("names.filter")} placeholder={t("names.filterEmpty")} text={filter} error={at("filter")} edit={setFilter} tell={setTyping} />
            {fault(at("filter") ?? typing)}
          </div>
        ) : (
          <label className="name-members">
            {t("names.members")}
            <textarea className="mono" rows={8} value={text} spellCheck={false} onChange={(event) => setText(event.target.value)} aria-invalid={at("members") !== null} />
            <span className="hint">{t(`names.membersHint.${of}`)}</span>
            {fault(at("members"))}
          </label>
        )}
        {cause && !placed ? <ErrorNote error={cause} /> : null}
        <div className="profile-actions">
          <button type="submit" className="button primary" disabled={save.isPending}>
            {old ? t("profiles.save") : t(`names.make.${kind}`)}
          </button>
          {old ? (
            <button type="button" className="button" disabled={end.isPending} onClick={() => window.confirm(t("names.reallyEnd", { name: old.name })) && end.mutate()}>
              {t(`names.end.${kind}`)}
            </button>
          ) : null}
        </div>
      </form>
    </Panel>
  );
}
