// SPDX-License-Identifier: Apache-2.0
// SQL over the stored flows: a text, an answer, and the columns at hand.
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call, Failure } from "../../api/client";
import type { SqlAnswer } from "../../gen/api";
import { useWords } from "../../i18n";
import { whole } from "../../parts/format";
import { Download } from "../../parts/Download";
import { Icon } from "../../parts/Icon";
import { Empty, ErrorNote, Loading } from "../../parts/State";
import { toUnits } from "../../filter/tokens";
import { ColumnList } from "./ColumnList";
import { EXAMPLES } from "./examples";
import { Result } from "./Result";
import { useInsert } from "./useInsert";
import "./sql.css";

const KEY = "minamo.sql";

export function Sql() {
  const { t } = useWords();
  const [text, setText] = useState(() => sessionStorage.getItem(KEY) ?? EXAMPLES[0]?.sql ?? "");
  const { area, insert } = useInsert(text, setText);
  const run = useMutation({ mutationFn: (sql: string) => call<SqlAnswer>("POST", "/sql", { sql }) });
  useEffect(() => sessionStorage.setItem(KEY, text), [text]);

  const start = () => {
    if (text.trim() && !run.isPending) run.mutate(text);
  };
  const at = run.error instanceof Failure ? run.error.error.at : null;
  return (
    <div className="sql">
      <div className="sql-main">
        <section className="panel">
          <textarea
            ref={area}
            className="sql-text"
            aria-label={t("sql.label")}
            spellCheck={false}
            rows={8}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              start();
            }}
          />
          <div className="sql-bar">
            <button type="button" className="button primary" disabled={run.isPending} onClick={start}>
              <Icon name="play" size={13} /> {t("sql.run")} <kbd>{"Ctrl+Enter"}</kbd>
            </button>
            <label>
              <span className="sr-only">{t("sql.examples")}</span>
              <select
                value=""
                onChange={(event) => {
                  const example = EXAMPLES.find((one) => one.name === event.target.value);
                  if (example) setText(example.sql);
                }}
              >
                <option value="">{t("sql.examples")}</option>
                {EXAMPLES.map((example) => (
                  <option key={example.name} value={example.name}>
                    {t(`sql.example.${example.name}`)}
                  </option>
                ))}
              </select>
            </label>
            <span className="grow" />
            <span className="hint" aria-live="polite">
              {run.data ? t("sql.answer", { number: whole(run.data.rows.length), millis: run.data.elapsed_ms }) : ""}
              {run.data?.truncated ? ` ${t("sql.truncated")}` : ""}
            </span>
            {run.data && run.variables !== undefined ? <Download what="sql" params={{ sql: run.variables }} /> : null}
          </div>
          {run.error ? (
            <>
              <ErrorNote error={run.error} />
              {at !== null && run.variables !== undefined ? <Place text={run.variables} at={toUnits(run.variables, at)} /> : null}
            </>
          ) : null}
        </section>
        <section className="panel fill" aria-label={t("sql.result")}>
          {run.isPending ? <Loading rows={8} /> : run.data ? <Result data={run.data} /> : <Empty title={t("sql.nothing")} />}
        </section>
      </div>
      <ColumnList insert={insert} />
    </div>
  );
}

/** The line of the text that holds the error, with the place marked. */
function Place({ text, at }: { text: string; at: number }) {
  const from = text.lastIndexOf("\n", at - 1) + 1;
  const to = text.indexOf("\n", at) < 0 ? text.length : text.indexOf("\n", at);
  return (
    <pre className="sql-place">
      {text.slice(from, at)}
      <mark>{text.slice(at, Math.min(to, at + 1)) || "\u00a0"}</mark>
      {text.slice(at + 1, to)}
    </pre>
  );
}
