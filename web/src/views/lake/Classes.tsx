// SPDX-License-Identifier: Apache-2.0
// What is kept how long, and what it takes now.
import type { LakeClass, LakeRetention } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";

const DAY = 86_400;

export function Classes({ retention }: { retention: LakeRetention }) {
  const { t } = useWords();
  const age = (secs: number | null) => (secs === null ? t("lake.forever") : secs >= DAY ? t("lake.days", { number: Number((secs / DAY).toFixed(1)) }) : t("lake.hours", { number: Number((secs / 3600).toFixed(1)) }));
  const name = (one: LakeClass) => one.name || (retention.classes.length > 1 ? t("lake.rest") : t("lake.all"));
  return (
    <Panel title={t("lake.retention")} note={t("lake.free", { size: bytes(retention.min_free_bytes) })}>
      <table className="grid compact">
        <thead>
          <tr>
            <th scope="col">{t("lake.class")}</th>
            <th scope="col" className="wide">
              {t("lake.filter")}
            </th>
            <th scope="col" className="num">
              {t("lake.keep")}
            </th>
            <th scope="col" className="num">
              {t("lake.max")}
            </th>
            <th scope="col" className="num">
              {t("lake.figure.size")}
            </th>
            <th scope="col" className="num">
              {t("lake.figure.flows")}
            </th>
          </tr>
        </thead>
        <tbody>
          {retention.classes.map((one) => (
            <tr key={one.name}>
              <td>{name(one)}</td>
              <td className="mono faint lake-filter" title={one.filter}>{one.filter}</td>
              <td className="num">{age(one.keep_secs)}</td>
              <td className="num">{one.max_bytes === null ? "–" : bytes(one.max_bytes)}</td>
              <td className="num">{bytes(one.bytes)}</td>
              <td className="num" title={whole(one.rows)}>
                {count(one.rows)}
              </td>
            </tr>
          ))}
          <tr>
            <td>{t("nav.events")}</td>
            <td className="faint">{"–"}</td>
            <td className="num">{age(retention.keep_events_secs)}</td>
            <td className="num">{"–"}</td>
            <td className="num">{"–"}</td>
            <td className="num">{"–"}</td>
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}
