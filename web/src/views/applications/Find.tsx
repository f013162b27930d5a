// SPDX-License-Identifier: Apache-2.0
// Search by any fact: one box; the columns in which the value occurs lead to the flows.
import { useState } from "react";
import { Link } from "react-router";
import { useFind } from "../../api/queries";
import type { Found } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { useParameters } from "../../parts/parameters";
import { columnOf } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";

export function Find() {
  const { t } = useWords();
  const scope = useScope();
  const [params, change] = useParameters();
  const asked = params.get("find") ?? "";
  const [text, setText] = useState(asked);
  const answer = useFind(scope.ask, asked);
  const short = text.trim().length === 1;
  return (
    <search className="panel span-12 find">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!short) change([["find", text.trim() || null]]);
        }}
      >
        <label htmlFor="find-text">{t("find.label")}</label>
        <input id="find-text" type="search" value={text} maxLength={200} placeholder={t("find.placeholder")} aria-describedby="find-hint" onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button primary" disabled={short}>
          <Icon name="search" size={13} /> {t("find.go")}
        </button>
        {asked ? (
          <button
            type="button"
            className="button"
            onClick={() => {
              setText("");
              change([["find", null]]);
            }}
          >
            {t("find.clear")}
          </button>
        ) : null}
        <span id="find-hint" className="hint">
          {short ? t("find.short") : t("find.hint")}
        </span>
      </form>
      {asked ? (
        <div className="find-answer">
          <Shown answer={answer}>{(data) => <Columns found={data} text={asked} />}</Shown>
        </div>
      ) : null}
    </search>
  );
}

function Columns({ found, text }: { found: Found; text: string }) {
  const { t, doc } = useWords();
  const scope = useScope();
  if (found.columns.length === 0) {
    return (
      <Empty title={t("find.none", { text })}>
        <p className="hint">{t("find.noneHint", { columns: found.looked_at })}</p>
      </Empty>
    );
  }
  return (
    <>
      <table className="grid compact" aria-label={t("find.found", { text })}>
        <thead>
          <tr>
            <th scope="col">{t("find.column")}</th>
            <th scope="col" className="wide">
              {t("find.example")}
            </th>
            <th scope="col" className="num">
              {t("measure.flows")}
            </th>
            <th scope="col" className="num">
              {t("measure.bytes")}
            </th>
          </tr>
        </thead>
        <tbody>
          {found.columns.map((row) => {
            const column = columnOf.get(row.column);
            const shown = row.example ?? (column ? doc(column) : "");
            return (
              <tr key={row.column}>
                <td>
                  <Link className="mono" to={scope.flows(row.filter)} title={column ? doc(column) : row.filter}>
                    {row.column}
                  </Link>
                </td>
                <td className="wide">{shown}</td>
                <td className="num" title={whole(row.flows)}>
                  {count(row.flows)}
                </td>
                <td className="num">{bytes(row.bytes)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="hint">{t("find.looked", { columns: found.looked_at, millis: whole(found.elapsed_ms) })}</p>
    </>
  );
}
