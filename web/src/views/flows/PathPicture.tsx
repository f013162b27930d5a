// SPDX-License-Identifier: Apache-2.0
// What goes where: the chosen keys from left to right.
import { useCallback } from "react";
import { usePaths, type Measure } from "../../api/queries";
import { Canvas } from "../../charts/Canvas";
import { pathsOption } from "../../charts/paths";
import { useWords } from "../../i18n";
import { written } from "../../parts/measures";
import { NoTraffic } from "../../parts/NoTraffic";
import { useScope } from "../../parts/scope";
import { Shown } from "../../parts/State";
import type { Paths } from "../../gen/api";
import { pathsOf } from "./question";

/** Values of each key that keep their names. */
const NAMED = 10;

export function PathPicture({ keys, by, raw }: { keys: string[]; by: Measure; raw: boolean }) {
  const scope = useScope();
  const answer = usePaths(scope.ask, pathsOf(keys, by, raw, NAMED));
  return (
    <Shown answer={answer} rows={10}>
      {(data) => (data.links.length === 0 ? <NoTraffic /> : <Picture data={data} by={by} keys={keys} />)}
    </Shown>
  );
}

function Picture({ data, by, keys }: { data: Paths; by: Measure; keys: string[] }) {
  const { t } = useWords();
  const option = useCallback(() => pathsOption(data, { other: t("analysis.other"), none: t("analysis.none") }, (value) => written(by, value)), [data, by, t]);
  return <Canvas option={option} height={460} label={t("analysis.pathsLabel", { keys: keys.join(" → ") })} />;
}
