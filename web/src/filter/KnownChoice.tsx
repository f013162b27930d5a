// SPDX-License-Identifier: Apache-2.0
// By which definitions the sets of the filter go; shown only where the filter has one.
import { useWords } from "../i18n";
import { Choice } from "../parts/Choice";
import { useScope } from "../parts/scope";

export function KnownChoice() {
  const { t } = useWords();
  const { known, setKnown } = useScope();
  if (known === null) return null;
  return (
    <div title={t("known.help")}>
      <Choice label={t("known.label")} value={known} onChange={setKnown} options={(["now", "then"] as const).map((value) => ({ value, label: t(`known.${value}`) }))} />
    </div>
  );
}
