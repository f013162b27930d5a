// SPDX-License-Identifier: Apache-2.0
// Groups as a table of keys and measures; each row leads to its flows.
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Top, TopRow } from "../gen/api";
import { useWords } from "../i18n";
import { written } from "./measures";
import { useScope } from "./scope";
import { Empty } from "./State";

export interface Face {
  head: string;
  face: (row: TopRow) => ReactNode;
  /** Aligned to the right. */
  number?: boolean;
  /** Takes the room that is left. */
  wide?: boolean;
}

interface Props {
  data: Top;
  label: string;
  faces: Face[];
  /** Heads of the answer's measures, in their order; one without a head is not shown. */
  measures: (string | null)[];
  term: (row: TopRow) => string | null;
  empty?: string;
  className?: string;
}

export function Listing({ data, label, faces, measures, term, empty, className = "" }: Props) {
  const { t } = useWords();
  const scope = useScope();
  const names = data.measures ?? [];
  if (data.rows.length === 0) return <Empty title={empty ?? t("state.empty")} />;
  return (
    <div className="scroll">
      <table className={`grid compact ${className}`} aria-label={label}>
        <thead>
          <tr>
            {faces.map((one) => (
              <th key={one.head} scope="col" className={one.number ? "num" : one.wide ? "wide" : undefined}>
                {one.head}
              </th>
            ))}
            {measures.map((head) => (head === null ? null : <th key={head} scope="col" className="num">{head}</th>))}
          </tr>
        </thead>
        <tbody>
          {data.rows.map((row) => {
            const one = term(row);
            return (
              <tr key={JSON.stringify(row.key)}>
                {faces.map((column, at) => (
                  <td key={column.head} className={column.number ? "num" : column.wide ? "wide" : undefined}>
                    {at === 0 && one ? (
                      <Link to={scope.flows(one)} title={one}>
                        {column.face(row)}
                      </Link>
                    ) : (
                      column.face(row)
                    )}
                  </td>
                ))}
                {measures.map((head, at) => (head === null ? null : <td key={head} className="num">{written(names[at] ?? "", row.values?.[at])}</td>))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
