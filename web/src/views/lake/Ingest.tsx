// SPDX-License-Identifier: Apache-2.0
// How fast flows come in, from two looks at the counters, and what the lake counted.
import { useEffect, useRef, useState } from "react";
import { useStatus } from "../../api/queries";
import type { Status } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, si, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";

const EVERY_MILLIS = 5000;
const ROWS = "minamo_ingest_rows_total";
const sum = (data: Status, name: string) => data.counters.filter((one) => one.name === name).reduce((all, one) => all + one.value, 0);

/** Flows per second between two looks; null with fewer, and after a restart. */
export function rate(before: { rows: number; at: number } | null, now: { rows: number; at: number }): number | null {
  if (!before || now.at <= before.at || now.rows < before.rows) return null;
  return ((now.rows - before.rows) * 1000) / (now.at - before.at);
}

export function Ingest() {
  const { t } = useWords();
  const { data, dataUpdatedAt } = useStatus(EVERY_MILLIS);
  const before = useRef<{ rows: number; at: number } | null>(null);
  const [speed, setSpeed] = useState<number | null>(null);
  useEffect(() => {
    if (!data) return;
    const now = { rows: sum(data, ROWS), at: dataUpdatedAt };
    setSpeed(rate(before.current, now));
    before.current = now;
  }, [data, dataUpdatedAt]);
  const shown = data?.counters.filter((one) => one.value > 0 && /^minamo_(lake|ingest)_/.test(one.name)) ?? [];
  return (
    <Panel title={t("lake.ingest")} note={speed === null ? t("status.countersNote") : t("lake.perSecond", { number: si(speed, "") })}>
      <table className="grid compact lake-counters">
        <tbody>
          {shown.map((one) => (
            <tr key={`${one.name}{${one.labels}}`}>
              <td className="mono">{one.name}</td>
              <td className="mono faint wide">{one.labels}</td>
              <td className="num">{/bytes/.test(one.name) ? bytes(one.value) : whole(one.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
