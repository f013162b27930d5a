// SPDX-License-Identifier: Apache-2.0
// A ranking by the chosen keys and measures; a click narrows the filter to that row and shows its flows.
import { Fragment, useState } from "react";
import { Link } from "react-router";
import { MEASURES, useTop } from "../../api/queries";
import { TAG, terms } from "../../filter/build";
import type { Interval, TopRow, TopTotals } from "../../gen/api";
import { useWords } from "../../i18n";
import { percent } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { change, written } from "../../parts/measures";
import { NoTraffic } from "../../parts/NoTraffic";
import { columnOf, show } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { ErrorNote, Loading } from "../../parts/State";
import { useRowKeys } from "../../parts/useRowKeys";
import { MADE, requestOf, type Question } from "./question";

const LIMITS = [25, 100, 500];

/** Values of the measures; older answers have the three sums only. */
function figures(row: TopTotals, measures: string[]): unknown[] {
  if (row.values) return row.values;
  return measures.map((name) => MEASURES.filter((measure) => measure === name).map((measure) => row[measure])[0] ?? null);
}

export function GroupTable({ keys, question, onSort }: { keys: string[]; question: Question; onSort: (change: Partial<Question>) => void }) {
  const { t, doc, of: wordOf } = useWords();
  const scope = useScope();
  const [limit, setLimit] = useState(LIMITS[0] ?? 25);
  const answer = useTop(scope.ask, requestOf(keys, question, limit));
  const termOf = (index: number) => terms(keys, answer.data?.rows[index]?.key ?? []);
  const host = useRowKeys<HTMLDivElement>((index) => {
    const one = termOf(index);
    if (one) scope.drill(one);
  });

  if (answer.error) return <ErrorNote error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data) return <Loading rows={10} />;
  const { rows, total, gone } = answer.data;
  const { measures, order, ascending, compare } = question;
  if (rows.length === 0 && !gone) return <NoTraffic />;
  const words = { yes: t("value.yes"), no: t("value.no"), of: wordOf };
  const label = (name: string, value: unknown) => (value === null || value === undefined || value === "" ? <span className="faint">{t("value.none")}</span> : show(name, value, words));
  const place = measures.indexOf(order);
  const of = (row: TopTotals) => Number(figures(row, measures)[place] ?? 0);
  const most = Math.max(1, ...rows.map(of));
  // Shares make sense of sums only, not of means or counts of different values; beside a comparison there is no room.
  const adds = !compare && (MEASURES.some((measure) => measure === order) || /^(src|dst)_(bytes|packets)$/.test(order));
  const sampled = [total, ...rows].some((row) => row.intervals);
  const head = (name: string) => (MEASURES.some((measure) => measure === name) ? t(`measure.${name}`) : name);
  const sort = (name: string) => onSort(name === order ? { ascending: !ascending } : { order: name, ascending: false });
  const cells = (row: TopTotals, isNew: boolean) =>
    measures.map((name, m) => (
      <Fragment key={name}>
        <Measured name={name} value={figures(row, measures)[m]} interval={row.intervals?.[m] ?? null} />
        {compare ? (
          <>
            <td className="num faint">{written(name, row.before?.[m])}</td>
            <td className="num">{isNew ? <span className="chip">{t("analysis.new")}</span> : (change(figures(row, measures)[m], row.before?.[m]) ?? "–")}</td>
          </>
        ) : null}
      </Fragment>
    ));
  const names = (row: TopRow, one: string | null) =>
    row.key.map((value, k) => (
      <td key={keys[k]} className="mono">
        {one && k === 0 ? (
          <Link to={scope.flows(one)} tabIndex={-1}>
            {label(keys[k] ?? "", value)}
          </Link>
        ) : (
          label(keys[k] ?? "", value)
        )}
      </td>
    ));
  return (
    <div className={`scroll${answer.isPlaceholderData ? " stale" : ""}`} ref={host}>
      {sampled ? <p className="hint sampled">{t("analysis.sampled")}</p> : null}
      {answer.data?.overlapping && keys.includes(TAG) ? <p className="hint">{t("group.overlapping")}</p> : null}
      <table className="grid rows">
        <thead>
          <tr>
            <th className="num index">{t("column.rank")}</th>
            {keys.map((name) => {
              const column = columnOf.get(name);
              return (
                <th key={name} scope="col" title={column ? doc(column) : t(name === "ip" ? "group.hostDoc" : (MADE[name] ?? "group.own"))}>
                  <code>{name}</code>
                </th>
              );
            })}
            {measures.map((name) => (
              <Fragment key={name}>
                <th scope="col" className="num" aria-sort={name === order ? (ascending ? "ascending" : "descending") : "none"}>
                  <button type="button" className="sort" title={t("analysis.order", { name: head(name) })} onClick={() => sort(name)}>
                    {head(name)}
                    {name === order ? <Icon name={ascending ? "up" : "down"} size={11} /> : null}
                  </button>
                </th>
                {compare ? (
                  <>
                    <th scope="col" className="num">
                      {t("analysis.before")}
                    </th>
                    <th scope="col" className="num">
                      {t("analysis.change")}
                    </th>
                  </>
                ) : null}
              </Fragment>
            ))}
            {adds ? (
              <th scope="col" className="num share-head">
                {t("column.share")}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => {
            const one = termOf(i);
            return (
              <tr key={JSON.stringify(row.key)} data-row={i} tabIndex={i === 0 ? 0 : -1} onClick={() => one && !window.getSelection()?.toString() && scope.drill(one)}>
                <td className="num index faint">{i + 1}</td>
                {names(row, one)}
                {cells(row, row.is_new ?? false)}
                {adds ? (
                  <td className="num share-cell">
                    <span className="share-bar">
                      <span style={{ width: `${(100 * of(row)) / most}%` }} />
                    </span>
                    <span className="share-figure">{percent(of(row), of(total))}</span>
                  </td>
                ) : null}
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={keys.length + 1}>
              {t("analysis.total")}
            </th>
            {cells(total, false)}
            {adds ? <td className="num share">{percent(1, 1)}</td> : null}
          </tr>
        </tfoot>
      </table>
      {gone ? (
        <section className="gone" aria-label={t("analysis.gone")}>
          <h2>{t("analysis.gone")}</h2>
          <ul>
            {gone.slice(0, 20).map((row) => (
              <li key={JSON.stringify(row.key)}>
                <span className="mono">{row.key.map((value, k) => (value === null ? t("value.none") : String(show(keys[k] ?? "", value, words)))).join(" · ")}</span>
                <span className="num faint">{written(order, row.before?.[place])}</span>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <footer className="more">
        <span aria-live="polite">{t("group.shown", { number: rows.length })}</span>
        {rows.length >= limit && limit < (LIMITS.at(-1) ?? 0) ? (
          <button type="button" className="button" onClick={() => setLimit(LIMITS.find((one) => one > limit) ?? limit)}>
            {t("flows.more")}
          </button>
        ) : null}
      </footer>
    </div>
  );
}

/** A value, and for sums of sampled flows how sure it is. */
function Measured({ name, value, interval }: { name: string; value: unknown; interval: Interval | null }) {
  const { t } = useWords();
  if (!interval || interval.low === interval.high) return <td className="num">{written(name, value)}</td>;
  const [low, high] = [written(name, interval.low), written(name, interval.high)];
  return (
    <td className="num" title={t("analysis.interval", { low, high })}>
      {written(name, value)} <span className="faint">{`±${written(name, Math.ceil((interval.high - interval.low) / 2))}`}</span>
    </td>
  );
}
