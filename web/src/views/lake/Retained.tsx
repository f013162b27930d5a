// SPDX-License-Identifier: Apache-2.0
// What retention deleted, and by which rule.
import type { LakeRetained } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, time, utc, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Empty } from "../../parts/State";

const MOST = 10;

export function Retained({ runs }: { runs: LakeRetained[] }) {
  const { t } = useWords();
  return (
    <Panel title={t("lake.retained")} note={t("lake.retainedNote")}>
      {runs.length === 0 ? (
        <Empty title={t("lake.nothingRetained")} />
      ) : (
        <table className="grid compact">
          <tbody>
            {runs.slice(0, MOST).map((run) => (
              <tr key={`${run.at} ${run.rule}`}>
                <td title={utc(run.at)}>{time(run.at)}</td>
                <td className="wide">{t(`lake.rule.${run.rule}`, { defaultValue: run.rule })}</td>
                <td className="num" title={whole(run.rows)}>
                  {t("lake.rows", { number: count(run.rows) })}
                </td>
                <td className="num">{bytes(run.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
