// SPDX-License-Identifier: Apache-2.0
// Other sessions as small pictures to one scale: those that look most alike, those of the client, those of the server.
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { useFlows, useSimilar } from "../../api/queries";
import { scaleOf, type Mode } from "../../charts/splt";
import { SpltSmall, StampScale } from "../../charts/SpltSmall";
import { term } from "../../filter/build";
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { endpoint, session, text } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const MOST = 24;
const DAYS = [1, 7, 30];

type Which = "similar" | "client" | "server";

export function Alike({ row, mode }: { row: FlowRow; mode: Mode }) {
  const { t } = useWords();
  const [which, setWhich] = useState<Which>("similar");
  const [days, setDays] = useState(7);
  return (
    <Panel
      title={t("alike.title")}
      note={t(`alike.note.${which}`)}
      className="alike"
      tools={
        <>
          {which === "similar" ? (
            <label className="analysis-field">
              {t("alike.days")}
              <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
                {DAYS.map((count) => (
                  <option key={count} value={count}>
                    {t("alike.within", { days: count })}
                  </option>
                ))}
              </select>
            </label>
          ) : null}
          <Choice label={t("alike.which")} value={which} onChange={setWhich} options={(["similar", "client", "server"] as const).map((value) => ({ value, label: t(`alike.of.${value}`) }))} />
        </>
      }
    >
      {which === "similar" ? <MostSimilar row={row} days={days} mode={mode} /> : <OfSide key={which} row={row} side={which === "client" ? "src" : "dst"} mode={mode} />}
    </Panel>
  );
}

function MostSimilar({ row, days, mode }: { row: FlowRow; days: number; mode: Mode }) {
  const { t } = useWords();
  const answer = useSimilar(text(row, "flow_id") ?? "", days, 12);
  return (
    <Shown answer={answer} rows={4}>
      {(data) =>
        data.rows.length === 0 ? (
          <Empty title={t("alike.none")}>
            <p className="hint">{t("alike.noneHint")}</p>
          </Empty>
        ) : (
          <>
            <Stamps own={row} rows={data.rows.map((one) => one.flow)} mode={mode} notes={data.rows.map((one) => t("alike.distance", { distance: one.distance.toFixed(3) }))} />
            <p className="hint">{t(data.truncated ? "alike.comparedLatest" : "alike.compared", { count: whole(data.compared), millis: whole(data.elapsed_ms) })}</p>
          </>
        )
      }
    </Shown>
  );
}

/** Sessions of one address in the range of the page. */
function OfSide({ row, side, mode }: { row: FlowRow; side: "src" | "dst"; mode: Mode }) {
  const { t } = useWords();
  const scope = useScope();
  const one = term(`${side}_ip`, text(row, `${side}_ip`));
  const answer = useFlows({ ...scope.ask, filter: `splt_lengths present${one ? ` and ${one}` : ""}` }, MOST, one !== null);
  return (
    <Shown answer={answer} rows={4}>
      {(data) => {
        const rows = data.pages.flatMap((page) => page.rows).filter((other) => other["flow_id"] !== row["flow_id"]);
        return rows.length === 0 ? <Empty title={t("alike.noneOfSide")} /> : <Stamps own={row} rows={rows} mode={mode} notes={[]} />;
      }}
    </Shown>
  );
}

function Stamps({ own, rows, mode, notes }: { own: FlowRow; rows: FlowRow[]; mode: Mode; notes: string[] }) {
  const { t } = useWords();
  const scope = useScope();
  const [params, change] = useParameters();
  const sessions = useMemo(() => rows.map(session), [rows]);
  const scale = useMemo(() => scaleOf([session(own), ...sessions]), [own, sessions]);
  return (
    <>
      <ul className="stamps">
        {rows.map((row, at) => {
          const id = text(row, "flow_id") ?? "";
          const { lengths, times } = sessions[at] ?? { lengths: [], times: [] };
          const face = `${endpoint(row, "src")} → ${endpoint(row, "dst")}`;
          return (
            <li key={`${id} ${text(row, "time_end") ?? ""}`} className={params.get("with") === id ? "chosen" : ""}>
              <button type="button" className="stamp" aria-pressed={params.get("with") === id} aria-label={t("alike.compare", { flow: face })} title={t("alike.compare", { flow: face })} onClick={() => change([["with", params.get("with") === id ? null : id]], { replace: true })}>
                <SpltSmall lengths={lengths} times={times} mode={mode} scale={scale} />
              </button>
              <Link to={`/flows/${encodeURIComponent(id)}${scope.search()}`} title={face}>
                {text(row, "host_name") ?? endpoint(row, "dst")}
              </Link>
              <span className="stamp-note">
                <span title={face}>{text(row, "src_ip") === text(own, "src_ip") ? (text(row, "app") ?? "") : (text(row, "src_ip") ?? "")}</span>
                {notes[at] ? <span className="num">{notes[at]}</span> : text(row, "time_start") ? <Time at={text(row, "time_start") ?? ""} /> : null}
              </span>
            </li>
          );
        })}
      </ul>
      <StampScale mode={mode} scale={scale} />
    </>
  );
}
