// SPDX-License-Identifier: Apache-2.0
// A drawing of the page as a file: SVG with the theme's colours written out, or PNG at twice the size.

const WRITTEN_OUT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size", "font-weight", "text-anchor"];

const SPACE = "http://www.w3.org/2000/svg";

const sized = (drawing: SVGSVGElement) => ({ width: Number(drawing.getAttribute("width") ?? 900), height: Number(drawing.getAttribute("height") ?? 300) });

/** A copy that needs no style sheet. */
function bare(drawing: SVGSVGElement): SVGSVGElement {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[drawing, ...drawing.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of WRITTEN_OUT) {
      const value = style.getPropertyValue(name);
      if (value) to[at]?.setAttribute(name, value);
    }
  });
  return copy;
}

/** Height of the line that says what a drawing shows. */
const CAPTION = 26;

function captioned(words: string, y: number): SVGTextElement {
  const style = getComputedStyle(document.documentElement);
  const line = document.createElementNS(SPACE, "text");
  const set = { x: "12", y: `${y + 18}`, fill: style.getPropertyValue("--text").trim() || "black", "font-family": getComputedStyle(document.body).fontFamily || "sans-serif", "font-size": "13px", "font-weight": "600" };
  for (const [name, value] of Object.entries(set)) line.setAttribute(name, value);
  line.textContent = words;
  return line;
}

/** The drawings as text that needs no style sheet, one below the other, each below the words that say what it shows. */
export function svgText(drawings: SVGSVGElement[], captions: string[] = []): string {
  const sizes = drawings.map(sized).map((size, at) => ({ ...size, above: captions[at] ? CAPTION : 0 }));
  const [width, height] = [Math.max(...sizes.map((size) => size.width)), sizes.reduce((sum, size) => sum + size.above + size.height, 0)];
  const all = document.createElementNS(SPACE, "svg");
  for (const [name, value] of [["width", `${width}`], ["height", `${height}`], ["viewBox", `0 0 ${width} ${height}`]] as const) all.setAttribute(name, value);
  const ground = document.createElementNS(SPACE, "rect");
  for (const [name, value] of [["width", `${width}`], ["height", `${height}`], ["fill", getComputedStyle(document.documentElement).getPropertyValue("--surface").trim() || "white"]] as const) ground.setAttribute(name, value);
  all.append(ground);
  let y = 0;
  drawings.forEach((drawing, at) => {
    const copy = bare(drawing);
    const words = captions[at];
    if (words) all.append(captioned(words, y));
    y += sizes[at]?.above ?? 0;
    copy.setAttribute("y", `${y}`);
    all.append(copy);
    y += sizes[at]?.height ?? 0;
  });
  return new XMLSerializer().serializeToString(all);
}

function give(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

export function saveSvg(drawings: SVGSVGElement[], name: string, captions: string[] = []): void {
  const address = URL.createObjectURL(new Blob([svgText(drawings, captions)], { type: "image/svg+xml" }));
  give(address, `${name}.svg`);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Fails where the browser cannot draw it. */
export async function savePng(drawings: SVGSVGElement[], name: string, captions: string[] = []): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawings, captions))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  give(canvas.toDataURL("image/png"), `${name}.png`);
}
