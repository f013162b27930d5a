// SPDX-License-Identifier: Apache-2.0
// The exporters: who sends, how much, how well; one of them in detail beside the list.
import { useQueryClient } from "@tanstack/react-query";
import { useDecideExporter, useExporters } from "../../api/queries";
import type { ExporterInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { count, percent, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { Detail } from "./Detail";
import "./exporters.css";

const EVERY_MILLIS = 5000;

export function Exporters() {
  const { t } = useWords();
  const answer = useExporters(EVERY_MILLIS);
  const [params, put] = useParameters();
  const chosen = params.get("exporter");
  const choose = (address: string | null) => put([["exporter", address]]);
  return (
    <div className="exporters">
      <Shown answer={answer} rows={8}>
        {(data) => (
          <Panel title={t("exporters.title")} note={t("exporters.note")}>
            {data.exporters.length === 0 ? (
              <Empty title={t(data.collecting ? "exporters.none" : "exporters.off")}>
                <p className="faint">{t(data.collecting ? "exporters.noneHint" : "exporters.offHint")}</p>
              </Empty>
            ) : (
              <List list={data.exporters} chosen={chosen} choose={choose} />
            )}
          </Panel>
        )}
      </Shown>
      {chosen ? <Detail address={chosen} close={() => choose(null)} /> : null}
    </div>
  );
}

/** What the list can be ordered by, and the worst first: who is ill stands on top. */
const ORDERS = {
  rate: (one: ExporterInfo) => -one.records_per_second,
  records: (one: ExporterInfo) => -one.records,
  lost: (one: ExporterInfo) => -one.lost_share,
  lastSeen: (one: ExporterInfo) => Date.parse(one.last_seen),
  score: (one: ExporterInfo) => one.score,
};
type Order = keyof typeof ORDERS;

function List({ list, chosen, choose }: { list: ExporterInfo[]; chosen: string | null; choose: (address: string) => void }) {
  const { t } = useWords();
  const [params, put] = useParameters();
  const asked = params.get("order");
  const order = asked && asked in ORDERS ? (asked as Order) : null;
  const ordered = order ? list.toSorted((a, b) => ORDERS[order](a) - ORDERS[order](b)) : list;
  const head = (name: Order, numeric = true) => (
    <th scope="col" className={numeric ? "num" : undefined} aria-sort={order === name ? (name === "score" || name === "lastSeen" ? "ascending" : "descending") : "none"}>
      <button type="button" className="sort" title={t("analysis.order", { name: t(`exporters.${name}`) })} onClick={() => put([["order", order === name ? null : name]])}>
        {t(`exporters.${name}`)}
        {order === name ? <Icon name={name === "score" || name === "lastSeen" ? "up" : "down"} size={11} /> : null}
      </button>
    </th>
  );
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">{t("exporters.address")}</th>
            <th scope="col">{t("exporters.state")}</th>
            <th scope="col">{t("exporters.format")}</th>
            {head("rate")}
            {head("records")}
            {head("lost")}
            {head("lastSeen", false)}
            {head("score", false)}
            <th scope="col">{t("exporters.decision")}</th>
          </tr>
        </thead>
        <tbody>
          {ordered.map((one) => (
            <tr key={one.address} className={one.address === chosen ? "chosen" : ""}>
              <td>
                <button type="button" className="link mono" aria-pressed={one.address === chosen} onClick={() => choose(one.address)}>
                  {one.address}
                </button>
                {one.name ? <span className="exporter-name">{[one.name, one.site].filter(Boolean).join(" · ")}</span> : null}
              </td>
              <td>
                <span className={`exporter-state ${one.state}`}>{t(`exporters.states.${one.state}`)}</span>
              </td>
              <td>
                {one.formats.map((format) => format.name).join(", ") || "–"} <span className="faint">{one.transports.join(", ")}</span>
              </td>
              <td className="num">{t("exporters.perSecond", { rate: count(one.records_per_second) })}</td>
              <td className="num" title={whole(one.records)}>
                {count(one.records)}
              </td>
              <td className={one.lost > 0 ? "num warn" : "num"} title={whole(one.lost)}>
                {one.lost > 0 ? percent(one.lost_share, 1) : "0"}
              </td>
              <td>
                <Time at={one.last_seen} />
              </td>
              <td>
                <Score score={one.score} />
              </td>
              <td>
                <Decide exporter={one} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Score({ score }: { score: number }) {
  const level = score >= 85 ? "good" : score >= 60 ? "fair" : "poor";
  return (
    <span className={`score ${level}`}>
      <span className="score-bar" aria-hidden="true">
        <span style={{ width: `${score}%` }} />
      </span>
      <span className="num">{score}</span>
    </span>
  );
}

function Decide({ exporter }: { exporter: ExporterInfo }) {
  const { t } = useWords();
  const client = useQueryClient();
  const decide = useDecideExporter();
  const send = (decision: string) => decide.mutate({ address: exporter.address, decision }, { onSuccess: () => client.invalidateQueries({ queryKey: ["exporters"] }) });
  const taken = exporter.state === "allowed";
  const denied = exporter.state === "denied";
  return (
    <span className="decide">
      <button type="button" className="button small" disabled={taken || decide.isPending} onClick={() => send("allow")}>
        {t("exporters.allow")}
      </button>
      <button type="button" className="button small" disabled={denied || decide.isPending} onClick={() => send("deny")}>
        {t("exporters.deny")}
      </button>
      {decide.error ? <ErrorNote error={decide.error} /> : null}
    </span>
  );
}
