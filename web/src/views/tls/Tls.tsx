// SPDX-License-Identifier: Apache-2.0
// Audit of encryption: versions, cipher suites, key exchange, certificates, and who uses what is old or weak.
import { useState } from "react";
import { useSeries, useSummary, type Measure } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import { narrow, term } from "../../filter/build";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { PageFigures } from "../../parts/Figures";
import { tlsVersion } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { NoTraffic } from "../../parts/NoTraffic";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { TopPanel } from "../../parts/TopPanel";
import { Certificates } from "./Certificates";
import { Weak } from "./Weak";
import { isOldVersion, isPostQuantum, isWeakSuite } from "./judge";
import "./tls.css";

// As the key figures count TLS: without an answer the version is what the client offers at most.
const TLS = "tls_cipher present or (tls_version present and exporter_ip present)";

export function Tls() {
  const { t } = useWords();
  const scope = useScope();
  const [by, setBy] = useState<Measure>("flows");
  const summary = useSummary(scope.ask);
  if (summary.error) return <ErrorNote error={summary.error} retry={scope.refresh} />;
  if (summary.data?.flows === 0 && !summary.isPlaceholderData) return <NoTraffic />;
  const tag = (text: string, kind: "warn" | "good") => (
    <span className={`tag ${kind}`}>
      {kind === "warn" ? <Icon name="alert" size={12} /> : null} {text}
    </span>
  );
  return (
    <div className="overview">
      <h1 className="sr-only">{t("nav.tls")}</h1>
      <PageFigures page="tls" />
      <Versions by={by} setBy={setBy} />
      <TopPanel
        title={t("tls.versions")}
        keys={["tls_version"]}
        by={by}
        known
        empty={t("tls.none")}
        face={(row) => (
          <>
            {isOldVersion(tlsVersion(row.key[0])) ? tag(t("overview.outdated"), "warn") : null} {tlsVersion(row.key[0])}
          </>
        )}
      />
      <TopPanel
        title={t("tls.suites")}
        className="span-8"
        keys={["tls_cipher"]}
        by={by}
        limit={10}
        known
        empty={t("tls.none")}
        face={(row) => (
          <span className="mono" title={String(row.key[0])}>
            {isWeakSuite(String(row.key[0])) ? tag(t("tls.weak"), "warn") : null} {String(row.key[0])}
          </span>
        )}
      />
      <TopPanel
        title={t("tls.groups")}
        note={t("tls.groupsNote")}
        keys={["tls_group"]}
        by={by}
        limit={10}
        known
        empty={t("tls.noGroups")}
        face={(row) => (
          <>
            {isPostQuantum(String(row.key[0])) ? tag(t("tls.postQuantum"), "good") : null} {String(row.key[0])}
          </>
        )}
      />
      <TopPanel title={t("tls.issuers")} keys={["tls_cert_issuer"]} by={by} limit={10} known empty={t("tls.noCertificates")} face={(row) => <span title={String(row.key[0])}>{issuer(String(row.key[0]))}</span>} />
      <Weak />
      <Certificates />
    </div>
  );
}

/** The telling part of a distinguished name: organisation and common name. */
export function issuer(name: string): string {
  const part = (key: string) => new RegExp(`(?:^|[,/]\\s*)${key}=("[^"]*"|[^,/]*)`).exec(name)?.[1]?.replaceAll('"', "").trim();
  const [organisation, common] = [part("O"), part("CN")];
  if (!organisation && !common) return name;
  return organisation && common && organisation !== common ? `${organisation} · ${common}` : (organisation ?? common ?? name);
}

function Versions({ by, setBy }: { by: Measure; setBy: (by: Measure) => void }) {
  const { t } = useWords();
  const scope = useScope();
  const ask = { ...scope.ask, filter: narrow(scope.filter, TLS) };
  const chart = { split: "tls_version", by, limit: 7, step_secs: null };
  const series = useSeries(ask, chart);
  return (
    <Panel
      title={t("tls.course")}
      note={t("overview.brushHint")}
      className="span-8"
      tools={
        <>
          <Choice
            label={t("measure.label")}
            value={by}
            onChange={setBy}
            options={[
              { value: "flows", label: t("measure.flows") },
              { value: "bytes", label: t("measure.bytes") },
            ]}
          />
          <DownloadAnswer small answers={[{ what: "series", ask: { ...ask, ...chart } }]} />
        </>
      }
    >
      <Shown answer={series} rows={7}>
        {(data) =>
          data.series.length === 0 || data.series.every((line) => line.values.every((value) => value === 0)) ? (
            <Empty title={t("tls.none")}>
              <p className="hint">{t("tls.noneHint")}</p>
            </Empty>
          ) : (
            <Traffic data={data} by={by} height={176} onBrush={scope.setRange} onPick={(name) => scope.drill(term("tls_version", name))} />
          )
        }
      </Shown>
    </Panel>
  );
}
