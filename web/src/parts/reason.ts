// SPDX-License-Identifier: Apache-2.0
// Why a flow has its label, in the language of the user: rows hold the English text, the table says the same in both.
import { BETWEEN, REASONS } from "../gen/reasons";
import type { Language } from "../i18n";

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A statement's English text as a pattern; the numbers of its values in the order of the text. */
const PATTERNS = REASONS.map((reason) => {
  const parts = reason.en.split(/\{(\d+)\}/);
  const pattern = parts.map((part, at) => (at % 2 === 0 ? quoted(part) : at === parts.length - 2 ? "(.+)" : "(.+?)")).join("");
  return { reason, pattern: new RegExp(`^${pattern}$`, "s"), numbers: parts.filter((_, at) => at % 2 === 1) };
});

function statement(text: string): string {
  for (const { reason, pattern, numbers } of PATTERNS) {
    const values = pattern.exec(text)?.slice(1);
    if (values) return reason.ja.replace(/\{(\d+)\}/g, (hole, number: string) => values[numbers.indexOf(number)] ?? hole);
  }
  return text;
}

/** The reason in a language; what the table does not know stays as it is. */
export function reasonIn(language: Language, text: string): string {
  return language === "ja" ? text.split(BETWEEN).map(statement).join("、") : text;
}
