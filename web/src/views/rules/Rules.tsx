// SPDX-License-Identifier: Apache-2.0
// Detection rules: all that there are with how they run, one of them whole, and writing one of one's own.
import { useState } from "react";
import { useRules } from "../../api/queries";
import type { RuleInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { Shown } from "../../parts/State";
import { Detail } from "./Detail";
import { Editor } from "./Editor";
import "../profiles/profiles.css";
import "../events/events.css";
import "./rules.css";

/** Stands for a rule that there is not yet; no name of a rule. */
const NEW = "+";

export function Rules() {
  const { t } = useWords();
  const answer = useRules();
  const [params, put] = useParameters();
  const own = params.get("own");
  const show = (rule: string | null) =>
    put([
      ["rule", rule],
      ["own", null],
    ]);
  const write = (rule: RuleInfo) =>
    put([
      ["rule", rule.name],
      ["own", rule.name],
    ]);
  return (
    <Shown answer={answer} rows={8}>
      {(data) => {
        const chosen = data.rules.find((rule) => rule.name === params.get("rule")) ?? data.rules[0];
        return (
          <div className="profiles rules">
            <aside className="panel fill profile-list" aria-label={t("rules.list")}>
              <header className="panel-head">
                <h2>{t("rules.list")}</h2>
                <div className="panel-tools">
                  <button type="button" className="button small" onClick={() => put([["own", NEW]])}>
                    <Icon name="plus" size={13} /> {t("rules.own")}
                  </button>
                </div>
              </header>
              <Names rules={data.rules} chosen={own === null ? chosen : undefined} show={show} />
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
              {own === null ? chosen ? <Detail key={chosen.name} rule={chosen} write={() => write(chosen)} gone={() => show(null)} /> : null : <Editor key={own} of={own === NEW ? null : own} done={show} />}
            </div>
          </div>
        );
      }}
    </Shown>
  );
}

function Names({ rules, chosen, show }: { rules: RuleInfo[]; chosen: RuleInfo | undefined; show: (rule: string) => void }) {
  const { t, say } = useWords();
  const [wanted, setWanted] = useState("");
  const list = rules.filter((rule) => `${rule.name} ${say(rule.title)} ${rule.attack.join(" ")}`.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <>
      <input type="search" aria-label={t("rules.find")} placeholder={t("rules.find")} value={wanted} onChange={(event) => setWanted(event.target.value)} />
      <ul className="scroll">
        {list.map((rule) => (
          <li key={rule.name}>
            <button type="button" aria-current={rule === chosen} onClick={() => show(rule.name)}>
              <strong>{say(rule.title)}</strong>
              {rule.enabled ? null : <span className="chip">{t("rules.off")}</span>}
              {rule.origin === "shipped" ? null : <span className="chip">{t("rules.ownMark")}</span>}
              <span className="faint mono">{rule.name}</span>
            </button>
          </li>
        ))}
        {list.length === 0 ? <li className="hint">{t("rules.noMatch")}</li> : null}
      </ul>
    </>
  );
}
