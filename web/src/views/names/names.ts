// SPDX-License-Identifier: Apache-2.0
// What the page of tags and sets has in common.

/** A named filter that marks flows, or a named set of values. */
export type Kind = "tag" | "set";

/** The members in a text, one each by line, comma or blank; quotes keep blanks: `"Microsoft Teams"`. */
export function members(text: string): string[] {
  const found = text.matchAll(/@?"([^"]*)"|[^\s,]+/g);
  return [...found].map((match) => (match[1] === undefined ? match[0] : (match[0].startsWith("@") ? "@" : "") + match[1])).filter((one) => one !== "" && one !== "@");
}

/** Members as they are typed, one a line. */
export function asText(list: string[]): string {
  const quoted = (one: string) => (/[\s,]/.test(one) ? (one.startsWith("@") ? `@"${one.slice(1)}"` : `"${one}"`) : one);
  return list.map(quoted).join("\n");
}
