// SPDX-License-Identifier: Apache-2.0
// What a chart of traffic can do besides: show an earlier range beside it, and count flows where they start.
import type { SeriesRequest } from "../gen/api";
import { useWords } from "../i18n";
import { Icon } from "./Icon";
import { Popup } from "./Popup";

/** How much earlier a range may lie that is compared with. */
export const LENGTHS = ["1h", "1d", "7d", "28d"];

export interface ChartWish {
  /** One of the lengths, or empty. */
  compare: string;
  /** What a flow moved is spread over its lifetime. */
  spread: boolean;
}

/** The members of a request; what is as usual is not named. */
export const wished = ({ compare, spread }: ChartWish): Partial<SeriesRequest> => ({ ...(compare ? { compare } : {}), ...(spread ? {} : { spread: false }) });

/** Chooses the earlier range. */
export function Earlier({ value, onChange }: { value: string; onChange: (length: string) => void }) {
  const { t } = useWords();
  return (
    <label className="analysis-field">
      <span className="group-label">{t("analysis.compare")}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{t("analysis.compareNone")}</option>
        {LENGTHS.map((length) => (
          <option key={length} value={length}>
            {t(`analysis.${length}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ChartOptions({ wish, onChange }: { wish: ChartWish; onChange: (change: Partial<ChartWish>) => void }) {
  const { t } = useWords();
  const changed = wish.compare !== "" || !wish.spread;
  return (
    <Popup
      label={t("chart.options")}
      align="right"
      className={`button small${changed ? " on" : ""}`}
      face={
        <>
          <Icon name="chart" size={13} /> {t("chart.options")}
        </>
      }
    >
      {() => (
        <div className="chart-options">
          <Earlier value={wish.compare} onChange={(compare) => onChange({ compare })} />
          <label className="analysis-field">
            <input type="checkbox" checked={wish.spread} onChange={(event) => onChange({ spread: event.target.checked })} />
            {t("chart.spread")}
          </label>
          <p className="hint">{t("chart.spreadHelp")}</p>
        </div>
      )}
    </Popup>
  );
}
