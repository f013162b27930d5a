// SPDX-License-Identifier: Apache-2.0
// Chart colours come from the theme's CSS variables, so charts follow light and dark.
export const SERIES_COLOURS = 8;

export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Colour of the n-th series; all others together are grey. */
export const seriesVar = (index: number) => (index < SERIES_COLOURS ? `var(--series-${index + 1})` : "var(--series-other)");
export const seriesColour = (index: number) => css(index < SERIES_COLOURS ? `--series-${index + 1}` : "--series-other");
