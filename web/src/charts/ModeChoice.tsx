// SPDX-License-Identifier: Apache-2.0
// What is to the right in session pictures: one choice for all that are shown together.
import { useWords } from "../i18n";
import { Choice } from "../parts/Choice";
import { MODES, type Mode } from "./splt";

export function ModeChoice({ mode, setMode }: { mode: Mode; setMode: (mode: Mode) => void }) {
  const { t } = useWords();
  return <Choice<Mode> label={t("splt.axis")} value={mode} onChange={setMode} options={MODES.map((value) => ({ value, label: t(`splt.by.${value}`) }))} />;
}
