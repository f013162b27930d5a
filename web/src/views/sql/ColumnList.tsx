// SPDX-License-Identifier: Apache-2.0
// The columns of the flow table with their meaning; a click writes the name.
import { useState } from "react";
import { COLUMNS } from "../../gen/columns";
import { useWords } from "../../i18n";

export function ColumnList({ insert }: { insert: (name: string) => void }) {
  const { t, doc } = useWords();
  const [wanted, setWanted] = useState("");
  const list = COLUMNS.filter((column) => `${column.name} ${doc(column)} ${column.group}`.toLowerCase().includes(wanted.toLowerCase()));
  return (
    <aside className="panel fill column-list" aria-label={t("sql.columns")}>
      <header className="panel-head">
        <h2>{t("sql.columns")}</h2>
        <span className="panel-note mono">{"flows"}</span>
      </header>
      <input type="search" aria-label={t("columns.find")} placeholder={t("columns.find")} value={wanted} onChange={(event) => setWanted(event.target.value)} />
      <ul className="scroll">
        {list.map((column) => (
          <li key={column.name}>
            <button type="button" title={doc(column)} onClick={() => insert(column.name)}>
              <code>{column.name}</code>
              <span className="faint">{column.type}</span>
              <span className="column-doc">{doc(column)}</span>
            </button>
          </li>
        ))}
        {list.length === 0 ? <li className="hint">{t("columns.noMatch")}</li> : null}
      </ul>
    </aside>
  );
}
