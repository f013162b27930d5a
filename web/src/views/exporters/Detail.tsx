// SPDX-License-Identifier: Apache-2.0
// One exporter: why its score is what it is, what exactly arrives from it, and what is missing for which function.
import { useExporter } from "../../api/queries";
import type { ExporterCounters, ExporterDetail, ExporterField, ExporterInterface, ExporterTemplate } from "../../gen/api";
import { useWords } from "../../i18n";
import { bitRate, count, percent, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import { Score } from "./Exporters";

const EVERY_MILLIS = 5000;

export function Detail({ address, close }: { address: string; close: () => void }) {
  const { t } = useWords();
  const answer = useExporter(address, EVERY_MILLIS);
  const tools = (
    <button type="button" className="button small" onClick={close}>
      <Icon name="close" />
      {t("exporters.close")}
    </button>
  );
  return (
    <Panel title={address} className="exporter-detail" tools={tools}>
      <Shown answer={answer} rows={8}>
        {(data) => (
          <>
            <div className="exporter-columns">
              <Reasons data={data} />
              <Missing data={data} />
            </div>
            <Figures data={data} />
            <Interfaces data={data} />
            <Others list={data.counters} />
            {data.templates.toSorted((a, b) => Number(a.options) - Number(b.options)).map((template) => (
              <Template key={`${template.version}/${template.domain}/${template.port}/${template.id}`} template={template} ports={severalPorts(data)} />
            ))}
          </>
        )}
      </Shown>
    </Panel>
  );
}

function Reasons({ data }: { data: ExporterDetail }) {
  const { t, language } = useWords();
  return (
    <section>
      <h3>
        {t("exporters.score")} <Score score={data.exporter.score} />
      </h3>
      {data.exporter.reasons.length === 0 ? <p className="faint">{t("exporters.allGood")}</p> : null}
      <ul className="exporter-reasons">
        {data.exporter.reasons.map((reason) => (
          <li key={reason.id}>
            <span className="num points">{reason.points > 0 ? `−${reason.points}` : "·"}</span>
            <span>{(language === "ja" ? reason.text_ja : reason.text).replaceAll("`", "")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Missing({ data }: { data: ExporterDetail }) {
  const { t, language } = useWords();
  return (
    <section>
      <h3>{t("exporters.missing")}</h3>
      {data.missing.length === 0 ? <p className="faint">{t("exporters.nothingMissing")}</p> : null}
      <ul className="exporter-reasons">
        {data.missing.map((one) => (
          <li key={one.id}>
            <span className="points">{"·"}</span>
            <span>{(language === "ja" ? one.text_ja : one.text).replaceAll("`", "")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Figures({ data }: { data: ExporterDetail }) {
  const { t } = useWords();
  const { recent } = data;
  const gaps = data.gaps.map((gap) => t("exporters.gap", { lost: whole(gap.lost), unit: t(`exporters.units.${gap.unit}`), format: gap.format, domain: gap.domain }));
  const figures: [string, string][] = [
    ["clock", data.skew_millis == null ? "–" : t(data.skew_millis < 0 ? "exporters.behind" : "exporters.ahead", { seconds: rounded(Math.abs(data.skew_millis) / 1000) })],
    ["oneSided", recent.records > 0 ? percent(recent.one_sided, recent.records) : "–"],
    ["duplicates", recent.records > 0 ? percent(recent.duplicates, recent.records) : "–"],
    ["longest", t("exporters.seconds", { seconds: whole(recent.longest_secs) })],
    ["templates", t("exporters.templatesValue", { received: count(data.templates_received), changed: whole(data.templates_changed) })],
    ["waited", t("exporters.waitedValue", { waited: whole(data.without_template), replayed: whole(data.replayed) })],
    ["sampling", data.sampling.join(", ") || "–"],
    ["gaps", gaps.join(", ") || "–"],
    ...device(data),
  ];
  return (
    <>
      <dl className="exporter-figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`exporters.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {data.last_error ? (
        <p className="exporter-error">
          {t("exporters.lastError")} <code>{data.last_error}</code>
        </p>
      ) : null}
    </>
  );
}

/** What a device that sends counters of itself says of itself. */
function device(data: ExporterDetail): [string, string][] {
  const told: [string, string | null][] = [
    ["device", data.device_name ?? null],
    ["load", data.load_percent == null ? null : `${data.load_percent} %`],
    ["memory", data.memory == null || data.memory_used == null ? null : percent(data.memory_used, data.memory)],
  ];
  return told.filter((one): one is [string, string] => one[1] != null);
}

function Interfaces({ data }: { data: ExporterDetail }) {
  const { t } = useWords();
  if (data.interfaces.length === 0) return null;
  return (
    <section>
      <h3>{t("exporters.interfaces")}</h3>
      <ul className="exporter-interfaces">
        {data.interfaces.map((one) => (
          <li key={one.index}>
            <span className="num faint">{one.index}</span> <strong>{one.name}</strong> {one.description} {one.speed > 0 ? <span className="faint">{bitRate(one.speed)}</span> : null}
            <Counters interface={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the exporter's counters say of an interface, where it sends any. */
function Counters({ interface: one }: { interface: ExporterInterface }) {
  const { t } = useWords();
  if (one.up == null && one.errors == null) return null;
  const state = one.admin_up === false ? "shut" : one.up === false ? "down" : "up";
  const pace = one.in_bits_per_second != null && one.out_bits_per_second != null;
  return (
    <span className="exporter-counters">
      {one.up == null ? null : <span className={state === "down" ? "tag warn" : "tag"}>{t(`exporters.link.${state}`)}</span>}
      {pace ? <span className="faint">{t("exporters.pace", { incoming: bitRate(one.in_bits_per_second ?? 0), outgoing: bitRate(one.out_bits_per_second ?? 0) })}</span> : null}
      {one.errors ? <span className="bad">{t("exporters.interfaceErrors", { count: whole(one.errors) })}</span> : null}
      {one.discards ? <span className="bad">{t("exporters.interfaceDiscards", { count: whole(one.discards) })}</span> : null}
    </span>
  );
}

/** Counters of VLANs, radios, virtual machines and the like, under the names of their structures. */
function Others({ list }: { list: ExporterCounters[] }) {
  const { t } = useWords();
  if (list.length === 0) return null;
  return (
    <details className="exporter-template" open={list.length <= 8}>
      <summary>
        {t("exporters.counters")} <span className="faint">{whole(list.length)}</span>
      </summary>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">{t("exporters.counted")}</th>
            <th scope="col" className="num">
              {t("exporters.source")}
            </th>
            <th scope="col" className="num">
              {t("exporters.number")}
            </th>
            <th scope="col">{t("exporters.values")}</th>
            <th scope="col">{t("exporters.lastSeen")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((one) => (
            <tr key={`${one.kind}/${one.source}/${one.number}`}>
              <td>
                {t(`exporters.kinds.${one.kind}`)} <strong>{one.name}</strong>
              </td>
              <td className="num">{one.source}</td>
              <td className="num">{one.number || ""}</td>
              <td className="exporter-values">
                {one.values.map((value) => (
                  <span key={value.name}>
                    <span className="faint mono">{value.name}</span> <span className="num">{whole(value.value)}</span>
                  </span>
                ))}
              </td>
              <td>
                <Time at={one.counted} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** True where templates of one version and domain come from several ports. */
const severalPorts = (data: ExporterDetail) => new Set(data.templates.map((template) => template.port)).size > 1;

/** Seconds as people say them: tenths of a few, whole ones of many. */
const rounded = (seconds: number) => (seconds < 10 ? seconds.toFixed(1) : whole(Math.round(seconds)));

/** Fields with keys of their own: a template may have an element twice. */
function numbered(fields: ExporterField[]): [string, ExporterField][] {
  const seen = new Map<string, number>();
  return fields.map((field) => {
    const name = `${field.enterprise}/${field.element}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return [`${name}/${before}`, field];
  });
}

function Template({ template, ports }: { template: ExporterTemplate; ports: boolean }) {
  const { t } = useWords();
  const title = t(template.options ? "exporters.optionsTemplate" : "exporters.template", { id: template.id, version: template.version, domain: template.domain });
  return (
    <details open={!template.options} className="exporter-template">
      <summary>
        {title} {ports && template.port > 0 ? <span>{t("exporters.port", { port: template.port })}</span> : null} <span className="faint">{t("exporters.fields", { count: template.fields.length })}</span> <Time at={template.seen} />
        {template.borrowed ? <span className="tag warn">{t("exporters.borrowed")}</span> : null}
      </summary>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">{t("exporters.element")}</th>
            <th scope="col" className="num">
              {t("exporters.octets")}
            </th>
            <th scope="col">{t("exporters.column")}</th>
            <th scope="col">{t("exporters.value")}</th>
            <th scope="col">{t("exporters.raw")}</th>
          </tr>
        </thead>
        <tbody>
          {numbered(template.fields).map(([key, field]) => (
            <tr key={key}>
              <td>
                <span className="mono">{field.enterprise == null ? t("exporters.scope", { element: field.element }) : `${field.enterprise}/${field.element}`}</span> {field.name}
              </td>
              <td className="num">{field.length ?? t("exporters.variable")}</td>
              <td className="mono">{field.column == null ? <span className="faint">{t("exporters.noColumn")}</span> : field.column || <span className="faint">{t("exporters.decides")}</span>}</td>
              <td>{field.value ?? ""}</td>
              <td className="mono faint">{field.octets ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
