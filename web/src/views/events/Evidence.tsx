// SPDX-License-Identifier: Apache-2.0
// The sessions of an event's hosts in its time as small pictures to one scale, each a way to its flow.
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { useFlows } from "../../api/queries";
import { ModeChoice } from "../../charts/ModeChoice";
import { scaleOf, type Mode } from "../../charts/splt";
import { SpltSmall, StampScale } from "../../charts/SpltSmall";
import { narrow } from "../../filter/build";
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import type { Span } from "../../parts/range";
import { endpoint, session, text } from "../../parts/row";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

/** Sessions that are drawn: the newest. */
const MOST = 12;

export function Evidence({ span, filter }: { span: Span; filter: string }) {
  const { t } = useWords();
  const answer = useFlows({ ...span, filter: narrow(filter, "splt_lengths present") }, MOST, true);
  return (
    <section>
      <h3>{t("events.sessions")}</h3>
      <Shown answer={answer} rows={2}>
        {(data) => {
          const rows = data.pages.flatMap((page) => page.rows).slice(0, MOST);
          return rows.length === 0 ? <p className="hint">{t("events.noSessions")}</p> : <Stamps rows={rows} span={span} more={data.pages.at(-1)?.next !== null} />;
        }}
      </Shown>
    </section>
  );
}

function Stamps({ rows, span, more }: { rows: FlowRow[]; span: Span; more: boolean }) {
  const { t } = useWords();
  const [mode, setMode] = useState<Mode>("index");
  const sessions = useMemo(() => rows.map(session), [rows]);
  const scale = useMemo(() => scaleOf(sessions), [sessions]);
  return (
    <>
      <ModeChoice mode={mode} setMode={setMode} />
      <ul className="stamps">
        {rows.map((row, at) => {
          const id = text(row, "flow_id") ?? "";
          const one = sessions[at] ?? { lengths: [], times: [] };
          const face = `${endpoint(row, "src")} → ${endpoint(row, "dst")}`;
          return (
            <li key={`${id} ${text(row, "time_end") ?? ""}`}>
              <Link to={`/flows/${encodeURIComponent(id)}?${new URLSearchParams({ ...span })}`} title={face} aria-label={t("events.session", { flow: face, number: one.lengths.length })}>
                <SpltSmall {...one} mode={mode} scale={scale} />
                <span className="mono">{face}</span>
              </Link>
              <span className="stamp-note">
                <span>{text(row, "host_name") ?? text(row, "app") ?? ""}</span>
                {text(row, "time_start") ? <Time at={text(row, "time_start") ?? ""} /> : null}
              </span>
            </li>
          );
        })}
      </ul>
      <StampScale mode={mode} scale={scale} />
      <p className="hint">{t(more ? "events.sessionsNewest" : "events.sessionsAll", { number: rows.length })}</p>
    </>
  );
}
