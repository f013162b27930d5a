// SPDX-License-Identifier: Apache-2.0
// A ranking by the chosen columns; a click narrows the filter to that row and shows its flows.
import { useState } from "react";
import { Link } from "react-router";
import { MEASURES, useTop, type Measure } from "../../api/queries";
import { terms } from "../../filter/build";
import { useWords } from "../../i18n";
import { bytes, count, percent } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { NoTraffic } from "../../parts/NoTraffic";
import { columnOf, show } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { ErrorNote, Loading } from "../../parts/State";
import { useRowKeys } from "../../parts/useRowKeys";

const LIMITS = [25, 100, 500];

export function GroupTable({ keys, by, onSort }: { keys: string[]; by: Measure; onSort: (by: Measure) => void }) {
  const { t, doc } = useWords();
  const scope = useScope();
  const [limit, setLimit] = useState(LIMITS[0] ?? 25);
  const answer = useTop(scope.ask, { keys, by, limit });
  const termOf = (index: number) => terms(keys, answer.data?.rows[index]?.key ?? []);
  const host = useRowKeys<HTMLDivElement>((index) => {
    const one = termOf(index);
    if (one) scope.drill(one);
  });

  if (answer.error) return <ErrorNote error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data) return <Loading rows={10} />;
  const { rows, total } = answer.data;
  if (rows.length === 0) return <NoTraffic />;
  const words = { yes: t("value.yes"), no: t("value.no") };
  const label = (name: string, value: unknown) => (value === null || value === undefined || value === "" ? <span className="faint">{t("value.none")}</span> : show(name, value, words));
  const most = Math.max(1, ...rows.map((row) => row[by]));
  return (
    <div className={`scroll${answer.isPlaceholderData ? " stale" : ""}`} ref={host}>
      <table className="grid rows">
        <thead>
          <tr>
            <th className="num index">{t("column.rank")}</th>
            {keys.map((name) => {
              const column = columnOf.get(name);
              return (
                <th key={name} scope="col" title={column ? doc(column) : t("group.hostDoc")}>
                  <code>{name}</code>
                </th>
              );
            })}
            {MEASURES.map((measure) => (
              <th key={measure} scope="col" className="num" aria-sort={measure === by ? "descending" : "none"}>
                <button type="button" className="sort" onClick={() => onSort(measure)}>
                  {t(`measure.${measure}`)}
                  {measure === by ? <Icon name="down" size={11} /> : null}
                </button>
              </th>
            ))}
            <th scope="col" className="num share-head">
              {t("column.share")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => {
            const one = termOf(i);
            return (
              <tr key={JSON.stringify(row.key)} data-row={i} tabIndex={i === 0 ? 0 : -1} onClick={() => one && !window.getSelection()?.toString() && scope.drill(one)}>
                <td className="num index faint">{i + 1}</td>
                {row.key.map((value, k) => (
                  <td key={keys[k]} className="mono">
                    {one && k === 0 ? (
                      <Link to={scope.flows(one)} tabIndex={-1}>
                        {label(keys[k] ?? "", value)}
                      </Link>
                    ) : (
                      label(keys[k] ?? "", value)
                    )}
                  </td>
                ))}
                <td className="num">{bytes(row.bytes)}</td>
                <td className="num">{count(row.packets)}</td>
                <td className="num">{count(row.flows)}</td>
                <td className="num share-cell">
                  <span className="share-bar">
                    <span style={{ width: `${(100 * row[by]) / most}%` }} />
                  </span>
                  <span className="share-figure">{percent(row[by], total[by])}</span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
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
