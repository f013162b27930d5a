// SPDX-License-Identifier: Apache-2.0
// Sentences that rows have in English, said in another language: the English text with holes is a pattern for the values.

export interface Words {
  en: string;
  ja: string;
}

export interface Pattern {
  words: Words;
  pattern: RegExp;
  numbers: string[];
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A statement's English text as a pattern; the numbers of its values in the order of the text. */
export function patternOf(words: Words): Pattern {
  const parts = words.en.split(/\{(\d+)\}/);
  const pattern = parts.map((part, at) => (at % 2 === 0 ? quoted(part) : at === parts.length - 2 ? "(.+)" : "(.+?)")).join("");
  return { words, pattern: new RegExp(`^${pattern}$`, "s"), numbers: parts.filter((_, at) => at % 2 === 1) };
}

/** The Japanese text with the values of the English one; undefined where it does not fit. */
export function said({ words, pattern, numbers }: Pattern, text: string): string | undefined {
  const values = pattern.exec(text)?.slice(1);
  return values && words.ja.replace(/\{(\d+)\}/g, (hole, number: string) => values[numbers.indexOf(number)] ?? hole);
}
