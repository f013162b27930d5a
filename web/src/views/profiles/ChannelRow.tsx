// SPDX-License-Identifier: Apache-2.0
// One channel in the form: its name and its filter, coloured while typing, checked when it is left.
import { useId, useState, type KeyboardEvent } from "react";
import { FilterText } from "../../filter/FilterText";
import { Suggestions } from "../../filter/Suggestions";
import { toUnits } from "../../filter/tokens";
import { useCompletion } from "../../filter/useCompletion";
import type { ApiError, FilterError } from "../../gen/api";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";

export interface Draft {
  id: number;
  name: string;
  filter: string;
}

interface Props {
  channel: Draft;
  /** What the server said of the filter when the profile was sent. */
  error: ApiError | null;
  nameError: ApiError | null;
  edit: (change: Partial<Draft>) => void;
  remove: () => void;
}

export function ChannelRow({ channel, error, nameError, edit, remove }: Props) {
  const { t, complain } = useWords();
  const { answer, request, check, clear } = useCompletion();
  const [found, setFound] = useState<FilterError | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useId();
  const text = channel.filter;
  const fresh = answer && answer.text === text ? answer : null;
  const items = open ? (fresh?.items ?? []) : [];
  const problem = error ?? found;
  const mark = error ? toUnits(text, error.at ?? 0) : (found?.at ?? null);

  const type = (value: string, at: number) => {
    edit({ filter: value });
    setFound(null);
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
    if (items.length === 0 || event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setActive((active + (event.key === "ArrowDown" ? 1 : items.length - (active < 0 ? 0 : 1))) % items.length);
    else if (event.key === "Tab" && !event.shiftKey) accept(Math.max(0, active));
    else if (event.key === "Enter" && active >= 0) accept(active);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  };
  return (
    <div className="channel-row">
      <input className="channel-name" aria-label={t("profiles.channelName")} placeholder={t("profiles.channelName")} required value={channel.name} maxLength={64} aria-invalid={nameError !== null} onChange={(event) => edit({ name: event.target.value })} />
      <div className="filter channel-filter">
        <div className={`filter-line${problem ? " wrong" : ""}`}>
          <div className="filter-edit">
            <div className="filter-paint" aria-hidden="true">
              <FilterText text={text} mark={mark} />
            </div>
            <input
              role="combobox"
              aria-label={t("profiles.channelFilter", { name: channel.name })}
              aria-expanded={items.length > 0}
              aria-controls={list}
              aria-autocomplete="list"
              aria-activedescendant={active >= 0 ? `${list}-${active}` : undefined}
              aria-invalid={problem !== null}
              placeholder={t("profiles.everything")}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              value={text}
              onChange={(event) => type(event.target.value, event.target.selectionStart ?? event.target.value.length)}
              onKeyDown={press}
              onBlur={() => {
                close();
                void check(text).then(setFound);
              }}
            />
          </div>
        </div>
        {items.length > 0 ? <Suggestions id={list} items={items} active={active} pick={accept} hover={setActive} /> : null}
      </div>
      <button type="button" className="button small" aria-label={t("profiles.removeChannel", { name: channel.name })} onClick={remove}>
        <Icon name="close" size={13} />
      </button>
      {problem ?? nameError ? (
        <p className="field-error" role="alert">
          {complain(problem ?? (nameError as ApiError))}
        </p>
      ) : null}
    </div>
  );
}
