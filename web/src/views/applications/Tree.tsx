// SPDX-License-Identifier: Apache-2.0
// Protocols with their services: octets, flows and clients. A row is chosen to see more of it on this page.
import { useState } from "react";
import { Link } from "react-router";
import { MEASURES, useTop, type Measure } from "../../api/queries";
import type { TopRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { DownloadAnswer } from "../../parts/Download";
import { bytes, count, percent } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import { termOf, tree } from "./tree";

const PROTOCOLS = 200;
const LABELS = 1000;
const MEASURED = ["bytes", "flows", "about_distinct(src_ip)"];

interface Props {
  by: Measure;
  setBy: (by: Measure) => void;
  chosen: string | null;
  choose: (name: string | null) => void;
}

export function Tree({ by, setBy, chosen, choose }: Props) {
  const { t } = useWords();
  const scope = useScope();
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(chosen ? [chosen.split(".", 1)[0] ?? ""] : []));
  const protocols = useTop(scope.ask, { keys: ["protocol(app)"], by, limit: PROTOCOLS, measures: MEASURED });
  const labels = useTop(scope.ask, { keys: ["app"], by, limit: LABELS, measures: MEASURED });
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <Panel
      title={t("apps.tree")}
      className="span-5 apps-tree"
      tools={
        <>
          <Choice label={t("measure.label")} value={by} onChange={setBy} options={MEASURES.filter((one) => one !== "packets").map((value) => ({ value, label: t(`measure.${value}`) }))} />
          <DownloadAnswer small answers={[{ what: "top", ask: { ...scope.ask, keys: ["app"], by, limit: 10_000, measures: MEASURED } }]} />
        </>
      }
    >
      <Shown answer={protocols} rows={12}>
        {(all) => (
          <Shown answer={labels} rows={12}>
            {(data) => {
              const branches = tree(all, data);
              if (branches.length === 0) return <Empty />;
              const line = { total: all.total[by], by, chosen, choose };
              return (
                <table className="grid compact apps-grid">
                  <thead>
                    <tr>
                      <th scope="col" className="wide">
                        {t("column.app")}
                      </th>
                      <th scope="col" className="num">
                        {t("measure.bytes")}
                      </th>
                      <th scope="col" className="num">
                        {t("measure.flows")}
                      </th>
                      <th scope="col" className="num" title={t("apps.hostsHint")}>
                        {t("apps.hosts")}
                      </th>
                      <th scope="col" className="num">
                        {t("column.share")}
                      </th>
                    </tr>
                  </thead>
                  {branches.map((branch) => (
                    <tbody key={branch.name}>
                      <Line {...line} row={branch.row} face={branch.name} name={branch.services.length > 0 ? `${branch.name}.*` : branch.name} open={branch.services.length > 0 ? open.has(branch.name) : null} toggle={() => toggle(branch.name)} />
                      {open.has(branch.name) ? branch.services.map((service) => <Line key={service.name} {...line} row={service.row} face={service.name === branch.name ? t("apps.noService") : service.name.slice(branch.name.length + 1)} name={service.name} below />) : null}
                    </tbody>
                  ))}
                </table>
              );
            }}
          </Shown>
        )}
      </Shown>
    </Panel>
  );
}

interface LineProps {
  row: TopRow;
  face: string;
  name: string;
  total: number;
  by: Measure;
  chosen: string | null;
  choose: (name: string | null) => void;
  /** Whether its services are shown; null where it has none. */
  open?: boolean | null;
  toggle?: () => void;
  below?: boolean;
}

function Line({ row, face, name, total, by, chosen, choose, open = null, toggle, below = false }: LineProps) {
  const { t } = useWords();
  const scope = useScope();
  const term = termOf(name);
  return (
    <tr aria-selected={name === chosen}>
      <td className={`wide apps-name${below ? " below" : ""}`}>
        {open === null ? (
          <span className="apps-twist" />
        ) : (
          <button type="button" className="apps-twist" aria-expanded={open} aria-label={t("apps.services", { app: face })} onClick={toggle}>
            <Icon name={open ? "down" : "right"} size={12} />
          </button>
        )}
        <button type="button" className="link" aria-pressed={name === chosen} title={t("apps.choose", { app: name })} onClick={() => choose(name === chosen ? null : name)}>
          {face || t("value.none")}
        </button>
        {term ? (
          <Link className="apps-flows" to={scope.flows(term)} title={term} aria-label={t("apps.flows", { app: name })}>
            <Icon name="flows" size={12} />
          </Link>
        ) : null}
      </td>
      <td className="num">{bytes(row.bytes)}</td>
      <td className="num">{count(row.flows)}</td>
      <td className="num">{count(Number(row.values?.[2] ?? 0))}</td>
      <td className="num share">{percent(row[by], total)}</td>
    </tr>
  );
}
