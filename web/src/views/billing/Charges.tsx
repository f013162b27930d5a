// SPDX-License-Identifier: Apache-2.0
// The charged rate of each interface, network, autonomous system …; a row narrows the page to it.
import { useSeries } from "../../api/queries";
import { narrow, term } from "../../filter/build";
import type { SeriesLine } from "../../gen/api";
import { useWords } from "../../i18n";
import { rate } from "../../charts/traffic";
import { DownloadAnswer } from "../../parts/Download";
import { bitRate, bytes } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import { chargesOf, KEYS, type Terms } from "./terms";

export function Charges({ terms, onChange }: { terms: Terms; onChange: (change: Partial<Terms>) => void }) {
  const { t } = useWords();
  const scope = useScope();
  const asked = chargesOf(terms);
  const answer = useSeries(scope.ask, asked, terms.per !== "");
  const tools = (
    <>
      <label className="analysis-field">
        <span className="group-label">{t("billing.per")}</span>
        <select aria-label={t("billing.per")} value={terms.per} onChange={(event) => onChange({ per: event.target.value })}>
          <option value="">{t("billing.none")}</option>
          {Object.keys(KEYS).map((key) => (
            <option key={key} value={key}>
              {t(`billing.keys.${key}`)}
            </option>
          ))}
        </select>
      </label>
      {terms.per ? <DownloadAnswer answers={[{ what: "series", ask: { ...scope.ask, ...asked } }]} /> : null}
    </>
  );
  return (
    <Panel title={t("billing.perTitle")} note={t("billing.perNote")} tools={tools}>
      {terms.per ? (
        <Shown answer={answer} rows={6}>
          {(data) => <Table lines={data.series} stepSecs={data.step_secs} terms={terms} />}
        </Shown>
      ) : null}
    </Panel>
  );
}

function Table({ lines, stepSecs, terms }: { lines: SeriesLine[]; stepSecs: number; terms: Terms }) {
  const { t } = useWords();
  const scope = useScope();
  const key = KEYS[terms.per] ?? "";
  const charged = (line: SeriesLine) => line.percentile ?? 0;
  const most = Math.max(1, ...lines.map(charged));
  // Values of columns that are numbers come as texts; the filter line takes both.
  const termOf = (line: SeriesLine) => (line.name ? term(key, /^(exporter_(in|out)_if|(src|dst)_as)$/.test(key) ? Number(line.name) : line.name) : null);
  const named = lines.filter((line) => line.name !== null).toSorted((a, b) => charged(b) - charged(a));
  if (named.length === 0) return <Empty title={t("billing.empty")} />;
  return (
    <table className="grid compact billing-table">
      <thead>
        <tr>
          <th scope="col">{t(`billing.keys.${terms.per}`)}</th>
          <th scope="col" className="num">
            {t("billing.rate", { percent: terms.percentile })}
          </th>
          <th scope="col" className="num">
            {t("billing.volume")}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...named, ...lines.filter((line) => line.name === null)].map((line) => {
          const one = termOf(line);
          return (
            <tr key={line.name ?? "\u0000"}>
              <td className="wide">
                <span className="billing-bar" style={{ width: `${(100 * charged(line)) / most}%` }} />
                {one ? (
                  <button type="button" className="link mono" title={one} onClick={() => scope.setFilter(narrow(scope.filter, one))}>
                    {line.name}
                  </button>
                ) : (
                  <span>{line.name === null ? t("billing.rest") : line.name || t("value.none")}</span>
                )}
              </td>
              <td className="num">{bitRate(rate(charged(line), "bytes", stepSecs))}</td>
              <td className="num">{bytes(line.values.reduce((sum, value) => sum + value, 0))}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
