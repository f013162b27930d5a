// SPDX-License-Identifier: Apache-2.0
// The verdict on an encrypted session, and what moved it, in words.
import { useVerdict } from "../../api/queries";
import type { FlowRow, VerdictWhy } from "../../gen/api";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { number, text } from "../../parts/row";
import { Shown } from "../../parts/State";

const percent = (score: number) => `${(100 * score).toFixed(1)}%`;

export function Verdict({ row }: { row: FlowRow }) {
  const { t } = useWords();
  const answer = useVerdict(text(row, "flow_id") ?? "");
  const verdict = text(row, "eta_class") ?? "";
  const what = useWhat(verdict);
  return (
    <Panel title={t("verdict.title")} note={t("verdict.note", { model: text(row, "eta_model") ?? "" })} className="verdict">
      <p className="verdict-said">
        <strong className={verdict}>{t(`verdict.of.${verdict}`, { defaultValue: verdict })}</strong> {t(verdict === "unknown" ? "verdict.scoreOfUnknown" : "verdict.score", { score: percent(number(row, "eta_score")), what })}
      </p>
      <Shown answer={answer} rows={3}>
        {(data) => <Reasons data={data} recorded={text(row, "eta_model")} />}
      </Shown>
    </Panel>
  );
}

/** What a class's probability is of. */
function useWhat(verdict: string | null) {
  const { t } = useWords();
  return t(verdict === "doh_tunnel" ? "verdict.what.tunnel" : "verdict.what.malware");
}

function Reasons({ data, recorded }: { data: VerdictWhy; recorded: string | null }) {
  const { t, say } = useWords();
  const what = useWhat(data.class);
  if (data.score === null || data.threshold === null) return null;
  const strongest = Math.max(...data.reasons.map((reason) => Math.abs(reason.contribution)), 0.01);
  return (
    <>
      <ul className="verdict-reasons">
        {data.reasons.map((reason) => (
          <li key={reason.feature} className={reason.contribution > 0 ? "towards" : "away"}>
            {/* Why a session is not judged moved nothing. */}
            {reason.contribution === 0 ? (
              <span className="num" />
            ) : (
              <span className="num" title={t(reason.contribution > 0 ? "verdict.towards" : "verdict.away", { what })}>
                {reason.contribution > 0 ? "+" : "−"}
                {Math.abs(reason.contribution).toFixed(2)}
              </span>
            )}
            <span className="verdict-bar" aria-hidden="true">
              <i style={{ width: `${(100 * Math.abs(reason.contribution)) / strongest}%` }} />
            </span>
            <span>{say(reason.text)}</span>
          </li>
        ))}
      </ul>
      <p className="hint">
        {t("verdict.again", { score: percent(data.score), threshold: percent(data.threshold), count: data.earlier, what })} {t("verdict.mix", { what })} {data.model === recorded ? "" : t("verdict.other", { model: data.model })}
      </p>
    </>
  );
}
