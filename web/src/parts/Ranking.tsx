// SPDX-License-Identifier: Apache-2.0
// A ranking as a dense table with bars; every row drills down, and can be added to or taken out of the filter.
import { Link } from "react-router";
import type { Measure } from "../api/queries";
import type { Top, TopRow } from "../gen/api";
import { exclude, narrow } from "../filter/build";
import { useWords } from "../i18n";
import { bytes, count, percent } from "./format";
import { Icon } from "./Icon";
import { useScope } from "./scope";
import { Empty } from "./State";

export const measured = (value: number, by: Measure) => (by === "bytes" ? bytes(value) : count(value));

interface Props {
  data: Top;
  by: Measure;
  head: string;
  face: (row: TopRow) => React.ReactNode;
  term: (row: TopRow) => string | null;
  colour?: (row: TopRow, index: number) => string;
}

export function Ranking({ data, by, head, face, term, colour }: Props) {
  const { t } = useWords();
  const scope = useScope();
  const most = Math.max(1, ...data.rows.map((row) => row[by]));
  if (data.rows.length === 0) return <Empty />;
  return (
    <table className="ranking">
      <colgroup>
        <col />
        <col className="col-value" />
        <col className="col-share" />
      </colgroup>
      <thead className="sr-only">
        <tr>
          <th>{head}</th>
          <th>{t(`measure.${by}`)}</th>
          <th>{t("column.share")}</th>
        </tr>
      </thead>
      <tbody>
        {data.rows.map((row, i) => {
          const one = term(row);
          return (
            <tr key={JSON.stringify(row.key)}>
              <td className="ranking-name">
                <span className="ranking-bar" style={{ width: `${(100 * row[by]) / most}%` }} />
                {colour ? <i className="ranking-mark" style={{ background: colour(row, i) }} /> : null}
                {one ? (
                  <Link to={scope.flows(one)} title={one}>
                    {face(row)}
                  </Link>
                ) : (
                  <span>{face(row)}</span>
                )}
                {one ? <Tools term={one} /> : null}
              </td>
              <td className="num">{measured(row[by], by)}</td>
              <td className="num share">{percent(row[by], data.total[by])}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Narrow to this row, or leave it out, without leaving the page. */
function Tools({ term }: { term: string }) {
  const { t } = useWords();
  const scope = useScope();
  return (
    <div className="ranking-tools">
      <button type="button" aria-label={t("filter.add", { term })} title={t("filter.add", { term })} onClick={() => scope.setFilter(narrow(scope.filter, term))}>
        <Icon name="plus" size={12} />
      </button>
      <button type="button" aria-label={t("filter.remove", { term })} title={t("filter.remove", { term })} onClick={() => scope.setFilter(exclude(scope.filter, term))}>
        <Icon name="minus" size={12} />
      </button>
    </div>
  );
}
