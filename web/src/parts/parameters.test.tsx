// SPDX-License-Identifier: Apache-2.0
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useNavigate } from "react-router";
import { expect, test } from "vitest";
import { useParameters } from "./parameters";

const at = (address: string) => ({ wrapper: ({ children }: { children: ReactNode }) => <MemoryRouter initialEntries={[address]}>{children}</MemoryRouter> });

function useTwo() {
  const [first, second] = [useParameters(), useParameters()];
  return { params: first[0], first: first[1], second: second[1], navigate: useNavigate() };
}

test("changes of two parts of a page in one handler add up", () => {
  const { result } = renderHook(useTwo, at("/flows?q=proto+tcp&by=flows"));
  act(() => {
    result.current.first([["group", "app"]]);
    result.current.second([
      ["q", ""],
      ["m", "bytes"],
    ]);
  });
  expect(result.current.params.toString()).toBe("by=flows&group=app&m=bytes");
});

test("after going back, a change starts from what is shown again", () => {
  const { result } = renderHook(useTwo, at("/flows?by=flows"));
  act(() => result.current.first([["group", "app"]]));
  act(() => void result.current.navigate(-1));
  expect(result.current.params.toString()).toBe("by=flows");
  act(() => result.current.second([["m", "bytes"]]));
  expect(result.current.params.toString()).toBe("by=flows&m=bytes");
});
