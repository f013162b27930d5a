// SPDX-License-Identifier: Apache-2.0
// Which events a suppression is to hide: rule, addresses or networks, telling values, hours of the day.
import type { EventRow, Scalar, SuppressionScope } from "../../gen/api";
import { useWords } from "../../i18n";

export interface Parts {
  rule: boolean;
  /** Addresses and networks with blanks or commas between them; all where there is none. */
  src: string;
  dst: string;
  /** Names of the values that must be the same. */
  facts: string[];
  /** Hours of the day by the clock of the browser; all day where one is missing. */
  from: string;
  to: string;
}

export function scopeOf(parts: Parts, event: EventRow, facts: [string, Scalar][]): SuppressionScope {
  const list = (text: string) => text.split(/[\s,、]+/).filter((one) => one !== "");
  return {
    rule: parts.rule ? event.rule : null,
    src: list(parts.src),
    dst: list(parts.dst),
    facts: Object.fromEntries(facts.filter(([name]) => parts.facts.includes(name))),
    ...(parts.from && parts.to ? { hours: { from: parts.from, to: parts.to, offset_minutes: -new Date().getTimezoneOffset() } } : {}),
  };
}

export function SuppressScope({ parts, set, rule, facts }: { parts: Parts; set: (part: Partial<Parts>) => void; rule: string; facts: [string, Scalar][] }) {
  const { t } = useWords();
  return (
    <div className="suppress-scope">
      <label>
        <input type="checkbox" checked={parts.rule} onChange={(change) => set({ rule: change.target.checked })} /> {t("suppress.rule")} <code className="chip">{rule}</code>
      </label>
      {(["src", "dst"] as const).map((side) => (
        <label key={side} className="suppress-side">
          {t(side === "src" ? "events.source" : "events.destination")}
          <input className="mono" value={parts[side]} placeholder={t("suppress.any")} maxLength={2000} onChange={(change) => set({ [side]: change.target.value })} />
        </label>
      ))}
      {facts.map(([name, value]) => (
        <label key={name}>
          <input type="checkbox" checked={parts.facts.includes(name)} onChange={(change) => set({ facts: change.target.checked ? [...parts.facts, name] : parts.facts.filter((one) => one !== name) })} /> <code>{name}</code> <span className="mono">{String(value)}</span>
        </label>
      ))}
      <fieldset>
        <legend>{t("suppress.hours")}</legend>
        <input type="time" aria-label={t("suppress.hoursFrom")} value={parts.from} onChange={(change) => set({ from: change.target.value })} />
        {" – "}
        <input type="time" aria-label={t("suppress.hoursTo")} value={parts.to} onChange={(change) => set({ to: change.target.value })} />
      </fieldset>
    </div>
  );
}
