// SPDX-License-Identifier: Apache-2.0
// The answer of a SQL query as a table.
import { useState } from "react";
import type { SqlAnswer } from "../../gen/api";
import { useWords } from "../../i18n";
import { Empty } from "../../parts/State";

const STEP = 500;
const numeric = (type: string) => /^(u|i|f|int|uint|float|double|decimal|bigint|smallint)\w*\d*/i.test(type) && !/^interval/i.test(type);

function face(value: unknown) {
  if (value === null || value === undefined) return <span className="faint">{"NULL"}</span>;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function Result({ data }: { data: SqlAnswer }) {
  const { t } = useWords();
  const [shown, setShown] = useState(STEP);
  if (data.rows.length === 0) return <Empty title={t("sql.noRows")} />;
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            {data.columns.map((column) => (
              <th key={column.name} scope="col" className={numeric(column.type) ? "num" : ""}>
                <code>{column.name}</code> <span className="faint">{column.type}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.slice(0, shown).map((row, i) => (
            // Rows of an answer have no identity but their place.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={i}>
              {data.columns.map((column, k) => (
                <td key={column.name} className={numeric(column.type) ? "num" : "mono"}>
                  {face(row[k])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown < data.rows.length ? (
        <footer className="more">
          <button type="button" className="button" onClick={() => setShown(shown + STEP)}>
            {t("flows.more")}
          </button>
        </footer>
      ) : null}
    </div>
  );
}
