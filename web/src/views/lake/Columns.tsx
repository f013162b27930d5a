// SPDX-License-Identifier: Apache-2.0
// What each column of the flows takes on disk.
import { useLakeColumns } from "../../api/queries";
import { useWords } from "../../i18n";
import { bytes, percent, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Shown } from "../../parts/State";

/** `segments` is their number: with others the sizes are others. */
export function Columns({ segments }: { segments: number }) {
  const { t } = useWords();
  const answer = useLakeColumns(segments);
  return (
    <Panel title={t("lake.columns")} className="fill lake-list">
      <Shown answer={answer} rows={6}>
        {(data) => {
          const columns = data.filter((column) => column.table === "flows");
          const all = columns.reduce((sum, column) => sum + column.stored, 0);
          return (
            <table className="grid compact">
              <thead>
                <tr>
                  <th scope="col">{t("lake.column")}</th>
                  <th scope="col" className="wide">
                    {t("lake.figure.size")}
                  </th>
                  <th scope="col" className="num">
                    {t("lake.figure.perFlow")}
                  </th>
                  <th scope="col" className="num">
                    {t("lake.ratio")}
                  </th>
                </tr>
              </thead>
              <tbody>
                {columns.map((column) => (
                  <tr key={column.column}>
                    <td className="mono">{column.column}</td>
                    <td title={whole(column.stored)}>
                      <meter min={0} max={columns[0]?.stored ?? 1} value={column.stored} /> {bytes(column.stored)} <span className="faint">{percent(column.stored, all)}</span>
                    </td>
                    <td className="num">{(column.stored / Math.max(1, column.rows)).toFixed(2)}</td>
                    <td className="num">{(column.encoded / Math.max(1, column.stored)).toFixed(1)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          );
        }}
      </Shown>
    </Panel>
  );
}
