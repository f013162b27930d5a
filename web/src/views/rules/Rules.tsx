// SPDX-License-Identifier: Apache-2.0
// Detection rules: what each asks and why it has its numbers, and what it would have found with others, or with a text
// of one's own.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useRules } from "../../api/queries";
import { call, Failure } from "../../api/client";
import type { RuleInfo, RuleTried, RuleTry } from "../../gen/api";
import { useWords } from "../../i18n";
import { micros } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";
import { ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import "../profiles/profiles.css";
import "../events/events.css";
import "./rules.css";

const seconds = (secs: number) => micros(secs * 1e6);

/** What a rule of one's own begins with. */
const DRAFT = `+++
title = { en = "Many peers", ja = "通信相手が多数" }
question = { en = "Who talks to many hosts?", ja = "多数のホストと通信しているのは誰か。" }
severity = "low"
attack = ["T1046"]
window = "1m"
every = "30s"
text = { en = "{src_ip} talked to {peers} hosts.", ja = "{src_ip} が {peers} 台と通信しました。" }
filter = "src_ip = {src_ip}"

[parameters.peers]
default = 100
reason = { en = "…", ja = "…" }

[[benign]]
en = "…"
ja = "…"
+++
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS peers
FROM flows WHERE $range
GROUP BY 1, src_ip HAVING COUNT(DISTINCT dst_ip) > $peers
`;

export function Rules() {
  const { t, say } = useWords();
  const answer = useRules();
  const [params, put] = useParameters();
  const own = params.get("own") === "1";
  return (
    <Shown answer={answer} rows={8}>
      {(data) => {
        const chosen = data.rules.find((rule) => rule.name === params.get("rule")) ?? data.rules[0];
        return (
          <div className="profiles">
            <aside className="panel fill profile-list" aria-label={t("rules.list")}>
              <header className="panel-head">
                <h2>{t("rules.list")}</h2>
                <div className="panel-tools">
                  <button type="button" className="button small" onClick={() => put([["own", "1"]])}>
                    <Icon name="plus" size={13} /> {t("rules.own")}
                  </button>
                </div>
              </header>
              <ul className="scroll">
                {data.rules.map((rule) => (
                  <li key={rule.name}>
                    <button
                      type="button"
                      aria-current={!own && rule === chosen}
                      onClick={() =>
                        put([
                          ["rule", rule.name],
                          ["own", null],
                        ])
                      }
                    >
                      <strong>{say(rule.title)}</strong>
                      <span className="faint mono">{rule.name}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </aside>
            <div className="profile-main">
              {data.refused.length > 0 ? (
                <Panel title={t("rules.refused")}>
                  <ul className="bullets">
                    {data.refused.map((rule) => (
                      <li key={rule.name}>
                        <code>{rule.name}</code> {rule.why}
                      </li>
                    ))}
                  </ul>
                </Panel>
              ) : null}
              {own ? <OwnRule /> : chosen ? <Detail key={chosen.name} rule={chosen} /> : null}
            </div>
          </div>
        );
      }}
    </Shown>
  );
}

function useTry() {
  const scope = useScope();
  return useMutation({ mutationFn: (rule: Omit<RuleTry, "from" | "to">) => call<RuleTried>("POST", "/rules/try", { ...rule, from: scope.ask.from, to: scope.ask.to }) });
}

function Detail({ rule }: { rule: RuleInfo }) {
  const { t, say } = useWords();
  const [numbers, setNumbers] = useState<Record<string, number>>(() => Object.fromEntries(rule.parameters.map((one) => [one.name, one.value])));
  const attempt = useTry();
  const facts = [t("rules.window", { time: seconds(rule.window_secs) }), rule.every_secs === null ? "" : t("rules.every", { time: seconds(rule.every_secs) }), rule.history_secs === null ? "" : t("rules.history", { time: seconds(rule.history_secs) })].filter(Boolean);
  return (
    <Panel title={say(rule.title)} note={<code>{rule.name}</code>}>
      <p>
        <Severity level={rule.severity} /> {say(rule.question)}
      </p>
      <p className="faint">{facts.join(" · ")}</p>
      {rule.only === null ? null : (
        <p>
          {t("rules.only")} <code>{rule.only}</code>
        </p>
      )}
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
                <input type="number" min={0} aria-label={one.name} value={numbers[one.name] ?? one.value} onChange={(event) => setNumbers({ ...numbers, [one.name]: Math.max(0, Math.trunc(Number(event.target.value))) })} />
              </td>
              <td className="rule-reason">{say(one.reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="profile-actions">
        <button type="button" className="button primary" disabled={attempt.isPending} onClick={() => attempt.mutate({ name: rule.name, parameters: numbers })}>
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

function OwnRule() {
  const { t } = useWords();
  const [text, setText] = useState(DRAFT);
  const attempt = useTry();
  return (
    <Panel title={t("rules.own")}>
      <label className="name-members">
        {t("rules.text")}
        <textarea
          className="mono rule-text"
          rows={22}
          spellCheck={false}
          value={text}
          onChange={(event) => {
            attempt.reset();
            setText(event.target.value);
          }}
        />
      </label>
      <div className="profile-actions">
        <button type="button" className="button primary" disabled={attempt.isPending} onClick={() => attempt.mutate({ name: "own", text })}>
          {t("rules.try")}
        </button>
      </div>
      <Outcome attempt={attempt} />
    </Panel>
  );
}

function Outcome({ attempt }: { attempt: ReturnType<typeof useTry> }) {
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
