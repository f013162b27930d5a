// SPDX-License-Identifier: Apache-2.0
// A filter in a form: coloured while typing, completed, checked when it is left.
import { useId, useState, type KeyboardEvent } from "react";
import type { ApiError, FilterError } from "../gen/api";
import { FilterText } from "./FilterText";
import { Suggestions } from "./Suggestions";
import { toUnits } from "./tokens";
import { useCompletion } from "./useCompletion";

interface Props {
  label: string;
  /** What an empty one means. */
  placeholder: string;
  text: string;
  /** What the server said of it when the form was sent. */
  error: ApiError | null;
  edit: (text: string) => void;
  /** What is wrong with it, as far as that is known. */
  tell: (problem: ApiError | FilterError | null) => void;
}

export function FilterField({ label, placeholder, text, error, edit, tell }: Props) {
  const { answer, request, check, clear } = useCompletion();
  const [found, setFound] = useState<FilterError | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useId();
  const fresh = answer && answer.text === text ? answer : null;
  const items = open ? (fresh?.items ?? []) : [];
  const problem = error ?? found;
  const mark = error ? toUnits(text, error.at ?? 0) : (found?.at ?? null);
  const learn = (next: FilterError | null) => {
    setFound(next);
    tell(next);
  };

  const type = (value: string, at: number) => {
    edit(value);
    learn(null);
    setActive(-1);
    setOpen(true);
    request(value, at);
  };
  const close = () => {
    setOpen(false);
    setActive(-1);
    clear();
  };
  const accept = (index: number) => {
    const item = items[index];
    if (!item || !fresh) return;
    const head = text.slice(0, fresh.from) + item.text;
    type(`${head} ${text.slice(fresh.at).trimStart()}`, head.length + 1);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    // Also before the list has come, so that it does not come any more.
    if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
      return;
    }
    if (items.length === 0) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setActive((active + (event.key === "ArrowDown" ? 1 : items.length - (active < 0 ? 0 : 1))) % items.length);
    else if (event.key === "Tab" && !event.shiftKey) accept(Math.max(0, active));
    else if (event.key === "Enter" && active >= 0) accept(active);
    else return;
    event.preventDefault();
  };
  return (
    <div className="filter channel-filter">
      <div className={`filter-line${problem ? " wrong" : ""}`}>
        <div className="filter-edit">
          <div className="filter-paint" aria-hidden="true">
            <FilterText text={text} mark={mark} />
          </div>
          <input
            role="combobox"
            aria-label={label}
            aria-expanded={items.length > 0}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
            aria-invalid={problem !== null}
            placeholder={placeholder}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            value={text}
            onChange={(event) => type(event.target.value, event.target.selectionStart ?? event.target.value.length)}
            onKeyDown={press}
            onBlur={() => {
              close();
              void check(text).then(learn);
            }}
          />
        </div>
      </div>
      {items.length > 0 ? <Suggestions id={list} items={items} active={active} pick={accept} hover={setActive} /> : null}
    </div>
  );
}
