// SPDX-License-Identifier: Apache-2.0
// Certificates by their end: expired ones and those that end soon first.
import { useState } from "react";
import { useTop } from "../../api/queries";
import { narrow, terms, type Value } from "../../filter/build";
import type { TopRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { localDay, utc } from "../../parts/format";
import { Listing } from "../../parts/Listing";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { expiry } from "./judge";
import { issuer } from "./Tls";

const ROWS = 25;
const KEYS = ["tls_cert_subject", "tls_cert_issuer", "tls_cert_not_after", "tls_cert_key", "tls_cert_signature", "tls_cert_self_signed", "tls_cert_sha256"];
const MEASURED = ["flows", "about_distinct(dst_ip)", "about_distinct(src_ip)", "min(tls_cert_not_after)"];
const DAY = 86_400_000;

type Choose = "all" | "expired" | "soon" | "self";

export function Certificates() {
  const { t } = useWords();
  const scope = useScope();
  const [choose, setChoose] = useState<Choose>("all");
  const at = Date.parse(scope.span.to);
  const iso = (millis: number) => new Date(millis).toISOString();
  const wanted: Record<Choose, string> = {
    all: "tls_cert_not_after present",
    expired: `tls_cert_not_after < ${iso(at)}`,
    soon: `tls_cert_not_after >= ${iso(at)} and tls_cert_not_after < ${iso(at + 30 * DAY)}`,
    self: "tls_cert_self_signed = true",
  };
  const ask = { ...scope.ask, filter: narrow(scope.filter, wanted[choose]) };
  const question = { keys: KEYS, by: "flows" as const, limit: ROWS, measures: MEASURED, order: "min(tls_cert_not_after)", ascending: true };
  const answer = useTop(ask, question);
  return (
    <Panel
      title={t("tls.certificates")}
      note={t("tls.certificatesNote")}
      className="span-12"
      tools={
        <>
          <Choice label={t("tls.which")} value={choose} onChange={setChoose} options={(["all", "expired", "soon", "self"] as const).map((value) => ({ value, label: t(`tls.show.${value}`) }))} />
          <DownloadAnswer small answers={[{ what: "top", ask: { ...ask, ...question, limit: 10_000 } }]} />
        </>
      }
    >
      <Shown answer={answer} rows={8}>
        {(data) => (
          <Listing
            data={data}
            label={t("tls.certificates")}
            className="tls-certificates"
            empty={t(choose === "all" ? "tls.noCertificates" : "tls.noSuchCertificates")}
            faces={[
              { head: t("tls.subject"), wide: true, face: (row) => <span title={String(row.key[0] ?? "")}>{issuer(String(row.key[0] ?? t("value.none")))}</span> },
              { head: t("tls.issuer"), face: (row) => <Issuer row={row} /> },
              { head: t("tls.ends"), face: (row) => <Ends at={at} value={String(row.key[2])} /> },
              { head: t("tls.key"), face: (row) => String(row.key[3] ?? "–") },
              { head: t("tls.signature"), face: (row) => String(row.key[4] ?? "–").replace(/Encryption$/, "") },
            ]}
            measures={[t("measure.flows"), t("apps.servers"), t("apps.clients"), null]}
            term={certificate}
          />
        )}
      </Shown>
    </Panel>
  );
}

/** The flows with a certificate: by its hash, or else by its names. */
function certificate(row: TopRow): string | null {
  return row.key[6] ? terms(["tls_cert_sha256"], [row.key[6] as Value]) : terms(KEYS.slice(0, 2), row.key.slice(0, 2) as Value[]);
}

function Issuer({ row }: { row: TopRow }) {
  const { t } = useWords();
  if (row.key[5] === true) return <span className="tag warn">{t("tls.selfSigned")}</span>;
  return <span title={String(row.key[1] ?? "")}>{issuer(String(row.key[1] ?? "–"))}</span>;
}

function Ends({ at, value }: { at: number; value: string }) {
  const { t } = useWords();
  const { state, days } = expiry(value, at);
  return (
    <>
      <time dateTime={value} title={utc(value)} className="num">
        {localDay(value)}
      </time>{" "}
      {state === "later" ? null : <span className={`tag ${state === "expired" ? "bad" : "warn"}`}>{t(state === "expired" ? "tls.ended" : "tls.endsIn", { days: Math.abs(days) })}</span>}
    </>
  );
}
