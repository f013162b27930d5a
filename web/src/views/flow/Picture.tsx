// SPDX-License-Identifier: Apache-2.0
// The picture of the session, beside that of another one where the address names one, and both as files.
import { useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { useFlow } from "../../api/queries";
import { ModeChoice } from "../../charts/ModeChoice";
import { savePng, saveSvg } from "../../charts/save";
import { Splt } from "../../charts/Splt";
import { scaleOf, type Mode } from "../../charts/splt";
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { time } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { endpoint, session, text } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { Empty, ErrorNote, Shown } from "../../parts/State";

export function Picture({ row, mode, setMode }: { row: FlowRow; mode: Mode; setMode: (mode: Mode) => void }) {
  const { t } = useWords();
  const [params] = useParameters();
  const host = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const own = useMemo(() => session(row), [row]);
  const other = params.get("with");
  const name = `session-${text(row, "flow_id") ?? ""}`;
  const save = (kind: "svg" | "png") => {
    const drawings = [...(host.current?.querySelectorAll<SVGSVGElement>(".splt svg") ?? [])];
    if (drawings.length === 0) return;
    setFailure(null);
    const captions = drawings.map((drawing) => drawing.closest<HTMLElement>("[data-caption]")?.dataset["caption"] ?? "");
    if (kind === "svg") saveSvg(drawings, name, captions);
    else savePng(drawings, name, captions).catch(setFailure);
  };
  return (
    <Panel
      title={t("splt.title")}
      note={t("splt.note", { number: own.lengths.length })}
      className="span-8"
      tools={
        own.lengths.length > 0 ? (
          <>
            <ModeChoice mode={mode} setMode={setMode} />
            {(["svg", "png"] as const).map((kind) => (
              <button key={kind} type="button" className="button small" title={t("splt.save", { kind: kind.toUpperCase() })} onClick={() => save(kind)}>
                <Icon name="download" size={13} /> {kind.toUpperCase()}
              </button>
            ))}
          </>
        ) : null
      }
    >
      {failure ? <ErrorNote error={failure} /> : null}
      {own.lengths.length === 0 ? <Empty title={t("splt.none")} /> : other ? <Both row={row} own={own} id={other} mode={mode} host={host} /> : <div ref={host} data-caption={caption(row)}><Splt {...own} mode={mode} /></div>}
    </Panel>
  );
}

/** What a picture shows, for its file: both ends, the name, when it began. */
const caption = (row: FlowRow) => [`${endpoint(row, "src")} → ${endpoint(row, "dst")}`, text(row, "host_name") ?? text(row, "app"), time(text(row, "time_start") ?? "", true)].filter(Boolean).join("  ·  ");

/** Two pictures to one scale. */
function Both({ row, own, id, mode, host }: { row: FlowRow; own: ReturnType<typeof session>; id: string; mode: Mode; host: React.RefObject<HTMLDivElement | null> }) {
  const { t } = useWords();
  const scope = useScope();
  const [, change] = useParameters();
  const answer = useFlow(id);
  const second = useMemo(() => (answer.data ? session(answer.data) : null), [answer.data]);
  const scale = useMemo(() => scaleOf(second ? [own, second] : [own]), [own, second]);
  return (
    <div ref={host}>
      <div data-caption={caption(row)}>
        <Splt {...own} mode={mode} scale={scale} />
      </div>
      <div className="splt-other">
        <span>{t("splt.comparedWith")}</span>
        <Link to={`/flows/${encodeURIComponent(id)}${scope.search()}`}>{answer.data ? `${endpoint(answer.data, "src")} → ${endpoint(answer.data, "dst")}` : id}</Link>
        <span className="hint">{answer.data ? (text(answer.data, "host_name") ?? text(answer.data, "app") ?? "") : ""}</span>
        <button type="button" className="button small" onClick={() => change([["with", null]], { replace: true })}>
          <Icon name="close" size={12} /> {t("splt.alone")}
        </button>
      </div>
      <Shown answer={answer}>{(data) =>
          second && second.lengths.length > 0 ? (
            <div data-caption={caption(data)}>
              <Splt {...second} mode={mode} scale={scale} />
            </div>
          ) : (
            <Empty title={t("splt.none")} />
          )
        }</Shown>
    </div>
  );
}
