// SPDX-License-Identifier: Apache-2.0
// A value that is typed, once it has not changed for a moment: not every letter is a question to the server.
import { useEffect, useState } from "react";

const MOMENT_MILLIS = 300;

export function useSettled<T>(value: T): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState({ text, value });
  useEffect(() => {
    if (text === settled.text) return undefined;
    const timer = setTimeout(() => setSettled({ text, value: JSON.parse(text) as T }), MOMENT_MILLIS);
    return () => clearTimeout(timer);
  }, [text, settled.text]);
  return settled.value;
}
