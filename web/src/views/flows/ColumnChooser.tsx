// SPDX-License-Identifier: Apache-2.0
// Chooses the columns of the flow table; the choice is kept in this browser.
import { useState } from "react";
import { COLUMNS } from "../../gen/columns";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { Popup } from "../../parts/Popup";
import { columnOf } from "../../parts/row";
import { COMPOSED, DEFAULT_CELLS } from "./cells";

const KEY = "minamo.columns";

export function storedColumns(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    const known = Array.isArray(list) ? list.filter((name): name is string => COMPOSED.includes(name) || columnOf.has(name)) : [];
    return known.length > 0 ? known : DEFAULT_CELLS;
  } catch {
    return DEFAULT_CELLS;
  }
}

export const storeColumns = (names: string[]) => localStorage.setItem(KEY, JSON.stringify(names));

export function ColumnChooser({ chosen, onChange }: { chosen: string[]; onChange: (names: string[]) => void }) {
  const { t } = useWords();
  return (
    <Popup
      label={t("columns.choose")}
      align="right"
      className="button small"
      face={
        <>
          <Icon name="columns" size={14} /> {t("columns.title")}
        </>
      }
    >
      {() => <Choices chosen={chosen} onChange={onChange} />}
    </Popup>
  );
}

function Choices({ chosen, onChange }: { chosen: string[]; onChange: (names: string[]) => void }) {
  const { t, doc } = useWords();
  const [wanted, setWanted] = useState("");
  const groups = new Map<string, { name: string; label: string; help: string }[]>();
  groups.set(
    "composed",
    COMPOSED.map((name) => ({ name, label: t(`cell.${name}`), help: t(`cellDoc.${name}`) })),
  );
  for (const column of COLUMNS) {
    groups.set(column.group, [...(groups.get(column.group) ?? []), { name: column.name, label: column.name, help: doc(column) }]);
  }
  const order = [...COMPOSED, ...COLUMNS.map((column) => column.name)];
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name].toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
    if (next.length > 0) onChange(next);
  };
  const fits = (one: { label: string; help: string }) => `${one.label} ${one.help}`.toLowerCase().includes(wanted.toLowerCase());
  return (
    <div className="picker">
      <input type="search" aria-label={t("columns.find")} placeholder={t("columns.find")} value={wanted} onChange={(event) => setWanted(event.target.value)} />
      <div className="picker-list">
        {[...groups].map(([group, members]) => {
          const list = members.filter(fits);
          if (list.length === 0) return null;
          return (
            <fieldset key={group}>
              <legend>{t(`groupName.${group}`, { defaultValue: group })}</legend>
              {list.map((one) => (
                <label key={one.name} className="menu-item check">
                  <input type="checkbox" checked={chosen.includes(one.name)} onChange={() => toggle(one.name)} />
                  {group === "composed" ? one.label : <code>{one.label}</code>}
                  <span>{one.help}</span>
                </label>
              ))}
            </fieldset>
          );
        })}
      </div>
      <footer>
        <button type="button" className="link" onClick={() => onChange(DEFAULT_CELLS)}>
          {t("columns.reset")}
        </button>
      </footer>
    </div>
  );
}
