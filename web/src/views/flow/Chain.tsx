// SPDX-License-Identifier: Apache-2.0
// The certificates that the server sent, one a line: the first from its own columns, the others from the lists behind it.
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { localDay, utc } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { text } from "../../parts/row";
import { expiry } from "../tls/judge";
import { issuer } from "../tls/Tls";

interface Certificate {
  subject: string;
  issuer: string;
  begins: string;
  ends: string;
  key: string;
  signature: string;
  sha1: string;
  sha256: string;
}

export function Chain({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const all = chainOf(row);
  if (all.length < 2) return null;
  const at = Date.parse(text(row, "time_start") ?? "");
  const order = text(row, "tls_chain_order");
  return (
    <Panel title={t("flow.chain.title")} note={order ? t(`flow.chain.${order}`, { defaultValue: order }) : undefined} className="flow-chain">
      <table className="grid compact">
        <thead>
          <tr>
            <th scope="col">{"#"}</th>
            {["subject", "issuer", "ends", "key", "signature"].map((name) => (
              <th key={name} scope="col">
                {t(`tls.${name}`)}
              </th>
            ))}
            <th scope="col">{"SHA-256"}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((certificate, place) => (
            <tr key={certificate.sha256}>
              <td className="num">{place + 1}</td>
              <td title={certificate.subject}>{issuer(certificate.subject || "–")}</td>
              <td title={certificate.issuer}>
                {certificate.subject !== "" && certificate.subject === certificate.issuer ? <span className="tag">{t("tls.selfSigned")}</span> : issuer(certificate.issuer || "–")}
              </td>
              <td>{certificate.ends ? <Ends certificate={certificate} at={at} /> : "–"}</td>
              <td>{certificate.key || "–"}</td>
              <td>{certificate.signature.replace(/Encryption$/, "") || "–"}</td>
              <td className="mono" title={`SHA-256 ${certificate.sha256}\nSHA-1 ${certificate.sha1}`}>
                {`${certificate.sha256.slice(0, 16)}…`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** When it ends, judged at the time of the flow. */
function Ends({ certificate, at }: { certificate: Certificate; at: number }) {
  const { t } = useWords();
  return (
    <>
      <time dateTime={certificate.ends} title={`${utc(certificate.begins)} – ${utc(certificate.ends)}`} className="num">
        {localDay(certificate.ends)}
      </time>{" "}
      {expiry(certificate.ends, at).state === "expired" ? <span className="tag bad">{t("flow.chain.ended")}</span> : null}
    </>
  );
}

/** The chain; only the first where the row says nothing of others. */
function chainOf(row: FlowRow): Certificate[] {
  const one = (name: string) => text(row, `tls_cert_${name}`) ?? "";
  const first: Certificate = { subject: one("subject"), issuer: one("issuer"), begins: one("not_before"), ends: one("not_after"), key: one("key"), signature: one("signature"), sha1: one("sha1"), sha256: one("sha256") };
  const list = (name: string) => {
    const value = row[`tls_chain_${name}`];
    return Array.isArray(value) ? value.map(String) : [];
  };
  const [subjects, issuers, begins, ends] = [list("subjects"), list("issuers"), list("not_before"), list("not_after")];
  const [keys, signatures, sha1, sha256] = [list("keys"), list("signatures"), list("sha1"), list("sha256")];
  const at = (all: string[], place: number) => all[place] ?? "";
  return [first, ...subjects.map((subject, place) => ({ subject, issuer: at(issuers, place), begins: at(begins, place), ends: at(ends, place), key: at(keys, place), signature: at(signatures, place), sha1: at(sha1, place), sha256: at(sha256, place) }))];
}
