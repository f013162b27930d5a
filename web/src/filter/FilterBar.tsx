// SPDX-License-Identifier: Apache-2.0
// The filter line: colours while typing, completion and errors from the server, never loses what was typed.
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import type { CompletionItem, FilterError } from "../gen/api";
import { useWords } from "../i18n";
import { Icon } from "../parts/Icon";
import { useScope } from "../parts/scope";
import { FilterText } from "./FilterText";
import { recent, remember } from "./recent";
import { Suggestions } from "./Suggestions";
import { useCompletion } from "./useCompletion";
import "./filter.css";

export function FilterBar() {
  const { t, complain } = useWords();
  const { filter, setFilter } = useScope();
  const [text, setText] = useState(filter);
  const [applied, setApplied] = useState(filter);
  const [error, setError] = useState<FilterError | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const { answer, request, check, clear } = useCompletion();
  const input = useRef<HTMLInputElement>(null);
  const paint = useRef<HTMLDivElement>(null);
  const caret = useRef<number | null>(null);
  const list = useId();

  // a click elsewhere changed the filter: follow it, but keep an unfinished text within reach
  if (filter !== applied) {
    if (text.trim() !== applied.trim()) remember(text);
    setApplied(filter);
    setText(filter);
    setError(null);
  }

  useEffect(() => {
    let current = true;
    void check(filter).then((found) => current && setError(found));
    return () => {
      current = false;
    };
  }, [filter, check]);

  const follow = () => {
    if (paint.current && input.current) paint.current.style.transform = `translateX(${-input.current.scrollLeft}px)`;
  };
  useLayoutEffect(() => {
    if (caret.current !== null) input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
    follow();
  });

  const past = text.trim() === "" ? recent().filter((one) => one !== filter) : [];
  const fresh = answer && answer.text === text ? answer : null;
  const items: CompletionItem[] = [...past.map((one): CompletionItem => ({ text: one, kind: "value", doc: t("filter.recent"), doc_ja: t("filter.recent") })), ...(fresh?.items ?? answer?.items ?? [])];
  const shown = open && items.length > 0;
  // while a word is being typed, only complain about what stands before it
  const typingError = fresh?.error && open && fresh.error.at < fresh.from && fresh.error.at < text.trimEnd().length ? fresh.error : null;
  const problem = error ?? typingError;

  const ask = (value: string, at: number) => {
    setOpen(true);
    setActive(-1);
    request(value, at);
  };
  const close = () => {
    setOpen(false);
    setActive(-1);
    clear();
  };
  const apply = async (value: string) => {
    close();
    const found = await check(value);
    setError(found);
    if (found) return;
    remember(value);
    setFilter(value.trim());
  };
  const accept = (index: number) => {
    const item = items[index];
    if (!item) return;
    if (index < past.length) {
      setText(item.text);
      caret.current = item.text.length;
      return close();
    }
    if (!fresh) return;
    const head = text.slice(0, fresh.from) + item.text;
    const tail = text.slice(fresh.at);
    const space = tail.startsWith(" ") || /[([]$/.test(item.text) ? "" : " ";
    caret.current = head.length + 1;
    setText(head + space + tail);
    ask(head + space + tail, head.length + 1);
  };

  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    const at = event.currentTarget.selectionStart ?? text.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) return ask(text, at);
      const step = event.key === "ArrowDown" ? 1 : -1;
      return setActive((active + step + items.length + (active < 0 && step < 0 ? 1 : 0)) % items.length);
    }
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      return ask(text, at);
    }
    if (event.key === "Tab" && shown && !event.shiftKey && (fresh || active >= 0)) {
      event.preventDefault();
      return accept(Math.max(0, active));
    }
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      return active >= 0 && shown ? accept(active) : void apply(text);
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      return shown ? close() : event.currentTarget.blur();
    }
    return undefined;
  };

  const dirty = text.trim() !== filter.trim();
  return (
    <div className="filter">
      <div className={`filter-line${problem ? " wrong" : ""}`}>
        <Icon name="search" />
        <div className="filter-edit">
          <div className="filter-paint" ref={paint} aria-hidden="true">
            <FilterText text={text} mark={problem?.at ?? null} />
          </div>
          <input
            ref={input}
            data-filter-input
            role="combobox"
            aria-label={t("filter.label")}
            aria-expanded={shown}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={shown && active >= 0 ? `${list}-${active}` : undefined}
            aria-invalid={problem !== null}
            aria-describedby={problem ? `${list}-error` : undefined}
            placeholder={t("filter.placeholder")}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setError(null);
              ask(event.target.value, event.target.selectionStart ?? event.target.value.length);
            }}
            onKeyDown={press}
            onScroll={follow}
            onClick={(event) => ask(text, event.currentTarget.selectionStart ?? text.length)}
            onBlur={close}
          />
        </div>
        {text !== "" ? (
          <button
            type="button"
            className="button quiet icon-only small"
            aria-label={t("filter.clear")}
            title={t("filter.clear")}
            onClick={() => {
              remember(text);
              setText("");
              setError(null);
              setFilter("");
            }}
          >
            <Icon name="close" size={14} />
          </button>
        ) : (
          <kbd className="filter-key">{"/"}</kbd>
        )}
        {dirty ? (
          <button type="button" className="button primary small" onClick={() => void apply(text)}>
            {t("filter.apply")}
          </button>
        ) : null}
      </div>
      {shown ? <Suggestions id={list} items={items} active={active} pick={accept} hover={setActive} /> : null}
      {problem ? (
        <p className="filter-error" id={`${list}-error`} role="alert">
          <Icon name="alert" size={14} />
          <span>{complain(problem)}</span>
        </p>
      ) : null}
    </div>
  );
}
