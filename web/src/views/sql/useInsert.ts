// SPDX-License-Identifier: Apache-2.0
// Writing a word where the caret of a text is; the caret comes to stand behind it.
import { useRef } from "react";

export function useInsert(text: string, edit: (text: string) => void) {
  const area = useRef<HTMLTextAreaElement>(null);
  const insert = (word: string) => {
    const { selectionStart: from = text.length, selectionEnd: to = from } = area.current ?? {};
    edit(text.slice(0, from) + word + text.slice(to));
    area.current?.focus();
    requestAnimationFrame(() => area.current?.setSelectionRange(from + word.length, from + word.length));
  };
  return { area, insert };
}
