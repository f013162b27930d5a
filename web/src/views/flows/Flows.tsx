// SPDX-License-Identifier: Apache-2.0
// The flow page: a small chart to choose time with, then the flows themselves or a ranking by chosen columns.
import { useState } from "react";
import { MEASURES, useSeries, type Measure } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import { TAG } from "../../filter/build";
import { useWords } from "../../i18n";
import { ChartOptions, wished } from "../../parts/ChartOptions";
import { Choice } from "../../parts/Choice";
import { Download, DownloadAnswer } from "../../parts/Download";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { AnalysisBar } from "./AnalysisBar";
import { ColumnChooser, storedColumns, storeColumns } from "./ColumnChooser";
import { FlowTable } from "./FlowTable";
import { GroupPicker } from "./GroupPicker";
import { GroupTable } from "./GroupTable";
import { PathPicture } from "./PathPicture";
import { keysOf, membersOf, pathsOf, questionOf, requestOf, type Question } from "./question";
import "./flows.css";

/** Groups of a downloaded ranking at most, and values of each key of downloaded paths. */
const [GROUPS_OF_FILE, PATHS_OF_FILE] = [100_000, 25];

export function Flows() {
  const { t } = useWords();
  const scope = useScope();
  const [params, put] = useParameters();
  const [columns, setColumns] = useState(storedColumns);
  const keys = keysOf(params);
  const question = questionOf(params);
  const { by } = question;
  const chart = { split: null, by, limit: 1, step_secs: null, ...wished(question), ...(question.raw ? { scaled: false } : {}) };
  const series = useSeries(scope.ask, chart);

  const set = (name: string, value: string) => put([[name, value]]);
  const change = (part: Partial<Question>) => put(membersOf(part));
  // A path goes through values that a flow has once.
  const pictured = keys.length >= 2 && !keys.some((name) => name === "ip" || name === TAG || name.startsWith("net(ip,"));
  const picture = pictured && params.get("form") === "paths";
  return (
    <div className="flows">
      <h1 className="sr-only">{t("nav.flows")}</h1>
      {series.error ? null : (
        <section className="panel mini" aria-label={t("chart.traffic")}>
          <Shown answer={series} rows={3}>
            {(data) => <Traffic data={data} by={by} height={92} compact onBrush={scope.setRange} />}
          </Shown>
        </section>
      )}
      <section className="panel fill" aria-label={keys.length > 0 ? t("flows.grouped") : t("nav.flows")}>
        <header className="panel-head">
          <GroupPicker keys={keys} onChange={(next) => set("group", next.join(","))} />
          <div className="panel-tools">
            {pictured ? (
              <Choice<"table" | "paths">
                label={t("analysis.form")}
                value={picture ? "paths" : "table"}
                onChange={(form) => set("form", form === "table" ? "" : form)}
                options={[
                  { value: "table", label: t("analysis.table") },
                  { value: "paths", label: t("analysis.paths") },
                ]}
              />
            ) : null}
            <Choice<Measure> label={t("measure.label")} value={by} onChange={(value) => change({ order: value })} options={MEASURES.map((value) => ({ value, label: t(`measure.${value}`) }))} />
            <ChartOptions wish={question} onChange={change} />
            {keys.length > 0 ? <DownloadAnswer answers={[picture ? { what: "paths", ask: { ...scope.ask, ...pathsOf(keys, by, question.raw, PATHS_OF_FILE) } } : { what: "top", ask: { ...scope.ask, ...requestOf(keys, question, GROUPS_OF_FILE) } }]} /> : null}
            {keys.length === 0 ? <Download what="flows" params={{ from: scope.ask.from, to: scope.ask.to, filter: scope.ask.filter, ...(scope.known === "then" ? { as_known: scope.known } : {}) }} /> : null}
            {keys.length === 0 ? (
              <ColumnChooser
                chosen={columns}
                onChange={(next) => {
                  setColumns(next);
                  storeColumns(next);
                }}
              />
            ) : null}
          </div>
        </header>
        {keys.length > 0 && !picture ? <AnalysisBar question={question} onChange={change} /> : null}
        {keys.length === 0 ? <FlowTable columns={columns} /> : picture ? <PathPicture keys={keys} by={by} raw={question.raw} /> : <GroupTable keys={keys} question={question} onSort={change} />}
      </section>
    </div>
  );
}
