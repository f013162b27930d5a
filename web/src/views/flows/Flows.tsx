// SPDX-License-Identifier: Apache-2.0
// The flow page: a small chart to choose time with, then the flows themselves or a ranking by chosen columns.
import { useState } from "react";
import { useSearchParams } from "react-router";
import { MEASURES, useSeries, type Measure } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { Download } from "../../parts/Download";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { ColumnChooser, storedColumns, storeColumns } from "./ColumnChooser";
import { FlowTable } from "./FlowTable";
import { GroupPicker } from "./GroupPicker";
import { GroupTable } from "./GroupTable";
import "./flows.css";

export function Flows() {
  const { t } = useWords();
  const scope = useScope();
  const [params, setParams] = useSearchParams();
  const [columns, setColumns] = useState(storedColumns);
  const keys = (params.get("group") ?? "").split(",").filter(Boolean);
  const by = MEASURES.find((measure) => measure === params.get("by")) ?? "bytes";
  const series = useSeries(scope.ask, { split: null, by, limit: 1, step_secs: null });

  const set = (name: string, value: string) =>
    setParams((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
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
            <Choice<Measure> label={t("measure.label")} value={by} onChange={(value) => set("by", value === "bytes" ? "" : value)} options={MEASURES.map((value) => ({ value, label: t(`measure.${value}`) }))} />
            {keys.length === 0 ? <Download what="flows" params={{ from: scope.ask.from, to: scope.ask.to, filter: scope.ask.filter }} /> : null}
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
        {keys.length > 0 ? <GroupTable keys={keys} by={by} onSort={(value) => set("by", value === "bytes" ? "" : value)} /> : <FlowTable columns={columns} />}
      </section>
    </div>
  );
}
