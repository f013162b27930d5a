// SPDX-License-Identifier: Apache-2.0
// The last filters a person wrote, kept in this browser.
const KEY = "minamo.filters";
const MAX = 8;

export function recent(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.filter((text) => typeof text === "string") : [];
  } catch {
    return [];
  }
}

export function remember(text: string): void {
  const kept = text.trim();
  if (kept === "") return;
  localStorage.setItem(KEY, JSON.stringify([kept, ...recent().filter((one) => one !== kept)].slice(0, MAX)));
}
