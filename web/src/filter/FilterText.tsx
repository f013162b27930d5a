// SPDX-License-Identifier: Apache-2.0
// Filter text in colour; `mark` underlines from an error's position to the end of that word.
import { tokens } from "./tokens";
import "./filter.css";

export function FilterText({ text, mark }: { text: string; mark?: number | null }) {
  const list = tokens(text);
  return (
    <>
      {list.map((token) => {
        const hit = typeof mark === "number" && mark >= token.at && mark < token.at + token.text.length;
        return (
          <span key={token.at} className={`tok-${token.kind}${hit ? " tok-wrong" : ""}`}>
            {token.text}
          </span>
        );
      })}
      {typeof mark === "number" && mark >= text.length ? <span className="tok-wrong">{"\u00a0\u00a0"}</span> : null}
    </>
  );
}
