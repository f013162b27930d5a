// SPDX-License-Identifier: Apache-2.0
// Who uses what is old or weak: the servers that allow it and the clients that take it.
import { useState } from "react";
import { useTop } from "../../api/queries";
import { narrow, term } from "../../filter/build";
import type { TopRow } from "../../gen/api";
import { RISKS } from "../../gen/risks";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { Listing } from "../../parts/Listing";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { weak, WEAKNESSES, type Weakness } from "./judge";

const ROWS = 12;
const MEASURED = ["flows", "bytes", "about_distinct(src_ip)", "max(time_end)"];
const MEASURED_OF_CLIENTS = ["flows", "bytes", "about_distinct(dst_ip)", "max(time_end)"];

/** Those of a list of risks that are of encryption. */
const weaknesses = (risks: unknown) => WEAKNESSES.filter((name) => Array.isArray(risks) && risks.includes(name));

export function Weak() {
  const { t, language } = useWords();
  const scope = useScope();
  const [side, setSide] = useState<"servers" | "clients" | "pairs">("servers");
  const [only, setOnly] = useState<Weakness | "all">("all");
  const more = weak(only === "all" ? WEAKNESSES : [only]);
  const ask = { ...scope.ask, filter: narrow(scope.filter, more) };
  const shown = side === "servers" ? ["dst_ip", "dst_port"] : side === "clients" ? ["src_ip"] : ["src_ip", "dst_ip", "dst_port"];
  const keys = [...shown, "risk"];
  const measures = side === "clients" ? MEASURED_OF_CLIENTS : MEASURED;
  const question = { keys, by: "flows" as const, limit: ROWS, measures, order: "flows" };
  const answer = useTop(ask, question);
  const other = side === "servers" ? t("apps.clients") : side === "clients" ? t("apps.servers") : null;
  const title = (name: string) => RISKS.find((risk) => risk.name === name)?.title[language] ?? name;
  const names: Record<string, string> = { src_ip: t("cell.src"), dst_ip: t("cell.dst"), dst_port: t("tls.port") };
  return (
    <Panel
      title={t("tls.weakHosts")}
      className="span-8"
      tools={
        <>
          <label className="analysis-field">
            <span className="sr-only">{t("tls.weakness")}</span>
            <select value={only} onChange={(event) => setOnly(event.target.value as Weakness | "all")}>
              <option value="all">{t("tls.anyWeakness")}</option>
              {WEAKNESSES.map((name) => (
                <option key={name} value={name}>
                  {title(name)}
                </option>
              ))}
            </select>
          </label>
          <Choice label={t("tls.side")} value={side} onChange={setSide} options={(["servers", "clients", "pairs"] as const).map((value) => ({ value, label: t(`tls.by.${value}`) }))} />
          <DownloadAnswer small answers={[{ what: "top", ask: { ...ask, ...question, limit: 10_000 } }]} />
        </>
      }
    >
      <Shown answer={answer} rows={ROWS}>
        {(data) => (
          <Listing
            data={data}
            label={t("tls.weakHosts")}
            className="tls-weak"
            empty={t("tls.noWeak")}
            faces={[
              ...shown.map((key, at) => ({ head: names[key] ?? key, face: (row: TopRow) => <span className="mono">{String(row.key[at] ?? "–")}</span> })),
              { head: t("tls.weakness"), wide: true, face: (row) => weaknesses(row.key[shown.length]).map(title).join(t("tls.and")) },
            ]}
            measures={[t("measure.flows"), t("measure.bytes"), other, null]}
            term={(row) => {
              const one = shown.map((key, at) => term(key, row.key[at] as string | number)).filter((text) => text !== null).join(" and ");
              return narrow(more, one);
            }}
          />
        )}
      </Shown>
    </Panel>
  );
}
