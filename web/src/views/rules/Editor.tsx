// SPDX-License-Identifier: Apache-2.0
// Writing a rule: its name, its text with the columns at hand, trying it on the past, and keeping it.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useRuleText } from "../../api/queries";
import { call, Failure } from "../../api/client";
import type { RuleKept, RuleText } from "../../gen/api";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { ErrorNote, Shown } from "../../parts/State";
import { ColumnList } from "../sql/ColumnList";
import { useInsert } from "../sql/useInsert";
import { DRAFT } from "./draft";
import { Outcome } from "./Outcome";
import { useTry } from "./useTry";

interface Props {
  /** The rule that it begins with; a draft where there is none. */
  of: string | null;
  /** With the name of the rule that was kept. */
  done: (name: string) => void;
}

export function Editor({ of, done }: Props) {
  const answer = useRuleText(of);
  if (of === null) return <Form begin={{ name: "", text: DRAFT, origin: "" }} done={done} />;
  return (
    <Shown answer={answer} rows={8}>
      {(begin) => <Form begin={begin} done={done} />}
    </Shown>
  );
}

function Form({ begin, done }: { begin: RuleText; done: (name: string) => void }) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const [name, setName] = useState(begin.origin === "console" ? begin.name : begin.name === "" ? "" : `${begin.name.replace(":", "_")}_own`);
  const [text, setText] = useState(begin.text);
  const hint = useId();
  const attempt = useTry();
  const save = useMutation({
    mutationFn: () => call<RuleKept>("PUT", `/rules/${encodeURIComponent(name.trim())}`, { text }),
    onSuccess: async (kept) => {
      await client.invalidateQueries({ queryKey: ["rules"] });
      if (kept.in_force) done(kept.name);
    },
  });
  const edit = (to: string) => {
    attempt.reset();
    save.reset();
    setText(to);
  };
  const { area, insert } = useInsert(text, edit);
  const placed = save.error instanceof Failure && save.error.error.path !== null ? save.error.error : null;
  return (
    <div className="rule-editor">
      <Panel title={begin.name === "" ? t("rules.own") : t("rules.from", { name: begin.name })}>
        <form
          className="profile-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!save.isPending) save.mutate();
          }}
        >
          <div className="rule-name">
            <label>
              {t("rules.name")}
              <input
                className="mono"
                value={name}
                required
                maxLength={64}
                pattern="[a-z0-9_]+"
                aria-describedby={hint}
                aria-invalid={placed?.path === "name"}
                onChange={(event) => {
                  save.reset();
                  setName(event.target.value);
                }}
              />
            </label>
            <span id={hint} className="hint">
              {t("rules.nameHint")}
            </span>
          </div>
          <label className="name-members">
            {t("rules.text")}
            <textarea ref={area} className="mono rule-text" rows={26} spellCheck={false} value={text} aria-invalid={placed?.path === "text"} onChange={(event) => edit(event.target.value)} />
          </label>
          {placed ? (
            <p className="field-error" role="alert">
              {complain(placed)}
            </p>
          ) : save.error ? (
            <ErrorNote error={save.error} />
          ) : null}
          {save.data?.in_force === false ? <p role="status">{t("rules.notYet")}</p> : null}
          <div className="profile-actions">
            <button type="button" className="button" disabled={attempt.isPending} onClick={() => attempt.mutate({ name: name.trim() || "own", text })}>
              {t("rules.try")}
            </button>
            <button type="submit" className="button primary" disabled={save.isPending}>
              {t("rules.keepOwn")}
            </button>
            {save.isPending ? <span role="status">{t("rules.keeping")}</span> : null}
          </div>
        </form>
        <Outcome attempt={attempt} />
      </Panel>
      <ColumnList insert={insert} />
    </div>
  );
}
