// SPDX-License-Identifier: Apache-2.0
// Asks the server what could stand at the caret and whether the text is right.
import { useCallback, useEffect, useRef, useState } from "react";
import { askCompletion } from "../api/queries";
import type { Completion } from "../gen/api";
import { toCharacters, toUnits } from "./tokens";

const DELAY_MILLIS = 110;

/** Positions in the answer are UTF-16 units of `text`. */
export interface Answer extends Completion {
  text: string;
  at: number;
}

async function ask(text: string, at: number, signal: AbortSignal): Promise<Answer> {
  const answer = await askCompletion(text, toCharacters(text, at), signal);
  const error = answer.error && { ...answer.error, at: toUnits(text, answer.error.at) };
  return { ...answer, error, from: toUnits(text, answer.from), text, at };
}

export function useCompletion() {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const running = useRef<AbortController | null>(null);
  const timer = useRef(0);

  const stop = useCallback(() => {
    clearTimeout(timer.current);
    running.current?.abort();
  }, []);
  useEffect(() => stop, [stop]);

  const request = useCallback(
    (text: string, at: number) => {
      stop();
      timer.current = window.setTimeout(() => {
        const control = new AbortController();
        running.current = control;
        ask(text, at, control.signal).then(setAnswer, () => undefined);
      }, DELAY_MILLIS);
    },
    [stop],
  );

  /** The error of the whole text, or null; also null when the server cannot be asked. */
  const check = useCallback(
    async (text: string) => {
      stop();
      if (text.trim() === "") return null;
      const found = await ask(text, text.length, new AbortController().signal).catch(() => null);
      return found?.error ?? null;
    },
    [stop],
  );

  return { answer, request, check, clear: useCallback(() => (stop(), setAnswer(null)), [stop]) };
}
