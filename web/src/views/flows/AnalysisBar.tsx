// SPDX-License-Identifier: Apache-2.0
// What a ranking shows: measures, a condition on groups, an earlier range to compare with, how flows count.
import { useState } from "react";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { PLAIN, proposals } from "../../parts/measures";
import { Popup } from "../../parts/Popup";
import { LENGTHS, type Question } from "./question";

const MOST = 8;

export function AnalysisBar({ question, onChange }: { question: Question; onChange: (change: Partial<Question>) => void }) {
  const { t } = useWords();
  const { measures, compare, directions, raw } = question;
  const take = (next: string[]) => onChange({ measures: next.length > 0 ? next : PLAIN });
  return (
    <div className="analysis" role="group" aria-label={t("analysis.label")}>
      <span className="group-label">{t("analysis.measures")}</span>
      {measures.map((name) => (
        <span key={name} className="chip">
          <code>{name}</code>
          <button type="button" aria-label={t("analysis.removeMeasure", { name })} onClick={() => take(measures.filter((one) => one !== name))}>
            <Icon name="close" size={11} />
          </button>
        </span>
      ))}
      {measures.length < MOST ? (
        <Popup
          label={t("analysis.addMeasure")}
          className="button small"
          face={
            <>
              <Icon name="plus" size={12} /> {t("analysis.addMeasure")}
            </>
          }
        >
          {(close) => (
            <Proposals
              taken={measures}
              pick={(name) => {
                take([...measures, name]);
                close();
              }}
            />
          )}
        </Popup>
      ) : null}
      <Having key={question.having} text={question.having} onApply={(having) => onChange({ having })} />
      <label className="analysis-field">
        <span className="group-label">{t("analysis.compare")}</span>
        <select value={compare} onChange={(event) => onChange({ compare: event.target.value })}>
          <option value="">{t("analysis.compareNone")}</option>
          {LENGTHS.map((length) => (
            <option key={length} value={length}>
              {t(`analysis.${length}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="analysis-field" title={t("analysis.directionsHelp")}>
        <input type="checkbox" checked={directions} onChange={(event) => onChange({ directions: event.target.checked })} />
        {t("analysis.directions")}
      </label>
      <label className="analysis-field" title={t("analysis.rawHelp")}>
        <input type="checkbox" checked={raw} onChange={(event) => onChange({ raw: event.target.checked })} />
        {t("analysis.raw")}
      </label>
    </div>
  );
}

function Having({ text, onApply }: { text: string; onApply: (text: string) => void }) {
  const { t } = useWords();
  const [typed, setTyped] = useState(text);
  return (
    <form
      className="analysis-field having"
      onSubmit={(event) => {
        event.preventDefault();
        onApply(typed);
      }}
    >
      <label className="group-label" htmlFor="having">
        {t("analysis.having")}
      </label>
      <input id="having" className="mono" value={typed} placeholder={t("analysis.havingHint")} spellCheck={false} onChange={(event) => setTyped(event.target.value)} onBlur={() => typed.trim() !== text && onApply(typed)} />
    </form>
  );
}

function Proposals({ taken, pick }: { taken: string[]; pick: (name: string) => void }) {
  const { t } = useWords();
  const [wanted, setWanted] = useState("");
  const list = proposals(wanted).filter((name) => !taken.includes(name));
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={t("analysis.findMeasure")}
        placeholder={t("analysis.findMeasure")}
        // The box was opened by the person to type here.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !list[0]) return;
          // The key must not press the button that gets the focus.
          event.preventDefault();
          pick(list[0]);
        }}
      />
      <ul className="picker-list">
        {list.map((name) => (
          <li key={name}>
            <button type="button" className="menu-item" onClick={() => pick(name)}>
              <code>{name}</code>
            </button>
          </li>
        ))}
        {list.length === 0 ? <li className="hint">{t("columns.noMatch")}</li> : null}
      </ul>
    </div>
  );
}
