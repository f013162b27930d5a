// SPDX-License-Identifier: Apache-2.0
// What jsdom lacks and views need; charts are left out of component tests.
import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

vi.mock("../charts/echarts", () => ({
  init: () => ({ setOption() {}, resize() {}, dispose() {}, on() {}, isDisposed: () => true, getZr: () => ({ on() {}, off() {} }) }),
}));

configure({ asyncUtilTimeout: 20_000 });

window.matchMedia = ((query: string) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} })) as unknown as typeof window.matchMedia;
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});
