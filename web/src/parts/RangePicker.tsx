// SPDX-License-Identifier: Apache-2.0
// Chooses the time range: presets, all data, or two instants.
import { useIsFetching } from "@tanstack/react-query";
import { useState } from "react";
import { useWords } from "../i18n";
import { localInput, time } from "./format";
import { Icon } from "./Icon";
import { Popup } from "./Popup";
import { PRESETS, seconds, type Preset } from "./range";
import { useScope } from "./scope";

export function RangePicker() {
  const { t } = useWords();
  const { span, preset, live, setLive, refresh } = useScope();
  const name = preset ? t(`range.${preset}`) : `${time(span.from)} – ${time(span.to)}`;
  const busy = useIsFetching() > 0;
  const relative = preset !== null && preset !== "all";
  return (
    <div className="range-picker">
      <Popup
        label={t("range.choose")}
        align="right"
        face={
          <>
            <Icon name="clock" />
            <span className="num">{name}</span>
            <Icon name="down" size={12} />
          </>
        }
      >
        {(close) => <RangeChoice close={close} />}
      </Popup>
      <button type="button" className={`button icon-only${busy ? " busy" : ""}`} aria-label={t("action.refresh")} title={t("action.refresh")} onClick={refresh}>
        <Icon name="refresh" />
      </button>
      <button type="button" className="button icon-only" aria-label={t("range.live")} title={t("range.live")} aria-pressed={live} disabled={!relative} onClick={() => setLive(!live)}>
        <Icon name="live" />
      </button>
    </div>
  );
}

function RangeChoice({ close }: { close: () => void }) {
  const { t } = useWords();
  const { span, preset, setRange } = useScope();
  const [from, setFrom] = useState(localInput(span.from));
  const [to, setTo] = useState(localInput(span.to));
  const [problem, setProblem] = useState("");
  const choose = (value: Preset) => {
    setRange(value);
    close();
  };
  const apply = () => {
    const next = { from: new Date(from), to: new Date(to) };
    if (Number.isNaN(next.from.getTime()) || Number.isNaN(next.to.getTime())) return setProblem(t("range.incomplete"));
    if (next.from >= next.to) return setProblem(t("range.reversed"));
    setRange({ from: next.from.toISOString(), to: next.to.toISOString() });
    return close();
  };
  const shift = (factor: number) => {
    const millis = seconds(span) * 1000 * factor;
    setRange({ from: new Date(Date.parse(span.from) + millis).toISOString(), to: new Date(Date.parse(span.to) + millis).toISOString() });
  };
  const widen = () => {
    const half = seconds(span) * 500;
    setRange({ from: new Date(Date.parse(span.from) - half).toISOString(), to: new Date(Date.parse(span.to) + half).toISOString() });
  };
  return (
    <div className="range-choice">
      <div className="range-presets">
        {([...Object.keys(PRESETS), "all"] as Preset[]).map((value) => (
          <button key={value} type="button" className="menu-item" aria-pressed={preset === value} onClick={() => choose(value)}>
            {t(`range.${value}`)}
          </button>
        ))}
      </div>
      <form
        className="range-custom"
        onSubmit={(event) => {
          event.preventDefault();
          apply();
        }}
      >
        <label>
          {t("range.from")}
          <input type="datetime-local" step="1" value={from} onChange={(event) => setFrom(event.target.value)} />
        </label>
        <label>
          {t("range.to")}
          <input type="datetime-local" step="1" value={to} onChange={(event) => setTo(event.target.value)} />
        </label>
        {problem ? (
          <p className="field-error" role="alert">
            {problem}
          </p>
        ) : null}
        <button type="submit" className="button primary">
          {t("range.apply")}
        </button>
        <div className="range-steps">
          <button type="button" className="button small" onClick={() => shift(-1)}>
            <Icon name="left" size={12} /> {t("range.earlier")}
          </button>
          <button type="button" className="button small" onClick={widen}>
            {t("range.wider")}
          </button>
          <button type="button" className="button small" onClick={() => shift(1)}>
            {t("range.later")} <Icon name="right" size={12} />
          </button>
        </div>
        <p className="hint">{t("range.zone", { zone: new Intl.DateTimeFormat().resolvedOptions().timeZone })}</p>
      </form>
    </div>
  );
}
