// SPDX-License-Identifier: Apache-2.0
// Risks of a flow in the language of the user: rows hold names and English evidence, the table says the same in both.
import type { FlowRow } from "../gen/api";
import { RISKS, type Risk } from "../gen/risks";
import type { Language } from "../i18n";
import { patternOf, said } from "./pattern";

const KNOWN = new Map(RISKS.map((risk) => [risk.name, { risk, pattern: patternOf(risk.evidence) }]));

export interface Found {
  name: string;
  /** What the table knows of it; undefined where a newer server found it. */
  risk: Risk | undefined;
  evidence: string;
}

/** The risks of a row with their evidence, as the row has them. */
export function risksOf(language: Language, row: FlowRow): Found[] {
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const evidence = list(row["risk_evidence"]);
  return list(row["risk"]).map((name, at) => {
    const known = KNOWN.get(name);
    const text = evidence[at] ?? "";
    return { name, risk: known?.risk, evidence: language === "ja" && known ? (said(known.pattern, text) ?? text) : text };
  });
}
