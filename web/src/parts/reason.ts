// SPDX-License-Identifier: Apache-2.0
// Why a flow has its label, in the language of the user: rows hold the English text, the table says the same in both.
import { BETWEEN, REASONS } from "../gen/reasons";
import type { Language } from "../i18n";
import { patternOf, said } from "./pattern";

const PATTERNS = REASONS.map(patternOf);

function statement(text: string): string {
  for (const pattern of PATTERNS) {
    const japanese = said(pattern, text);
    if (japanese !== undefined) return japanese;
  }
  return text;
}

/** The reason in a language; what the table does not know stays as it is. */
export function reasonIn(language: Language, text: string): string {
  return language === "ja" ? text.split(BETWEEN).map(statement).join("、") : text;
}
