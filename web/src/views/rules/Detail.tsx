// SPDX-License-Identifier: Apache-2.0
// One rule: what it asks, why it has its numbers, what it would have found with others, and how it is to run.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, Failure } from "../../api/client";
import type { RuleInfo, RuleKept, RuleSettings } from "../../gen/api";
import { useWords } from "../../i18n";
import { micros } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { SEVERITIES, Severity } from "../../parts/Severity";
import { ErrorNote } from "../../parts/State";
import { Outcome } from "./Outcome";
import { useTry } from "./useTry";

type Settings = Required<RuleSettings>;

/** How a rule runs now. */
const settings = (rule: RuleInfo): Settings => ({
  enabled: rule.enabled,
  only: rule.only ?? "",
  severity: rule.severity,
  parameters: Object.fromEntries(rule.parameters.map((one) => [one.name, one.value])),
});

const seconds = (secs: number) => micros(secs * 1e6);

interface Props {
  rule: RuleInfo;
  /** Opens the text of the rule. */
  write: () => void;
  /** The rule was deleted. */
  gone: () => void;
}

export function Detail({ rule, write, gone }: Props) {
  const { t, say } = useWords();
  const [edits, setEdits] = useState<Partial<Settings>>({});
  const wanted = { ...settings(rule), ...edits };
  const want = (change: Partial<Settings>) => setEdits({ ...edits, ...change });
  const attempt = useTry();
  const facts = [t("rules.window", { time: seconds(rule.window_secs) }), rule.every_secs === null ? "" : t("rules.every", { time: seconds(rule.every_secs) }), rule.history_secs === null ? "" : t("rules.history", { time: seconds(rule.history_secs) })].filter(Boolean);
  return (
    <Panel title={say(rule.title)} note={<code>{rule.name}</code>} tools={<Texts rule={rule} write={write} gone={gone} />}>
      <p>
        <Severity level={rule.severity} /> {say(rule.question)}
      </p>
      <p className="faint">{[...facts, t(`rules.origin.${rule.origin}`)].join(" · ")}</p>
      <p className="attack">
        {rule.attack.map((id) => (
          <code key={id} className="chip">
            {id}
          </code>
        ))}
      </p>
      <h3>{t("rules.parameters")}</h3>
      <table className="fact-table rule-numbers">
        <tbody>
          {rule.parameters.map((one) => (
            <tr key={one.name}>
              <th scope="row">
                <code>{one.name}</code>
              </th>
              <td>
                <input
                  type="number"
                  min={0}
                  aria-label={one.name}
                  value={wanted.parameters[one.name] ?? one.value}
                  onChange={(event) => want({ parameters: { ...wanted.parameters, [one.name]: Math.max(0, Math.trunc(Number(event.target.value))) } })}
                />
              </td>
              <td className="rule-reason">{say(one.reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <HowItRuns rule={rule} wanted={wanted} want={want} kept={() => setEdits({})} />
      <div className="profile-actions">
        <button type="button" className="button" disabled={attempt.isPending} onClick={() => attempt.mutate({ name: rule.name, parameters: wanted.parameters })}>
          {t("rules.try")}
        </button>
      </div>
      <Outcome attempt={attempt} />
      <h3>{t("rules.benign")}</h3>
      <ul className="bullets">
        {rule.benign.map((one) => (
          <li key={one.en}>{say(one)}</li>
        ))}
      </ul>
      <h3>{t("rules.query")}</h3>
      <pre className="filter-shown">{rule.sql}</pre>
    </Panel>
  );
}

/** Whether the rule runs, over which flows, how bad its events are; and keeping that. */
function HowItRuns({ rule, wanted, want, kept }: { rule: RuleInfo; wanted: Settings; want: (change: Partial<Settings>) => void; kept: () => void }) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const path = `/rules/${encodeURIComponent(rule.name)}/settings`;
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: ["rules"] });
    kept();
  };
  const save = useMutation({ mutationFn: () => call<RuleInfo>("PUT", path, wanted), onSuccess: refresh });
  const reset = useMutation({ mutationFn: () => call<RuleKept>("DELETE", path), onSuccess: refresh });
  const isInstance = rule.name.includes(":");
  if (rule.decided_by === "configuration") {
    return (
      <p className="hint">
        {t("rules.configured")} {rule.only === null ? null : <code>{rule.only}</code>}
      </p>
    );
  }
  const cause = save.error ?? reset.error;
  const placed = cause instanceof Failure && cause.error.path !== null ? cause.error : null;
  return (
    <form
      className="profile-form"
      aria-label={t("rules.how")}
      onChange={() => save.reset()}
      onSubmit={(event) => {
        event.preventDefault();
        if (!save.isPending) save.mutate();
      }}
    >
      <h3>{t("rules.how")}</h3>
      <div className="profile-fields rule-how">
        <label className="rule-runs">
          <input type="checkbox" checked={wanted.enabled} onChange={(event) => want({ enabled: event.target.checked })} />
          {t("rules.runs")}
        </label>
        <label>
          {t("rules.severity")}
          <select value={wanted.severity ?? ""} onChange={(event) => want({ severity: event.target.value })}>
            {SEVERITIES.map((level) => (
              <option key={level} value={level}>
                {t(`severity.${level}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="rule-only">
          {t("rules.only")}
          <input className="mono" value={wanted.only ?? ""} placeholder="src_net = 'guests'" onChange={(event) => want({ only: event.target.value })} aria-invalid={placed?.path === "only"} />
        </label>
      </div>
      {placed ? (
        <p className="field-error" role="alert">
          {complain(placed)}
        </p>
      ) : cause ? (
        <ErrorNote error={cause} />
      ) : null}
      <div className="profile-actions">
        <button type="submit" className="button primary" disabled={save.isPending}>
          {t("rules.keep")}
        </button>
        {rule.decided_by === "console" ? (
          <button type="button" className="button" disabled={reset.isPending} onClick={() => reset.mutate()}>
            {t(isInstance ? "rules.removeInstance" : "rules.reset")}
          </button>
        ) : null}
        {save.isPending || reset.isPending ? <span role="status">{t("rules.keeping")}</span> : null}
        {save.isSuccess ? <span role="status">{t("rules.kept")}</span> : null}
      </div>
      {isInstance ? null : <NewInstance rule={rule} wanted={wanted} />}
    </form>
  );
}

/** The same rule once more, with the numbers and the condition above under a name of its own. */
function NewInstance({ rule, wanted }: { rule: RuleInfo; wanted: Settings }) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () => call<RuleInfo>("PUT", `/rules/${encodeURIComponent(`${rule.name}:${name.trim()}`)}/settings`, { ...wanted, enabled: true }),
    onSuccess: () => {
      setName("");
      void client.invalidateQueries({ queryKey: ["rules"] });
    },
  });
  return (
    <div className="profile-actions">
      <input aria-label={t("rules.instanceName")} placeholder={t("rules.instanceName")} value={name} maxLength={32} pattern="[A-Za-z0-9_\-]+" onChange={(event) => setName(event.target.value)} />
      <button type="button" className="button" disabled={add.isPending || name.trim() === ""} title={t("rules.instanceHint")} onClick={() => add.mutate()}>
        {t("rules.addInstance")}
      </button>
      {add.isSuccess ? <span role="status">{t("rules.kept")}</span> : null}
      {add.error instanceof Failure ? (
        <p className="field-error" role="alert">
          {complain(add.error.error)}
        </p>
      ) : add.error ? (
        <ErrorNote error={add.error} />
      ) : null}
    </div>
  );
}

/** Opening its text; deleting it where somebody wrote it here. */
function Texts({ rule, write, gone }: Props) {
  const { t } = useWords();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => call<RuleKept>("DELETE", `/rules/${encodeURIComponent(rule.name)}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["rules"] });
      gone();
    },
  });
  return (
    <>
      {remove.error ? <ErrorNote error={remove.error} /> : null}
      <button type="button" className="button small" onClick={write}>
        {t(rule.origin === "console" ? "rules.change" : "rules.copy")}
      </button>
      {rule.origin === "console" ? (
        <button type="button" className="button small" disabled={remove.isPending} onClick={() => window.confirm(t("rules.reallyDelete", { name: rule.name })) && remove.mutate()}>
          {t("rules.delete")}
        </button>
      ) : null}
    </>
  );
}
