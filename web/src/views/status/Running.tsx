// SPDX-License-Identifier: Apache-2.0
// The questions that are being answered now, and a way to stop one.
import { useQueries, useStopQuery } from "../../api/queries";
import type { QueryState } from "../../gen/api";
import { useWords } from "../../i18n";
import { count, percent } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const EVERY_MILLIS = 2000;

export function Running() {
  const { t } = useWords();
  const answer = useQueries(EVERY_MILLIS);
  const stop = useStopQuery();
  return (
    <Panel title={t("queries.title")}>
      {stop.error ? <ErrorNote error={stop.error} /> : null}
      <Shown answer={answer} rows={1}>
        {(data) => (data.queries.length === 0 ? <Empty title={t("queries.none")} /> : <List queries={data.queries} stop={(id) => stop.mutate(id)} />)}
      </Shown>
    </Panel>
  );
}

function List({ queries, stop }: { queries: QueryState[]; stop: (id: number) => void }) {
  const { t } = useWords();
  return (
    <table className="grid">
      <thead>
        <tr>
          <th scope="col">{t("queries.what")}</th>
          <th scope="col">{t("queries.user")}</th>
          <th scope="col">{t("queries.since")}</th>
          <th scope="col">{t("queries.progress")}</th>
          <th scope="col">
            <span className="sr-only">{t("queries.stop")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {queries.map((query) => (
          <tr key={query.id}>
            <td className="mono">{query.what}</td>
            <td>{query.user || <span className="faint">{t("queries.own")}</span>}</td>
            <td>
              <Time at={query.since} />
            </td>
            <td title={percent(query.rows_read, query.rows_total)}>{query.waiting ? t("queries.waiting") : t("queries.of", { done: count(query.rows_read), all: count(query.rows_total) })}</td>
            <td>
              <button type="button" className="button small" aria-label={t("queries.stopOne", { id: query.id })} onClick={() => stop(query.id)}>
                {t("queries.stop")}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
