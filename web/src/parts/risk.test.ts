// SPDX-License-Identifier: Apache-2.0
// Risks in both languages.
import { expect, test } from "vitest";
import { RISKS } from "../gen/risks";
import { risksOf } from "./risk";

test("each evidence of the table is said in Japanese, with its values", () => {
  for (const { name, evidence } of RISKS) {
    const fill = (text: string) => text.replace(/\{(\d+)\}/g, "v$1");
    expect(risksOf("ja", { risk: [name], risk_evidence: [fill(evidence.en)] })[0]?.evidence).toBe(fill(evidence.ja));
    expect(risksOf("en", { risk: [name], risk_evidence: [fill(evidence.en)] })[0]?.evidence).toBe(fill(evidence.en));
  }
});

test("what a newer server found is shown as it is", () => {
  expect(risksOf("ja", { risk: ["later"], risk_evidence: ["something"] })).toEqual([{ name: "later", risk: undefined, evidence: "something" }]);
  expect(risksOf("en", {})).toEqual([]);
});
