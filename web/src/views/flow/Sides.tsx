// SPDX-License-Identifier: Apache-2.0
// Source and destination side by side, and where the time went.
import type { FlowRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, micros, percent } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { endpoint, number } from "../../parts/row";

export function Sides({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const pairs = [
    { name: t("measure.bytes"), show: bytes, src: number(row, "src_bytes"), dst: number(row, "dst_bytes") },
    { name: t("measure.packets"), show: count, src: number(row, "src_packets"), dst: number(row, "dst_packets") },
    { name: t("flow.packetSize"), show: bytes, src: ratio(row, "src"), dst: ratio(row, "dst") },
    { name: t("flow.retransmissions"), show: count, src: number(row, "npm_src_retransmits"), dst: number(row, "npm_dst_retransmits"), skip: row["npm_src_retransmits"] === undefined },
  ].filter((pair) => !pair.skip);
  const parts = [
    { name: t("flow.rttClient"), value: number(row, "npm_src_rtt_micros") },
    { name: t("flow.rttServer"), value: number(row, "npm_dst_rtt_micros") },
    { name: t("flow.serverTime"), value: number(row, "npm_response_micros") },
  ].filter((part) => part.value > 0);
  const longest = Math.max(1, ...parts.map((part) => part.value));
  return (
    <Panel title={t("flow.sides")} className="span-4">
      <table className="sides">
        <thead>
          <tr>
            <th className="src" scope="col" title={endpoint(row, "src")}>
              {t("flow.source")}
            </th>
            <th scope="col">
              <span className="sr-only">{t("measure.label")}</span>
            </th>
            <th className="dst" scope="col" title={endpoint(row, "dst")}>
              {t("flow.destination")}
            </th>
          </tr>
        </thead>
        <tbody>
          {pairs.map((pair) => (
            <tr key={pair.name}>
              <td className="num">{pair.show(pair.src)}</td>
              <th scope="row">
                {pair.name}
                <span className={`sides-bar${pair.src + pair.dst === 0 ? " none" : ""}`} title={`${percent(pair.src, pair.src + pair.dst)} / ${percent(pair.dst, pair.src + pair.dst)}`}>
                  <i className="src" style={{ flexGrow: pair.src || (pair.dst ? 0 : 1) }} />
                  <i className="dst" style={{ flexGrow: pair.dst || (pair.src ? 0 : 1) }} />
                </span>
              </th>
              <td className="num">{pair.show(pair.dst)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {parts.length > 0 ? (
        <>
          <h3>{t("flow.delay")}</h3>
          <table className="delays">
            <tbody>
              {parts.map((part) => (
                <tr key={part.name}>
                  <th scope="row">{part.name}</th>
                  <td className="delay-bar" aria-hidden="true">
                    <i style={{ width: `${(100 * part.value) / longest}%` }} />
                  </td>
                  <td className="num">{micros(part.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      ) : null}
    </Panel>
  );
}

const ratio = (row: FlowRow, side: "src" | "dst") => {
  const packets = number(row, `${side}_packets`);
  return packets > 0 ? Math.round(number(row, `${side}_bytes`) / packets) : 0;
};
