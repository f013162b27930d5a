// SPDX-License-Identifier: Apache-2.0
// The lake: how much it holds and how long, what is kept from deletion, whether it is whole.
import { useLake } from "../../api/queries";
import { useWords } from "../../i18n";
import type { LakeState } from "../../gen/api";
import { bytes, count, percent, time, utc, whole } from "../../parts/format";
import { Shown } from "../../parts/State";
import { Classes } from "./Classes";
import { Columns } from "./Columns";
import { Days } from "./Days";
import { Holds } from "./Holds";
import { Ingest } from "./Ingest";
import { Jobs } from "./Jobs";
import { Retained } from "./Retained";
import "./lake.css";

/** Days beyond which a forecast says nothing. */
const LONG = 3652.5;

export function Lake() {
  const answer = useLake();
  return (
    <div className="lake">
      <Shown answer={answer} rows={8}>
        {(data) => (
          <>
            <Figures data={data} />
            <div className="lake-two">
              <Holds holds={data.holds} />
              <Jobs jobs={data.jobs} />
            </div>
            <div className="lake-two">
              <Classes retention={data.retention} />
              <Retained runs={data.retained} />
            </div>
            <div className="lake-two">
              <Days days={data.days} />
              <Columns segments={data.tables.reduce((sum, table) => sum + table.segments, 0)} />
            </div>
            <Ingest />
          </>
        )}
      </Shown>
    </div>
  );
}

function Figures({ data }: { data: LakeState }) {
  const { t } = useWords();
  const { forecast } = data;
  const flows = data.tables.find((table) => table.name === "flows");
  const days = (value: number | null) => (value === null ? "–" : value > LONG ? t("lake.years") : t("lake.days", { number: value < 100 ? value.toFixed(1) : whole(Math.round(value)) }));
  const sealed = (flows?.rows ?? 0) - (flows?.hot_rows ?? 0);
  const figures = [
    { name: "flows", value: count(flows?.rows ?? 0), note: flows ? t("lake.hot", { number: count(flows.hot_rows) }) : "" },
    { name: "size", value: bytes(forecast.bytes), note: t("lake.of", { size: bytes(forecast.capacity), share: percent(forecast.bytes, forecast.capacity) }) },
    { name: "perFlow", value: sealed > 0 && flows ? bytes(flows.bytes / sealed) : "–", note: t("lake.segmentCount", { number: whole(flows?.segments ?? 0) }) },
    { name: "held", value: days(forecast.days_held), note: flows?.first ? t("lake.since", { time: time(flows.first) }) : "", exact: flows?.first ? utc(flows.first) : "" },
    { name: "history", value: days(forecast.days_of_history), note: t("lake.perDay", { size: bytes(forecast.bytes_per_day) }) },
    { name: "left", value: days(forecast.days_left), note: forecast.days_left === null ? t("lake.byAge") : t("lake.forSpace") },
  ];
  return (
    <dl className="tiles lake-figures">
      {figures.map((figure) => (
        <div key={figure.name} className="tile" title={figure.exact ?? ""}>
          <dt>{t(`lake.figure.${figure.name}`)}</dt>
          <dd>{figure.value}</dd>
          <dd className="lake-note">{figure.note}</dd>
        </div>
      ))}
    </dl>
  );
}
