// SPDX-License-Identifier: Apache-2.0
// Who with whom: the top pairs as a ranking or as a picture.
import type { UseQueryResult } from "@tanstack/react-query";
import type { EChartsType } from "echarts/core";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Measure } from "../../api/queries";
import { Canvas } from "../../charts/Canvas";
import { pairsOption } from "../../charts/pairs";
import { term, terms } from "../../filter/build";
import type { Top } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { measured, Ranking } from "../../parts/Ranking";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";

export function Pairs({ answer, by, rows }: { answer: UseQueryResult<Top>; by: Measure; rows: number }) {
  const { t } = useWords();
  const [form, setForm] = useState<"picture" | "table">("picture");
  const tools = (
    <Choice
      label={t("overview.form")}
      value={form}
      onChange={setForm}
      options={[
        { value: "picture", label: t("overview.picture") },
        { value: "table", label: t("overview.table") },
      ]}
    />
  );
  return (
    <Panel title={t("overview.pairs")} className="span-4" tools={tools}>
      <Shown answer={answer} rows={rows}>
        {(data) =>
          form === "picture" ? (
            <Picture data={data} by={by} />
          ) : (
            <Ranking
              data={{ ...data, rows: data.rows.slice(0, rows) }}
              by={by}
              head={t("overview.pairs")}
              face={(row) => (
                <span className="mono pair">
                  {String(row.key[0])} <Icon name="arrow" size={12} /> {String(row.key[1])}
                </span>
              )}
              term={(row) => terms(["src_ip", "dst_ip"], row.key)}
            />
          )
        }
      </Shown>
    </Panel>
  );
}

function Picture({ data, by }: { data: Top; by: Measure }) {
  const { t } = useWords();
  const { drill } = useScope();
  const latest = useRef(drill);
  useEffect(() => {
    latest.current = drill;
  }, [drill]);
  const option = useCallback(() => pairsOption(data, by, (value) => measured(value, by)), [data, by]);
  const ready = useCallback((chart: EChartsType) => {
    chart.on("click", (event) => {
      const item = event.data as { source?: string; target?: string; name?: string };
      if (item.source && item.target) latest.current(terms(["src_ip", "dst_ip"], [item.source.slice(2), item.target.slice(2)]));
      else if (item.name) latest.current(term(item.name.startsWith("s:") ? "src_ip" : "dst_ip", item.name.slice(2)));
    });
    return undefined;
  }, []);
  if (data.rows.length === 0) return <Empty />;
  return <Canvas option={option} height={214} label={t("overview.pairsLabel")} onReady={ready} />;
}
