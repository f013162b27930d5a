// SPDX-License-Identifier: Apache-2.0
// The first page: how much, what, who with whom, how much of it is encrypted, and what was detected.
import { useState } from "react";
import { MEASURES, useSeries, useSummary, useTop, type Measure } from "../../api/queries";
import { seriesVar, SERIES_COLOURS } from "../../charts/palette";
import { Traffic } from "../../charts/Traffic";
import { term, terms } from "../../filter/build";
import type { TopRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { ChartOptions, wished, type ChartWish } from "../../parts/ChartOptions";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { tlsVersion } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { NoTraffic } from "../../parts/NoTraffic";
import { Panel } from "../../parts/Panel";
import { Ranking } from "../../parts/Ranking";
import { useScope } from "../../parts/scope";
import { ErrorNote, Shown } from "../../parts/State";
import { Encryption } from "./Encryption";
import { KeyFigures } from "./KeyFigures";
import { Pairs } from "./Pairs";
import { RecentEvents } from "./RecentEvents";
import { Tiles } from "./Tiles";
import "./overview.css";

const APPS_IN_CHART = 7;
const ROWS = 8;

export function Overview() {
  const { t } = useWords();
  const scope = useScope();
  const [by, setBy] = useState<Measure>("bytes");
  const summary = useSummary(scope.ask);
  const [wish, setWish] = useState<ChartWish>({ compare: "", spread: true });
  const chart = { split: "app", by, limit: APPS_IN_CHART, step_secs: null, ...wished(wish) };
  const series = useSeries(scope.ask, chart);
  const apps = useTop(scope.ask, { keys: ["app"], by, limit: ROWS });
  const hosts = useTop(scope.ask, { keys: ["ip"], by, limit: ROWS });
  const pairs = useTop(scope.ask, { keys: ["src_ip", "dst_ip"], by, limit: 12 });
  const versions = useTop(scope.ask, { keys: ["tls_version"], by, limit: 9 });

  // all panels ask about the same range and filter: one refusal is enough
  if (summary.error) return <ErrorNote error={summary.error} retry={scope.refresh} />;
  if (summary.data?.flows === 0 && !summary.isPlaceholderData) return <NoTraffic />;

  const order = series.data?.series.map((line) => line.name) ?? [];
  const appColour = (row: TopRow) => {
    const at = order.indexOf(row.key[0] as string);
    return seriesVar(at < 0 ? SERIES_COLOURS : at);
  };
  const label = (value: TopRow["key"][number] | undefined) => (value === null || value === undefined || value === "" ? t("value.none") : String(value));
  return (
    <div className="overview">
      <h1 className="sr-only">{t("nav.overview")}</h1>
      <Tiles answer={summary} />
      <KeyFigures />
      <Panel
        title={t("overview.traffic")}
        note={t("overview.brushHint")}
        className="span-8"
        tools={
          <>
            <Choice label={t("measure.label")} value={by} onChange={setBy} options={MEASURES.map((value) => ({ value, label: t(`measure.${value}`) }))} />
            <ChartOptions wish={wish} onChange={(change) => setWish({ ...wish, ...change })} />
            <DownloadAnswer answers={[{ what: "series", ask: { ...scope.ask, ...chart } }]} />
          </>
        }
      >
        <Shown answer={series} rows={7}>
          {(data) => <Traffic data={data} by={by} height={176} onBrush={scope.setRange} onPick={(name) => scope.drill(term("app", name))} />}
        </Shown>
      </Panel>
      <Encryption summary={summary} />
      <Panel title={t("overview.apps")} className="span-4">
        <Shown answer={apps} rows={ROWS}>
          {(data) => <Ranking data={data} by={by} head={t("column.app")} face={(row) => label(row.key[0])} term={(row) => terms(["app"], row.key)} colour={appColour} />}
        </Shown>
      </Panel>
      <Panel title={t("overview.hosts")} className="span-4" note={t("overview.hostsNote")}>
        <Shown answer={hosts} rows={ROWS}>
          {(data) => <Ranking data={data} by={by} head={t("column.host")} face={(row) => <span className="mono">{label(row.key[0])}</span>} term={(row) => term("ip", row.key[0])} />}
        </Shown>
      </Panel>
      <Pairs answer={pairs} by={by} rows={ROWS} />
      <RecentEvents />
      <Panel title={t("overview.versions")} className="span-4">
        <Shown answer={versions} rows={4}>
          {(data) => {
            const rows = data.rows.filter((row) => row.key[0] !== null);
            const total = rows.reduce((sum, row) => ({ bytes: sum.bytes + row.bytes, packets: sum.packets + row.packets, flows: sum.flows + row.flows }), { bytes: 0, packets: 0, flows: 0 });
            return (
              <Ranking
                data={{ ...data, rows, total }}
                by={by}
                head={t("overview.versions")}
                face={(row) => <VersionName value={row.key[0]} />}
                term={(row) => terms(["tls_version"], row.key)}
              />
            );
          }}
        </Shown>
      </Panel>
    </div>
  );
}

/** Versions that no longer count as safe are said to be so. */
function VersionName({ value }: { value: TopRow["key"][number] | undefined }) {
  const { t } = useWords();
  const name = tlsVersion(value);
  const old = /SSL|1\.0|1\.1/.test(name);
  return (
    <>
      {name}
      {old ? (
        <span className="tag warn">
          <Icon name="alert" size={12} /> {t("overview.outdated")}
        </span>
      ) : null}
    </>
  );
}
