// SPDX-License-Identifier: Apache-2.0
// @vitest-environment jsdom
import { expect, it } from "vitest";
import { svgText } from "./save";

function drawing(height: number): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ width: "700", height: `${height}` })) svg.setAttribute(name, value);
  return svg;
}

it("puts each drawing below the words that say what it shows", () => {
  const all = new DOMParser().parseFromString(svgText([drawing(300), drawing(200)], ["192.0.2.1 → 192.0.2.2", "<other>"]), "image/svg+xml").documentElement;
  expect(all.getAttribute("height")).toBe("552");
  expect([...all.querySelectorAll(":scope > text")].map((text) => text.textContent)).toEqual(["192.0.2.1 → 192.0.2.2", "<other>"]);
  expect([...all.querySelectorAll(":scope > svg")].map((svg) => svg.getAttribute("y"))).toEqual(["26", "352"]);
});

it("leaves no room where there is nothing to say", () => {
  const all = new DOMParser().parseFromString(svgText([drawing(300)]), "image/svg+xml").documentElement;
  expect([all.getAttribute("height"), all.querySelectorAll("text").length]).toEqual(["300", 0]);
});
