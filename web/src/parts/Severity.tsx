// SPDX-License-Identifier: Apache-2.0
// Severity of an event: a word with a colour, never the colour alone.
import type { EventRow } from "../gen/api";
import { useWords } from "../i18n";

export const SEVERITIES: EventRow["severity"][] = ["critical", "high", "medium", "low"];

export function Severity({ level }: { level: EventRow["severity"] }) {
  const { t } = useWords();
  return <span className={`severity ${level}`}>{t(`severity.${level}`)}</span>;
}
