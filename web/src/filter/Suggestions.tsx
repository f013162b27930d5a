// SPDX-License-Identifier: Apache-2.0
// The list under the filter line.
import { useEffect, useRef } from "react";
import type { CompletionItem } from "../gen/api";
import { useWords } from "../i18n";

interface Props {
  id: string;
  items: CompletionItem[];
  active: number;
  pick: (index: number) => void;
  hover: (index: number) => void;
}

export function Suggestions({ id, items, active, pick, hover }: Props) {
  const { t, doc } = useWords();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div className="suggestions">
      <div role="listbox" id={id} ref={box} aria-label={t("filter.suggestions")}>
        {items.map((item, i) => (
          // The input keeps the focus and handles the keys.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={`${item.kind}-${item.text}`}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            className="suggestion"
            onPointerDown={(event) => event.preventDefault()}
            onPointerMove={() => i !== active && hover(i)}
            onClick={() => pick(i)}
          >
            <code>{item.text}</code>
            <span className="suggestion-doc">{doc(item)}</span>
            <span className="suggestion-kind">{t(`filter.kind.${item.kind}`)}</span>
          </div>
        ))}
      </div>
      <p className="suggestion-keys" aria-hidden="true">
        <kbd>{"↑↓"}</kbd> {t("filter.keyMove")} <kbd>{"Tab"}</kbd> {t("filter.keyTake")} <kbd>{"Enter"}</kbd> {t("filter.keyApply")} <kbd>{"Esc"}</kbd> {t("filter.keyClose")}
      </p>
    </div>
  );
}
