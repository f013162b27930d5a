// SPDX-License-Identifier: Apache-2.0
// The chart of a profile: by channel, or divided further; by the definitions of today or of then.
import { useState } from "react";
import { MEASURES, useProfileChart, type Measure } from "../../api/queries";
import { Traffic } from "../../charts/Traffic";
import type { AsKnown, ProfileChart as Chart, ProfileInfo, ProfileSplit, Series } from "../../gen/api";
import { useWords } from "../../i18n";
import { Choice } from "../../parts/Choice";
import { Panel } from "../../parts/Panel";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const LINES = 8;
type Split = "channel" | ProfileSplit;

/** The lines as the traffic chart draws them; a divided chart names channel and key where there are several channels. */
export function asSeries(chart: Chart, split: Split): Series {
  const channels = new Set(chart.lines.map((line) => line.channel));
  const name = (channel: string, key: string | null) => (split === "channel" ? channel : channels.size < 2 ? key : `${channel}: ${key ?? "…"}`);
  return { start: chart.start, step_secs: chart.step_secs, elapsed_ms: chart.elapsed_ms, series: chart.lines.map((line) => ({ name: name(line.channel, line.key), values: line.values })) };
}

export function ProfileChart({ profile }: { profile: ProfileInfo }) {
  const { t } = useWords();
  const scope = useScope();
  const [by, setBy] = useState<Measure>("bytes");
  const [known, setKnown] = useState<AsKnown>("now");
  const [split, setSplit] = useState<Split>("channel");
  const answer = useProfileChart(profile.name, { from: scope.ask.from, to: scope.ask.to, by, as_known: known, split: split === "channel" ? null : split, limit: LINES, channels: [], step_secs: null });
  const tools = (
    <>
      <Choice label={t("profiles.known")} value={known} onChange={setKnown} options={(["now", "then"] as const).map((value) => ({ value, label: t(`profiles.as.${value}`) }))} />
      <Choice label={t("profiles.split")} value={split} onChange={setSplit} options={(["channel", "app", "protocol"] as const).map((value) => ({ value, label: t(`profiles.by.${value}`) }))} />
      <Choice label={t("measure.label")} value={by} onChange={setBy} options={MEASURES.map((value) => ({ value, label: t(`measure.${value}`) }))} />
    </>
  );
  return (
    <Panel title={profile.name === "live" ? t("profiles.live") : profile.name} note={t(`profiles.note.${known}`)} tools={tools}>
      <Shown answer={answer} rows={7}>
        {(data) => (
          <>
            <Traffic data={asSeries(data, split)} by={by} height={220} onBrush={scope.setRange} />
            {data.lines.every((line) => line.values.every((value) => !value)) ? (
              <p className="hint" role="status">
                {t(`profiles.nothing.${known}`)}
              </p>
            ) : null}
            {data.missing.length > 0 ? (
              <ul className="profile-gaps" role="status">
                {data.missing.map((gap) => (
                  <li key={`${gap.channel}-${gap.from}`}>
                    {t("profiles.missing", { channel: gap.channel })} <Time at={gap.from} /> {"–"} <Time at={gap.to} />
                  </li>
                ))}
              </ul>
            ) : null}
          </>
        )}
      </Shown>
    </Panel>
  );
}
