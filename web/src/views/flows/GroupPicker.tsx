// SPDX-License-Identifier: Apache-2.0
// Chooses up to four columns to rank by; none shows the flows one by one.
import { useState } from "react";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { Popup } from "../../parts/Popup";
import { MADE } from "./question";
import { COLUMNS } from "../../gen/columns";
import { columnOf } from "../../parts/row";

const MAX = 4;
const OWN = /^(net\([a-z_]+,\d+(,\d+)?\)|time\(\d+[smhd]\))$/;
const COMMON = ["ip", "app", "src_ip", "dst_ip", "dst_port", "proto", "tls_sni", "dns_query", "l2_vlan"];

export function GroupPicker({ keys, onChange }: { keys: string[]; onChange: (keys: string[]) => void }) {
  const { t, doc } = useWords();
  const help = (name: string) => {
    const column = columnOf.get(name);
    return column ? doc(column) : name === "ip" ? t("group.hostDoc") : t(MADE[name] ?? "group.own");
  };
  return (
    <div className="group-picker">
      <span className="group-label">{t("group.by")}</span>
      {keys.map((name) => (
        <span key={name} className="chip" title={help(name)}>
          <code>{name}</code>
          <button type="button" aria-label={t("group.remove", { name })} onClick={() => onChange(keys.filter((one) => one !== name))}>
            <Icon name="close" size={11} />
          </button>
        </span>
      ))}
      {keys.length < MAX ? (
        <Popup
          label={t("group.add")}
          className="button small"
          face={
            <>
              <Icon name="plus" size={12} /> {keys.length === 0 ? t("group.none") : t("group.add")}
            </>
          }
        >
          {(close) => (
            <Candidates
              taken={keys}
              help={help}
              pick={(name) => {
                onChange([...keys, name]);
                close();
              }}
            />
          )}
        </Popup>
      ) : null}
      {keys.length > 0 ? (
        <button type="button" className="link" onClick={() => onChange([])}>
          {t("group.clear")}
        </button>
      ) : null}
    </div>
  );
}

function Candidates({ taken, help, pick }: { taken: string[]; help: (name: string) => string; pick: (name: string) => void }) {
  const { t } = useWords();
  const [wanted, setWanted] = useState("");
  const typed = wanted.replaceAll(" ", "");
  const all = [...(OWN.test(typed) ? [typed] : []), ...Object.keys(MADE), ...COMMON.filter((name) => name === "ip" || columnOf.has(name)), ...COLUMNS.filter((column) => !COMMON.includes(column.name) && column.kind !== "counter" && column.type !== "time" && !column.type.startsWith("list") && column.name !== "flow_id").map((column) => column.name)];
  const list = [...new Set(all)].filter((name) => !taken.includes(name) && `${name} ${help(name)}`.toLowerCase().includes(OWN.test(typed) ? typed : wanted.toLowerCase()));
  return (
    <div className="picker">
      <input
        type="search"
        aria-label={t("columns.find")}
        placeholder={t("columns.find")}
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
              <span>{help(name)}</span>
            </button>
          </li>
        ))}
        {list.length === 0 ? <li className="hint">{t("columns.noMatch")}</li> : null}
      </ul>
    </div>
  );
}
