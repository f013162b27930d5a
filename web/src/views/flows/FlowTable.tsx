// SPDX-License-Identifier: Apache-2.0
// The flows, newest first; a click or Enter opens one.
import { useNavigate } from "react-router";
import { useFlows } from "../../api/queries";
import { useWords } from "../../i18n";
import { whole } from "../../parts/format";
import { NoTraffic } from "../../parts/NoTraffic";
import { columnOf, text } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { ErrorNote, Loading } from "../../parts/State";
import { useRowKeys } from "../../parts/useRowKeys";
import { cellOf, COMPOSED } from "./cells";

const PAGE = 100;

export function FlowTable({ columns }: { columns: string[] }) {
  const { t, doc, of } = useWords();
  const scope = useScope();
  const navigate = useNavigate();
  const answer = useFlows(scope.ask, PAGE, true);
  const rows = answer.data?.pages.flatMap((page) => page.rows) ?? [];
  const href = (index: number) => `/flows/${text(rows[index] ?? {}, "flow_id") ?? ""}${scope.search()}`;
  const host = useRowKeys<HTMLDivElement>((index) => void navigate(href(index)));

  if (answer.error && rows.length === 0) return <ErrorNote error={answer.error} retry={() => void answer.refetch()} />;
  if (answer.isPending) return <Loading rows={10} />;
  if (rows.length === 0) return <NoTraffic />;
  const words = { yes: t("value.yes"), no: t("value.no"), of, encrypted: t("flows.encrypted"), confidence: (value: string) => t(`confidence.${value}`, { defaultValue: value }) };
  const cells = columns.map((name) => ({ name, ...cellOf(name) }));
  return (
    <div className={`scroll${answer.isPlaceholderData ? " stale" : ""}`} ref={host}>
      <table className="grid rows">
        <thead>
          <tr>
            {cells.map((cell) => {
              const column = columnOf.get(cell.name);
              const own = COMPOSED.includes(cell.name);
              return (
                <th key={cell.name} scope="col" className={cell.numeric ? "num" : ""} title={!own && column ? doc(column) : t(`cellDoc.${cell.name}`, { defaultValue: "" })}>
                  {own ? t(`cell.${cell.name}`) : <code>{cell.name}</code>}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr
              key={text(row, "flow_id") ?? i}
              data-row={i}
              tabIndex={i === 0 ? 0 : -1}
              onClick={(event) => {
                if (window.getSelection()?.toString()) return;
                if (event.metaKey || event.ctrlKey) window.open(href(i), "_blank");
                else void navigate(href(i));
              }}
            >
              {cells.map((cell) => (
                <td key={cell.name} className={cell.numeric ? "num" : `cell-${cell.name}`}>
                  {cell.face(row, words)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <footer className="more">
        <span aria-live="polite">{t("flows.shown", { number: whole(rows.length) })}</span>
        {answer.hasNextPage ? (
          <button type="button" className="button" disabled={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
            {answer.isFetchingNextPage ? t("state.loading") : t("flows.more")}
          </button>
        ) : (
          <span className="faint">{t("flows.end")}</span>
        )}
        {answer.error ? <ErrorNote error={answer.error} retry={() => void answer.fetchNextPage()} /> : null}
      </footer>
    </div>
  );
}
