// SPDX-License-Identifier: Apache-2.0
// Billing by percentile: the rates that are charged, their course, and who they come from.
import { useCallback, useState } from "react";
import { useBilling } from "../../api/queries";
import { billOption } from "../../charts/bill";
import { Canvas } from "../../charts/Canvas";
import type { Billing as Bill } from "../../gen/api";
import { useWords } from "../../i18n";
import { DownloadAnswer } from "../../parts/Download";
import { bitRate, bytes, whole } from "../../parts/format";
import { Panel } from "../../parts/Panel";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { Empty, Shown } from "../../parts/State";
import { Charges } from "./Charges";
import { billOf, membersOf, PERCENTILES, STEPS, termsOf, type Terms } from "./terms";
import "./billing.css";

export function Billing() {
  const { t } = useWords();
  const scope = useScope();
  const [params, put] = useParameters();
  const terms = termsOf(params);
  const asked = billOf(terms);
  const answer = useBilling(scope.ask, asked);
  const ask = { ...scope.ask, ...asked };
  const change = (part: Partial<Terms>) => put(membersOf(part));
  const note = terms.percentile === 100 ? t("billing.noteAll") : t("billing.note", { percent: 100 - terms.percentile });
  return (
    <div className="billing">
      <Panel
        title={t("billing.title")}
        note={note}
        tools={
          <DownloadAnswer
            answers={[
              { what: "billing", ask },
              { what: "billing_steps", ask },
            ]}
          />
        }
      >
        <Form key={terms.inside} terms={terms} onChange={change} />
      </Panel>
      <Shown answer={answer} rows={9}>
        {(bill) => (
          <div className="billing-answer">
            <Rates bill={bill} />
            <Panel title={t("billing.course")} note={t(`billing.steps.${bill.step_secs}`, { defaultValue: `${bill.step_secs} s` })}>
              <Course bill={bill} />
            </Panel>
          </div>
        )}
      </Shown>
      <Charges terms={terms} onChange={change} />
    </div>
  );
}

function Form({ terms, onChange }: { terms: Terms; onChange: (change: Partial<Terms>) => void }) {
  const { t } = useWords();
  const [inside, setInside] = useState(terms.inside);
  return (
    <form
      className="billing-form"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ inside });
      }}
    >
      <label>
        <span>{t("billing.percentile")}</span>
        <select value={terms.percentile} onChange={(event) => onChange({ percentile: Number(event.target.value) })}>
          {PERCENTILES.map((one) => (
            <option key={one} value={one}>{`${one} %`}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{t("billing.step")}</span>
        <select value={terms.stepSecs} onChange={(event) => onChange({ stepSecs: Number(event.target.value) })}>
          {STEPS.map((one) => (
            <option key={one} value={one}>
              {t(`billing.steps.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label className="billing-inside" title={t("billing.insideHelp")}>
        <span>{t("billing.inside")}</span>
        <input className="mono" value={inside} placeholder={t("billing.insideHint")} spellCheck={false} onChange={(event) => setInside(event.target.value)} />
      </label>
      <button type="submit" className="button" disabled={inside.trim() === terms.inside}>
        {t("billing.apply")}
      </button>
      <p className="hint">{t("billing.insideHelp")}</p>
    </form>
  );
}

function Rates({ bill }: { bill: Bill }) {
  const { t } = useWords();
  const ofStep = (bps: number) => t("billing.ofStep", { size: bytes(Math.round((bps * bill.step_secs) / 8)) });
  const tiles = [
    { name: "in", bps: bill.inward_bps, note: ofStep(bill.inward_bps) },
    { name: "out", bps: bill.outward_bps, note: ofStep(bill.outward_bps) },
    { name: "larger", bps: bill.larger_bps, note: t("billing.stepByStep") },
  ];
  return (
    <dl className="tiles billing-rates">
      {tiles.map((tile) => (
        <div key={tile.name} className="tile">
          <dt>
            {tile.name === "larger" ? null : <i className={`dot billing-${tile.name}`} />}
            {t(`billing.${tile.name}`)}
          </dt>
          <dd title={`${whole(Math.round(tile.bps))} bit/s`}>{bitRate(tile.bps)}</dd>
          <dd className="tile-note">{tile.note}</dd>
        </div>
      ))}
    </dl>
  );
}

function Course({ bill }: { bill: Bill }) {
  const { t } = useWords();
  const option = useCallback(() => billOption(bill, { inward: t("billing.in"), outward: t("billing.out"), charged: t("billing.charged") }), [bill, t]);
  if ([...bill.inward, ...bill.outward].every((octets) => octets === 0)) return <Empty title={t("billing.nothing")} />;
  return <Canvas option={option} height={200} label={t("billing.courseLabel")} />;
}
