// SPDX-License-Identifier: Apache-2.0
// One ranking in a panel of its own, with its download: most panels of the analysis pages are this.
import type { ReactNode } from "react";
import { useTop, type Measure } from "../api/queries";
import { narrow, terms, type Value } from "../filter/build";
import type { TopRow } from "../gen/api";
import { useWords } from "../i18n";
import { DownloadAnswer } from "./Download";
import { Panel } from "./Panel";
import { Ranking } from "./Ranking";
import { useScope } from "./scope";
import { Empty, Shown } from "./State";

interface Props {
  title: string;
  note?: string;
  keys: string[];
  by: Measure;
  limit?: number;
  /** Narrows the page's filter; the rows' links have it, too. */
  more?: string;
  /** Flows without a value of the first key are left out, also of the whole that shares are of. */
  known?: boolean;
  className?: string;
  face?: (row: TopRow) => ReactNode;
  term?: (row: TopRow) => string | null;
  empty?: string;
  tools?: ReactNode;
}

export function TopPanel({ title, note, keys, by, limit = 8, more, known = false, className = "span-4", face, term, empty, tools }: Props) {
  const { t } = useWords();
  const scope = useScope();
  const wanted = joined(more, known ? `${keys[0]} present` : null) ?? more;
  const ask = { ...scope.ask, filter: wanted ? narrow(scope.filter, wanted) : scope.filter };
  const answer = useTop(ask, { keys, by, limit });
  const one = term ?? ((row: TopRow) => terms(keys, row.key as Value[]));
  const label = (row: TopRow) => row.key.map((value) => (value === null || value === "" ? t("value.none") : String(value))).join(" ");
  return (
    <Panel
      title={title}
      {...(note ? { note } : {})}
      className={className}
      tools={
        <>
          {tools}
          <DownloadAnswer small answers={[{ what: "top", ask: { ...ask, keys, by, limit: 10_000 } }]} />
        </>
      }
    >
      <Shown answer={answer} rows={limit}>
        {(data) => {
          if (data.rows.length === 0) return <Empty title={empty ?? t("state.empty")} />;
          return <Ranking data={data} by={by} head={title} face={face ?? label} term={(row) => joined(more, one(row))} />;
        }}
      </Shown>
    </Panel>
  );
}

/** Both terms together. */
export function joined(more: string | undefined, one: string | null): string | null {
  return one && more ? narrow(more, one) : one;
}
