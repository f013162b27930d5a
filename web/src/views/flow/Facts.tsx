// SPDX-License-Identifier: Apache-2.0
// Every observed column by group; a new column or group needs no edit here. Lists of certificates are a table of their own.
import { useState } from "react";
import { Link } from "react-router";
import { term, type Value } from "../../filter/build";
import type { FlowRow } from "../../gen/api";
import { COLUMNS, type Column } from "../../gen/columns";
import { useWords } from "../../i18n";
import { utc, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { reasonIn } from "../../parts/reason";
import { entry, isNamedList, show } from "../../parts/row";
import { useScope } from "../../parts/scope";

export function Facts({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const [explained, setExplained] = useState(false);
  const groups = new Map<string, Column[]>();
  const seen = new Set<string>();
  for (const column of COLUMNS) {
    seen.add(column.name);
    const value = row[column.name];
    if (value === undefined || value === null || value === "" || column.group === "tls_chain") continue;
    groups.set(column.group, [...(groups.get(column.group) ?? []), column]);
  }
  // what a newer server knows and this console does not is shown all the same
  const others = Object.keys(row).filter((name) => !seen.has(name) && row[name] !== null);
  for (const name of others) groups.set("other", [...(groups.get("other") ?? []), { name, group: "other", type: "text", unit: "none", kind: "fact", doc: "", doc_ja: "", operators: [] }]);
  return (
    <section aria-label={t("flow.facts")}>
      <div className="facts-bar">
        <h2>{t("flow.facts")}</h2>
        <button type="button" className="button small" aria-pressed={explained} onClick={() => setExplained(!explained)}>
          <Icon name="book" size={13} /> {t("flow.explain")}
        </button>
      </div>
      <div className="facts">
      {[...groups].map(([group, columns]) => (
        <Panel key={group} title={t(`groupName.${group}`, { defaultValue: group })} className="fact-group">
          <table className="fact-table">
            <tbody>
              {columns.map((column) => (
                <Fact key={column.name} column={column} value={row[column.name]} explained={explained} />
              ))}
            </tbody>
          </table>
        </Panel>
      ))}
      </div>
    </section>
  );
}

function Fact({ column, value, explained }: { column: Column; value: unknown; explained: boolean }) {
  const { t, doc, language, of } = useWords();
  const scope = useScope();
  const shown = column.name === "app_reason" ? reasonIn(language, String(value)) : show(column.name, value, { yes: t("value.yes"), no: t("value.no"), of });
  const exact = column.type === "time" ? utc(String(value)) : typeof value === "number" && column.kind === "counter" ? whole(value) : Array.isArray(value) ? "" : String(value);
  const one = column.kind === "counter" || column.name === "flow_id" || typeof value === "object" ? null : term(column.name, value as Value);
  return (
    <tr>
      <th scope="row" title={doc(column)}>
        <code>{column.name}</code>
        {explained ? <span className="fact-doc">{doc(column)}</span> : null}
      </th>
      <td title={exact === shown ? undefined : exact}>
        {isNamedList(column.name) && Array.isArray(value) ? <Entries list={value.map(String)} /> : <div>{one ? <Link to={scope.flows(one)}>{shown}</Link> : shown}</div>}
      </td>
    </tr>
  );
}

/** What an exporter told besides the columns, line by line. */
function Entries({ list }: { list: string[] }) {
  return (
    <dl className="entries">
      {list.map((text) => {
        const { name, value } = entry(text);
        return (
          <div key={text}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}
