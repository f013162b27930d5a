// SPDX-License-Identifier: Apache-2.0
// Applications: protocols with their services, and of the chosen one its course, hosts, names, risks and how it was told.
import { useState } from "react";
import { useSeries, useSummary, type Measure } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import { narrow, term } from "../../filter/build";
import { useWords } from "../../i18n";
import { DownloadAnswer } from "../../parts/Download";
import { PageFigures } from "../../parts/Figures";
import { protocol } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { NoTraffic } from "../../parts/NoTraffic";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { reasonIn } from "../../parts/reason";
import { useScope } from "../../parts/scope";
import { ErrorNote, Shown } from "../../parts/State";
import { TopPanel } from "../../parts/TopPanel";
import { Find } from "./Find";
import { RisksOf } from "./RisksOf";
import { Tree } from "./Tree";
import { termOf } from "./tree";
import "./applications.css";

const APPS_IN_CHART = 7;

export function Applications() {
  const { t } = useWords();
  const scope = useScope();
  const [params, change] = useParameters();
  const [by, setBy] = useState<Measure>("bytes");
  const summary = useSummary(scope.ask);
  const chosen = params.get("app");
  if (summary.error) return <ErrorNote error={summary.error} retry={scope.refresh} />;
  if (summary.data?.flows === 0 && !summary.isPlaceholderData) return <NoTraffic />;
  const choose = (name: string | null) => change([["app", name]], { replace: true });
  return (
    <div className="overview">
      <h1 className="sr-only">{t("nav.applications")}</h1>
      <Find />
      <PageFigures page="applications" />
      <Tree by={by} setBy={setBy} chosen={chosen} choose={choose} />
      <div className="span-7 apps-side">
        <Course by={by} chosen={chosen} choose={choose} />
        <div className="overview">
          <Details by={by} chosen={chosen} />
        </div>
      </div>
    </div>
  );
}

/** Over time: of all the applications, of a protocol its services. */
function Course({ by, chosen, choose }: { by: Measure; chosen: string | null; choose: (name: string | null) => void }) {
  const { t } = useWords();
  const scope = useScope();
  const more = termOf(chosen);
  const ask = { ...scope.ask, filter: more ? narrow(scope.filter, more) : scope.filter };
  const chart = { split: "app", by, limit: APPS_IN_CHART, step_secs: null };
  const series = useSeries(ask, chart);
  return (
    <Panel
      title={chosen ? t("apps.courseOf", { app: chosen.replace(/\.\*$/, "") }) : t("apps.course")}
      note={t("overview.brushHint")}
      tools={
        <>
          {chosen ? (
            <button type="button" className="button small" onClick={() => choose(null)}>
              <Icon name="close" size={12} /> {t("apps.all")}
            </button>
          ) : null}
          <DownloadAnswer small answers={[{ what: "series", ask: { ...ask, ...chart } }]} />
        </>
      }
    >
      <Shown answer={series} rows={7}>
        {(data) => <Traffic data={data} by={by} height={176} onBrush={scope.setRange} onPick={(name) => scope.drill(term("app", name))} />}
      </Shown>
    </Panel>
  );
}

function Details({ by, chosen }: { by: Measure; chosen: string | null }) {
  const { t, language } = useWords();
  const more = termOf(chosen) ?? undefined;
  const narrowed = more ? { more } : {};
  const mono = (row: { key: unknown[] }) => <span className="mono">{String(row.key[0] ?? t("value.none"))}</span>;
  const confidence = (value: unknown) => t(`confidence.${String(value)}`, { defaultValue: String(value ?? t("value.none")) });
  return (
    <>
      <TopPanel className="span-6" title={t("apps.clients")} keys={["src_ip"]} by={by} face={mono} {...narrowed} />
      <TopPanel className="span-6" title={t("apps.servers")} keys={["dst_ip"]} by={by} face={mono} {...narrowed} />
      <TopPanel className="span-6" title={t("apps.names")} keys={["host_name"]} by={by} known empty={t("apps.noNames")} {...narrowed} />
      <RisksOf {...narrowed} />
      <TopPanel className="span-6" title={t("apps.confidence")} note={t("apps.confidenceNote")} keys={["app_confidence"]} by={by} face={(row) => confidence(row.key[0])} {...narrowed} />
      <TopPanel
        className="span-6"
        title={t("apps.named")}
        note={t("apps.namedNote")}
        keys={["name_source", "name_confidence"]}
        by={by}
        face={(row) => (row.key[0] === null ? t("apps.unnamed") : `${t(`apps.source.${String(row.key[0])}`, { defaultValue: String(row.key[0]) })} · ${t(`apps.sure.${String(row.key[1])}`, { defaultValue: String(row.key[1] ?? "–") })}`)}
        {...narrowed}
      />
      <TopPanel className="span-6" title={t("apps.ports")} keys={["proto", "dst_port"]} by={by} face={(row) => <span className="mono">{`${protocol(row.key[0])} ${String(row.key[1])}`}</span>} {...narrowed} />
      <TopPanel className="span-6" title={t("apps.programs")} keys={["tls_ja4"]} by={by} known face={mono} empty={t("apps.noPrograms")} {...narrowed} />
      <TopPanel className="span-12" title={t("apps.reasons")} keys={["app_reason"]} by={by} known face={(row) => <span title={reasonIn(language, String(row.key[0]))}>{reasonIn(language, String(row.key[0]))}</span>} {...narrowed} />
    </>
  );
}
