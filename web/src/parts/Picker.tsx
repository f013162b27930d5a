// SPDX-License-Identifier: Apache-2.0
// Names that were chosen, as chips that can be taken away, and a box to find and add another one.
import { useState, type ReactNode } from "react";
import { useWords } from "../i18n";
import { Icon } from "./Icon";
import { Popup } from "./Popup";

interface Props {
  chosen: string[];
  onChange: (next: string[]) => void;
  /** Most names. */
  most: number;
  /** What the button that adds says, and is called. */
  add: string;
  face?: string;
  /** What the button of a chip is called. */
  remove: (name: string) => string;
  find: string;
  /** The names that fit what was typed, best first. */
  propose: (typed: string) => string[];
  help?: (name: string) => string;
}

export function Picker({ chosen, onChange, most, add, face = add, remove, find, propose, help }: Props) {
  return (
    <>
      {chosen.map((name) => (
        <span key={name} className="chip" title={help?.(name)}>
          <code>{name}</code>
          <button type="button" aria-label={remove(name)} onClick={() => onChange(chosen.filter((one) => one !== name))}>
            <Icon name="close" size={11} />
          </button>
        </span>
      ))}
      {chosen.length < most ? (
        <Popup label={add} className="button small" face={<Face text={face} />}>
          {(close) => (
            <Proposals
              find={find}
              propose={(typed) => propose(typed).filter((name) => !chosen.includes(name))}
              help={help}
              pick={(name) => {
                onChange([...chosen, name]);
                close();
              }}
            />
          )}
        </Popup>
      ) : null}
    </>
  );
}

function Face({ text }: { text: string }): ReactNode {
  return (
    <>
      <Icon name="plus" size={12} /> {text}
    </>
  );
}

function Proposals({ find, propose, help, pick }: { find: string; propose: (typed: string) => string[]; help: ((name: string) => string) | undefined; pick: (name: string) => void }) {
  const { t } = useWords();
  const [wanted, setWanted] = useState("");
  const list = propose(wanted);
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={find}
        placeholder={find}
        // The box was opened by the person to type here.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !list[0]) return;
          // The key must not press the button that gets the focus.
          event.preventDefault();
          pick(list[0]);
        }}
      />
      <ul className="picker-list">
        {list.map((name) => (
          <li key={name}>
            <button type="button" className="menu-item" onClick={() => pick(name)}>
              <code>{name}</code>
              {help ? <span>{help(name)}</span> : null}
            </button>
          </li>
        ))}
        {list.length === 0 ? <li className="hint">{t("columns.noMatch")}</li> : null}
      </ul>
    </div>
  );
}
