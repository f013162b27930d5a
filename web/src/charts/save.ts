// SPDX-License-Identifier: Apache-2.0
// A drawing of the page as a file: SVG with the theme's colours written out, or PNG at twice the size.

const WRITTEN_OUT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor"];

/** The drawing as text that needs no style sheet. */
export function svgText(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[drawing, ...drawing.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of WRITTEN_OUT) {
      const value = style.getPropertyValue(name);
      if (value) to[at]?.setAttribute(name, value);
    }
  });
  const [width, height] = [drawing.getAttribute("width") ?? "900", drawing.getAttribute("height") ?? "300"];
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of [["width", width], ["height", height], ["fill", getComputedStyle(document.documentElement).getPropertyValue("--surface").trim() || "white"]] as const) ground.setAttribute(name, value);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

function give(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

export function saveSvg(drawing: SVGSVGElement, name: string): void {
  const address = URL.createObjectURL(new Blob([svgText(drawing)], { type: "image/svg+xml" }));
  give(address, `${name}.svg`);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Fails where the browser cannot draw it. */
export async function savePng(drawing: SVGSVGElement, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawing))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [drawing.clientWidth * 2, drawing.clientHeight * 2];
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  give(canvas.toDataURL("image/png"), `${name}.png`);
}
