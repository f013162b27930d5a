// SPDX-License-Identifier: Apache-2.0
// Chooses up to four columns to rank by; none shows the flows one by one.
import { useWords } from "../../i18n";
import { MADE } from "./question";
import { Picker } from "../../parts/Picker";
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
      <Picker
        chosen={keys}
        onChange={onChange}
        most={MAX}
        add={t("group.add")}
        face={keys.length === 0 ? t("group.none") : t("group.add")}
        remove={(name) => t("group.remove", { name })}
        find={t("columns.find")}
        propose={(typed) => candidates(typed, help)}
        help={help}
      />
      {keys.length > 0 ? (
        <button type="button" className="link" onClick={() => onChange([])}>
          {t("group.clear")}
        </button>
      ) : null}
    </div>
  );
}

/** Keys that fit what was typed: by name or by meaning. */
function candidates(wanted: string, help: (name: string) => string): string[] {
  const typed = wanted.replaceAll(" ", "");
  const own = OWN.test(typed);
  const others = COLUMNS.filter((column) => column.kind !== "counter" && column.type !== "time" && !column.type.startsWith("list") && column.name !== "flow_id").map((column) => column.name);
  const all = [...(own ? [typed] : []), ...Object.keys(MADE), ...COMMON.filter((name) => name === "ip" || columnOf.has(name)), ...others];
  return [...new Set(all)].filter((name) => `${name} ${help(name)}`.toLowerCase().includes(own ? typed : wanted.toLowerCase()));
}
