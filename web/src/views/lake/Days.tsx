// SPDX-License-Identifier: Apache-2.0
// The days of the history: flows, size, segments, and which of them are held.
import type { LakeDay } from "../../gen/api";
import { useWords } from "../../i18n";
import { bytes, count, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { Empty } from "../../parts/State";

export function Days({ days }: { days: LakeDay[] }) {
  const { t } = useWords();
  const most = Math.max(1, ...days.map((day) => day.bytes));
  return (
    <Panel title={t("lake.byDay")} note={t("lake.byDayNote")} className="fill lake-list">
      {days.length === 0 ? (
        <Empty title={t("lake.noDays")} />
      ) : (
        <table className="grid compact">
          <thead>
            <tr>
              <th scope="col">{t("lake.day")}</th>
              <th scope="col" className="wide">
                {t("lake.figure.size")}
              </th>
              <th scope="col" className="num">
                {t("lake.figure.flows")}
              </th>
              <th scope="col" className="num">
                {t("status.segments")}
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={day.day}>
                <td>
                  {day.day}{" "}
                  {day.held ? (
                    <span title={t("lake.isHeld")} role="img" aria-label={t("lake.isHeld")}>
                      <Icon name="lock" size={12} />
                    </span>
                  ) : null}
                </td>
                <td>
                  <meter min={0} max={most} value={day.bytes} /> {bytes(day.bytes)}
                </td>
                <td className="num" title={whole(day.rows)}>
                  {count(day.rows)}
                </td>
                <td className="num">{whole(day.segments)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
