// SPDX-License-Identifier: Apache-2.0
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, show } from "../parts/testing";
import { MODES, scaleOf } from "./splt";
import { StampScale } from "./SpltSmall";

test("the scale of stamps says what height and width are, in every mode", async () => {
  const scale = scaleOf([{ lengths: [517, -1400], times: [0, 250_000] }]);
  answer({});
  show(<>{MODES.map((mode) => <StampScale key={mode} mode={mode} scale={scale} />)}</>, undefined, undefined, "ja");
  const said = (await screen.findAllByText(/共通の縮尺/)).map((line) => line.textContent ?? "");
  expect(said.map((line) => line.includes("1,500 B"))).toEqual([true, true, true]);
  expect(said[0]).toContain("パケット 1～2");
  expect(said[1]).toContain("0～250 ms。");
  expect(said[2]).toContain("（対数）");
});
