// SPDX-License-Identifier: Apache-2.0
// Nothing in this range: says so and offers the ways out.
import { useStatus } from "../api/queries";
import { useWords } from "../i18n";
import { time } from "./format";
import { useScope } from "./scope";
import { Empty } from "./State";

export function NoTraffic() {
  const { t } = useWords();
  const scope = useScope();
  const status = useStatus();
  const { first, last } = status.data ?? {};
  return (
    <Empty title={scope.filter ? t("empty.filtered") : first ? t("empty.range") : t("empty.store")}>
      {first && last ? <p className="hint num">{t("empty.stored", { first: time(first), last: time(last) })}</p> : <p className="hint">{t("empty.storeHint")}</p>}
      <div className="empty-actions">
        {scope.filter ? (
          <button type="button" className="button" onClick={() => scope.setFilter("")}>
            {t("filter.clear")}
          </button>
        ) : null}
        {first && scope.preset !== "all" ? (
          <button type="button" className="button primary" onClick={() => scope.setRange("all")}>
            {t("empty.all")}
          </button>
        ) : null}
      </div>
    </Empty>
  );
}
