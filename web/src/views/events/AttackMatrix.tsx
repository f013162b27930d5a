// SPDX-License-Identifier: Apache-2.0
// The matrix of ATT&CK: techniques of the events of the range by tactic; what rules look for and did not find is faint.
import { useAttack } from "../../api/detection";
import type { AttackTechnique, TechniqueCount } from "../../gen/api";
import { useWords } from "../../i18n";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import "./graph.css";

export function AttackMatrix() {
  const { t, say } = useWords();
  const scope = useScope();
  const [params, put] = useParameters();
  const answer = useAttack(scope.span, params.get("hidden") === "1");
  const onlyFound = params.get("found") === "1";
  return (
    <section className="panel fill" aria-label={t("events.view.attack")}>
      <Shown answer={answer} rows={10}>
        {(data) => {
          const columns = data.tactics
            .map((column) => ({ ...column, techniques: column.techniques.filter((one) => !onlyFound || one.whole.events > 0) }))
            .filter((column) => column.techniques.length > 0);
          return (
            <>
              <div className="matrix-bar">
                <span role="status">{t("attack.total", { events: data.events, without: data.without })}</span>
                <label className="faint">
                  <input type="checkbox" checked={onlyFound} onChange={(event) => put([["found", event.target.checked ? "1" : null]])} /> {t("attack.onlyFound")}
                </label>
              </div>
              {columns.length === 0 ? (
                <Empty title={t("attack.none")} />
              ) : (
                <div className="scroll">
                  <div className="matrix">
                    {columns.map((column) => (
                      <section key={column.tactic}>
                        <h3>
                          {say(column.name)}
                          <span className="faint">{t("attack.ofTactic", { found: column.techniques.filter((one) => one.whole.events > 0).length, all: column.techniques.length })}</span>
                        </h3>
                        {column.techniques.map((one) => (
                          <Technique key={one.whole.id} of={one} />
                        ))}
                      </section>
                    ))}
                  </div>
                </div>
              )}
            </>
          );
        }}
      </Shown>
    </section>
  );
}

function Technique({ of }: { of: AttackTechnique }) {
  return (
    <div className={`technique ${of.whole.events > 0 ? `found ${of.whole.severity ?? ""}` : "bare"}`}>
      <Cell one={of.whole} />
      {of.parts
        .filter((part) => part.events > 0)
        .map((part) => (
          <Cell key={part.id} one={part} part />
        ))}
    </div>
  );
}

function Cell({ one, part = false }: { one: TechniqueCount; part?: boolean }) {
  const { t, say } = useWords();
  const [, put] = useParameters();
  const words = t("attack.cell", { name: say(one.name), id: one.id, events: one.events, rules: one.rules });
  const face = (
    <>
      <span>{say(one.name)}</span>
      <b className="num">{one.events > 0 ? one.events : ""}</b>
      <code>{one.id}</code>
    </>
  );
  if (one.events === 0) return <span title={words}>{face}</span>;
  return (
    <button
      type="button"
      className={part ? "part" : ""}
      title={words}
      onClick={() =>
        put([
          ["view", "events"],
          ["attack", one.id],
          ["event", null],
          ["severity", null],
        ])
      }
    >
      {face}
    </button>
  );
}
