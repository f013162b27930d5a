// SPDX-License-Identifier: Apache-2.0
// Work on the lake: starting it, how far it is, what it found.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "../../api/client";
import type { LakeJob, LakeJobKind } from "../../gen/api";
import { useWords } from "../../i18n";
import { time, utc, whole } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { ErrorNote } from "../../parts/State";

const KINDS: LakeJobKind[] = ["verify", "compact", "retain", "seal"];

export function Jobs({ jobs }: { jobs: LakeJob[] }) {
  const { t } = useWords();
  const client = useQueryClient();
  const start = useMutation({ mutationFn: (kind: LakeJobKind) => call<LakeJob>("POST", "/lake/jobs", { kind }), onSettled: () => client.invalidateQueries({ queryKey: ["lake"] }) });
  return (
    <Panel title={t("lake.upkeep")}>
      <table className="grid compact">
        <tbody>
          {KINDS.map((kind) => {
            const job = jobs.find((one) => one.kind === kind);
            const running = job !== undefined && job.ended_at === null;
            return (
              <tr key={kind}>
                <td title={t(`lake.jobDoc.${kind}`)}>{t(`lake.job.${kind}`)}</td>
                <td className="wide">
                  <Course job={job} />
                </td>
                <td className="num">
                  <button type="button" className="button small" aria-label={t("lake.start", { job: t(`lake.job.${kind}`) })} disabled={running || start.isPending} onClick={() => start.mutate(kind)}>
                    <Icon name="play" size={12} />
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {start.error ? <ErrorNote error={start.error} /> : null}
      {jobs.flatMap((job) =>
        job.problems.map((problem) => (
          <p key={`${job.kind} ${problem}`} className="lake-error" role="alert">
            {problem}
          </p>
        )),
      )}
    </Panel>
  );
}

function Course({ job }: { job: LakeJob | undefined }) {
  const { t } = useWords();
  if (!job) return <span className="faint">{t("lake.notYet")}</span>;
  if (job.ended_at === null) {
    return job.all > 0 ? <progress max={job.all} value={job.done} aria-label={t(`lake.job.${job.kind}`)} /> : <span>{t("lake.running")}</span>;
  }
  const found = job.problems.length > 0 ? t("lake.problems", { number: job.problems.length }) : t(`lake.done.${job.kind}`, { number: whole(job.rows ?? 0) });
  return (
    <span title={utc(job.ended_at)} className={job.problems.length > 0 ? "lake-bad" : ""}>
      {found} <span className="faint">{time(job.ended_at)}</span>
    </span>
  );
}
