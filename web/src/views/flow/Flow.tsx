// SPDX-License-Identifier: Apache-2.0
// One flow: who, what and why we say so, its picture, both sides compared, and every fact by group.
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useFlow, useFlowTags, useRecorder } from "../../api/queries";
import type { Mode } from "../../charts/splt";
import { TAG, term } from "../../filter/build";
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { micros, protocol } from "../../parts/format";
import { hostPath } from "../../parts/hostPath";
import { Icon } from "../../parts/Icon";
import { reasonIn } from "../../parts/reason";
import { durationMicros, endpoint, isEncrypted, nameOf, session, text } from "../../parts/row";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { Alike } from "./Alike";
import { Chain } from "./Chain";
import { Facts } from "./Facts";
import { hasFingerprint, Known } from "./Known";
import { Picture } from "./Picture";
import { Risks } from "./Risks";
import { Sides } from "./Sides";
import { Verdict } from "./Verdict";
import "./flow.css";

export function Flow() {
  const { id = "" } = useParams();
  const { t } = useWords();
  const scope = useScope();
  const answer = useFlow(id);
  return (
    <div className="flow">
      <Link className="back" to={scope.flows(null)}>
        <Icon name="left" size={14} /> {t("flow.back")}
      </Link>
      <Shown answer={answer} rows={10}>
        {(row) => <FlowBody row={row} />}
      </Shown>
    </div>
  );
}

function FlowBody({ row }: { row: FlowRow }) {
  const [mode, setMode] = useState<Mode>("index");
  return (
    <>
      <Heading row={row} />
      <Risks row={row} />
      <div className="flow-grid">
        <Picture row={row} mode={mode} setMode={setMode} />
        <Sides row={row} />
      </div>
      {text(row, "eta_class") ? <Verdict row={row} /> : null}
      {hasFingerprint(row) ? <Known row={row} /> : null}
      {session(row).lengths.length > 0 ? <Alike row={row} mode={mode} /> : null}
      <Chain row={row} />
      <Facts row={row} />
    </>
  );
}

function Heading({ row }: { row: FlowRow }) {
  const { t, language } = useWords();
  const scope = useScope();
  const confidence = text(row, "app_confidence");
  const reason = text(row, "app_reason");
  const name = nameOf(row);
  const links = [
    { name: t("flow.ofSource"), term: term("ip", text(row, "src_ip")) },
    { name: t("flow.ofDestination"), term: term("ip", text(row, "dst_ip")) },
    { name: t("flow.sameName"), term: term("host_name", text(row, "host_name")) ?? term("tls_sni", text(row, "tls_sni")) },
    { name: t("flow.sameJa4"), term: term("tls_ja4", text(row, "tls_ja4")) },
    { name: t("flow.sameQuery"), term: term("dns_query", text(row, "dns_query")) },
  ].filter((link) => link.term !== null);
  return (
    <header className="flow-head">
      <h1>
        <span className="mono">{endpoint(row, "src")}</span>
        <Icon name="arrow" size={18} />
        <span className="mono">{endpoint(row, "dst")}</span>
      </h1>
      <p className="flow-app">
        <strong>
          {isEncrypted(row) ? <Icon name="lock" size={14} /> : null}
          {text(row, "app") ?? "–"}
        </strong>
        {confidence ? <span className={`tag ${confidence}`}>{t(`confidence.${confidence}`, { defaultValue: confidence })}</span> : null}
        {name ? <span className="flow-name">{name.value}</span> : null}
        <span className="flow-when">
          {row["proto"] === undefined ? null : <span>{protocol(row["proto"])}</span>}
          {text(row, "time_start") ? <Time at={text(row, "time_start") ?? ""} millis /> : null}
          <span className="num">{micros(durationMicros(row))}</span>
        </span>
      </p>
      {reason || confidence ? (
        <p className="flow-reason">
          <Icon name="info" size={14} />
          <span>
            {confidence ? t(`confidenceDoc.${confidence}`, { defaultValue: "" }) : ""} {reason ? <q>{reasonIn(language, reason)}</q> : null}
          </span>
        </p>
      ) : null}
      <Tags id={text(row, "flow_id") ?? ""} />
      <nav className="flow-links" aria-label={t("flow.related")}>
        {links.map((link) => (
          <Link key={link.name} className="button small" to={`/flows${onlyTerm(scope.search(), link.term)}`} title={link.term ?? ""}>
            {link.name}
          </Link>
        ))}
        {["src_ip", "dst_ip"]
          .map((side) => text(row, side))
          .filter((ip) => ip !== null)
          .map((ip) => (
            <Link key={ip} className="button small" to={hostPath(ip, scope.search())}>
              {t("hosts.open", { host: ip })}
            </Link>
          ))}
        <Packets row={row} />
      </nav>
    </header>
  );
}

/** Its packets as a file, where the recorder may still have them. */
function Packets({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const recorder = useRecorder();
  const oldest = recorder.data?.oldest;
  const end = text(row, "time_end");
  if (!oldest || !end || Date.parse(end) < Date.parse(oldest) || text(row, "source") !== "probe") return null;
  return (
    <a className="button small" href={`/api/v1/flows/${encodeURIComponent(text(row, "flow_id") ?? "")}/packets`} title={t("flow.packetsHint")} download>
      {t("flow.packets")}
    </a>
  );
}

/** The tags of the flow: those of today, and those that were in force when it started and are not its tags now. */
function Tags({ id }: { id: string }) {
  const { t } = useWords();
  const scope = useScope();
  const found = useFlowTags(id).data;
  if (!found || found.now.length + found.then.length === 0) return null;
  const only = found.then.filter((name) => !found.now.includes(name));
  return (
    <p className="flow-app" aria-label={t("flow.tags")}>
      {found.now.map((name) => (
        <Link key={name} className="tag" to={`/flows${onlyTerm(scope.search(), term(TAG, name))}`} title={found.then.includes(name) ? t("flow.tagged") : t("flow.taggedNow")}>
          {name}
        </Link>
      ))}
      {only.map((name) => (
        <span key={name} className="tag faint" title={t("flow.taggedThen")}>
          {t("flow.was", { name })}
        </span>
      ))}
    </p>
  );
}

/** The same range, but only this term as filter. */
function onlyTerm(search: string, only: string | null): string {
  const params = new URLSearchParams(search);
  params.set("q", only ?? "");
  return `?${params}`;
}
