// SPDX-License-Identifier: Apache-2.0
// DNS: names, resolvers, answers over time, what fails, what is slow, long or rare.
import { useState } from "react";
import { useSeries, useSummary, useTop } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import { narrow, term, terms, type Value } from "../../filter/build";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { PageFigures } from "../../parts/Figures";
import { micros } from "../../parts/format";
import { Listing, type Face } from "../../parts/Listing";
import { NoTraffic } from "../../parts/NoTraffic";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { TopPanel } from "../../parts/TopPanel";

const DNS = "dns_query present";
const NXDOMAIN = "dns_rcode = nxdomain";
/** One question and one answer: such a flow lasts as long as the answer took. */
const ONE = "dns_query present and src_packets = 1 and dst_packets = 1";
const SLOW = `${ONE} and duration >= 200ms`;

export function Dns() {
  const { t } = useWords();
  const scope = useScope();
  const summary = useSummary(scope.ask);
  if (summary.error) return <ErrorNote error={summary.error} retry={scope.refresh} />;
  if (summary.data?.flows === 0 && !summary.isPlaceholderData) return <NoTraffic />;
  const mono = (row: { key: unknown[] }) => <span className="mono">{String(row.key[0] ?? t("value.none"))}</span>;
  return (
    <div className="overview">
      <h1 className="sr-only">{t("nav.dns")}</h1>
      <PageFigures page="dns" />
      <Codes />
      <TopPanel title={t("dns.types")} keys={["dns_qtype"]} by="flows" known empty={t("dns.none")} face={mono} />
      <Names />
      <Resolvers />
      <TopPanel title={t("dns.clients")} keys={["src_ip"]} by="flows" more={DNS} empty={t("dns.none")} face={mono} />
      <Missing />
      <TopPanel title={t("dns.missingNames")} keys={["dns_query"]} by="flows" more={NXDOMAIN} empty={t("dns.noMissing")} face={mono} />
      <Slow />
      <Rare />
      <TopPanel title={t("dns.encrypted")} note={t("dns.encryptedNote")} keys={["app", "dst_ip", "host_name"]} by="flows" more={'app ~ "*.DoH_DoT"'} empty={t("dns.noEncrypted")} face={(row) => <span className="mono">{String(row.key[2] ?? row.key[1])}</span>} />
    </div>
  );
}

function Codes() {
  const { t } = useWords();
  const scope = useScope();
  const ask = { ...scope.ask, filter: narrow(scope.filter, DNS) };
  const chart = { split: "dns_rcode", by: "flows" as const, limit: 6, step_secs: null };
  const series = useSeries(ask, chart);
  return (
    <Panel title={t("dns.codes")} note={t("overview.brushHint")} className="span-8" tools={<DownloadAnswer small answers={[{ what: "series", ask: { ...ask, ...chart } }]} />}>
      <Shown answer={series} rows={7}>
        {(data) =>
          data.series.every((line) => line.values.every((value) => value === 0)) ? (
            <Empty title={t("dns.none")}>
              <p className="hint">{t("dns.noneHint")}</p>
            </Empty>
          ) : (
            <Traffic data={data} by="flows" height={176} blank={t("dns.noAnswer")} onBrush={scope.setRange} onPick={(name) => scope.drill(name === "" ? `${DNS} and not dns_rcode present` : term("dns_rcode", name))} />
          )
        }
      </Shown>
    </Panel>
  );
}

function Names() {
  const { t } = useWords();
  const [of, setOf] = useState<"domain" | "name">("domain");
  const keys = [of === "domain" ? "domain(dns_query)" : "dns_query"];
  const tools = <Choice label={t("dns.of")} value={of} onChange={setOf} options={(["domain", "name"] as const).map((value) => ({ value, label: t(`dns.by.${value}`) }))} />;
  return <TopPanel title={t("dns.names")} keys={keys} by="flows" limit={12} more={DNS} empty={t("dns.none")} tools={tools} face={(row) => <span className="mono">{String(row.key[0] ?? "–")}</span>} />;
}

interface TableProps {
  title: string;
  note?: string;
  className: string;
  more: string;
  keys: string[];
  measures: string[];
  heads: (string | null)[];
  order: string;
  ascending?: boolean;
  having?: string;
  faces: Face[];
  empty: string;
  limit?: number;
}

/** Groups of DNS flows with their own measures. */
function Table({ title, note, className, more, keys, measures, heads, order, ascending = false, having = "", faces, empty, limit = 12 }: TableProps) {
  const scope = useScope();
  const ask = { ...scope.ask, filter: narrow(scope.filter, more) };
  const question = { keys, by: "flows" as const, limit, measures, order, ascending, having };
  const answer = useTop(ask, question);
  return (
    <Panel title={title} {...(note ? { note } : {})} className={className} tools={<DownloadAnswer small answers={[{ what: "top", ask: { ...ask, ...question, limit: 10_000 } }]} />}>
      <Shown answer={answer} rows={6}>
        {(data) => <Listing data={data} label={title} faces={faces} measures={heads} empty={empty} term={(row) => narrow(more, terms(keys, row.key as Value[]) ?? more)} />}
      </Shown>
    </Panel>
  );
}

const first = (head: string): Face => ({ head, wide: true, face: (row) => <span className="mono">{String(row.key[0] ?? "–")}</span> });

function Resolvers() {
  const { t } = useWords();
  const scope = useScope();
  const times = useTop({ ...scope.ask, filter: narrow(scope.filter, ONE) }, { keys: ["dst_ip"], by: "flows", limit: 1000, measures: ["about_p50(duration)", "about_p95(duration)"] });
  const took = new Map(times.data?.rows.map((row) => [row.key[0], row.values]));
  const place = (value: unknown) => (value === true ? t("dns.own") : value === false ? t("dns.foreign") : t("dns.unknown"));
  return (
    <Table
      title={t("dns.resolvers")}
      note={t("dns.resolversNote")}
      className="span-8"
      more={DNS}
      keys={["dst_ip", "dst_local"]}
      measures={["flows", "about_distinct(src_ip)", "about_distinct(dns_query)"]}
      heads={[t("measure.flows"), t("apps.clients"), t("dns.distinct")]}
      order="flows"
      faces={[
        first(t("dns.resolver")),
        { head: t("dns.place"), face: (row) => <span className={`tag${row.key[1] === false ? " warn" : ""}`}>{place(row.key[1])}</span> },
        { head: t("dns.median"), number: true, face: (row) => time(took.get(row.key[0])?.[0]) },
        { head: t("dns.slowest"), number: true, face: (row) => time(took.get(row.key[0])?.[1]) },
      ]}
      empty={t("dns.none")}
    />
  );
}

/** Seconds. */
const time = (value: unknown) => (typeof value === "number" ? micros(Math.round(value * 1e6)) : "–");

function Missing() {
  const { t } = useWords();
  return (
    <Table
      title={t("dns.missing")}
      note={t("dns.missingNote")}
      className="span-4"
      more={NXDOMAIN}
      keys={["src_ip"]}
      measures={["flows", "about_distinct(dns_query)"]}
      heads={[t("measure.flows"), t("dns.distinct")]}
      order="flows"
      faces={[first(t("cell.src"))]}
      empty={t("dns.noMissing")}
      limit={8}
    />
  );
}

function Slow() {
  const { t } = useWords();
  return (
    <Table
      title={t("dns.slow")}
      note={t("dns.slowNote")}
      className="span-4"
      more={SLOW}
      keys={["domain(dns_query)"]}
      measures={["flows", "max(duration)"]}
      heads={[t("measure.flows"), null]}
      order="max(duration)"
      faces={[first(t("dns.by.domain")), { head: t("dns.longest"), number: true, face: (row) => time(row.values?.[1]) }]}
      empty={t("dns.noSlow")}
      limit={8}
    />
  );
}

function Rare() {
  const { t } = useWords();
  const [of, setOf] = useState<"rare" | "long">("rare");
  const scope = useScope();
  const rare = of === "rare";
  const more = rare ? DNS : 'dns_query =~ "^.{60}"';
  const keys = [rare ? "domain(dns_query)" : "dns_query"];
  const measures = ["flows", "about_distinct(src_ip)"];
  const ask = { ...scope.ask, filter: narrow(scope.filter, more) };
  const question = { keys, by: "flows" as const, limit: 8, measures, order: "flows", ascending: rare, having: rare ? "flows <= 3" : "" };
  const answer = useTop(ask, question);
  return (
    <Panel
      title={t(rare ? "dns.rare" : "dns.long")}
      note={t(rare ? "dns.rareNote" : "dns.longNote")}
      className="span-4"
      tools={
        <>
          <Choice label={t("dns.odd")} value={of} onChange={setOf} options={(["rare", "long"] as const).map((value) => ({ value, label: t(`dns.which.${value}`) }))} />
          <DownloadAnswer small answers={[{ what: "top", ask: { ...ask, ...question, limit: 10_000 } }]} />
        </>
      }
    >
      <Shown answer={answer} rows={6}>
        {(data) => <Listing data={data} label={t(rare ? "dns.rare" : "dns.long")} faces={[first(t(rare ? "dns.by.domain" : "dns.by.name"))]} measures={[t("measure.flows"), t("apps.clients")]} empty={t(rare ? "dns.noRare" : "dns.noLong")} term={(row) => terms(keys, row.key as Value[])} />}
      </Shown>
    </Panel>
  );
}
