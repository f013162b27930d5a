// SPDX-License-Identifier: Apache-2.0
// What a ranking shows: measures, a condition on groups, an earlier range to compare with, how flows count.
import { useState } from "react";
import { useWords } from "../../i18n";
import { Earlier } from "../../parts/ChartOptions";
import { PLAIN, proposals } from "../../parts/measures";
import { Picker } from "../../parts/Picker";
import type { Question } from "./question";

const MOST = 8;

export function AnalysisBar({ question, onChange }: { question: Question; onChange: (change: Partial<Question>) => void }) {
  const { t } = useWords();
  const { measures, compare, directions, raw } = question;
  return (
    <div className="analysis" role="group" aria-label={t("analysis.label")}>
      <span className="group-label">{t("analysis.measures")}</span>
      <Picker
        chosen={measures}
        onChange={(next) => onChange({ measures: next.length > 0 ? next : PLAIN })}
        most={MOST}
        add={t("analysis.addMeasure")}
        remove={(name) => t("analysis.removeMeasure", { name })}
        find={t("analysis.findMeasure")}
        propose={proposals}
      />
      <Having key={question.having} text={question.having} onApply={(having) => onChange({ having })} />
      <Earlier value={compare} onChange={(length) => onChange({ compare: length })} />
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
