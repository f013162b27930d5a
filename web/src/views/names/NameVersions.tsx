// SPDX-License-Identifier: Apache-2.0
// What a tag or a set was when.
import { useSetVersions, useTagVersions } from "../../api/queries";
import { FilterText } from "../../filter/FilterText";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";
import type { Kind } from "./names";

interface Line {
  version: number;
  from: string;
  to: string | null;
  said: React.ReactNode;
  note: string | null;
}

export function NameVersions({ kind, name }: { kind: Kind; name: string }) {
  return kind === "tag" ? <TagVersions name={name} /> : <SetVersions name={name} />;
}

function TagVersions({ name }: { name: string }) {
  const answer = useTagVersions(name);
  return (
    <Frame>
      <Shown answer={answer} rows={3}>
        {(data) => <Lines of="filter" lines={data.tags.map((tag) => ({ version: tag.version, from: tag.valid_from, to: tag.valid_to, note: tag.note, said: tag.filter === null ? null : <code><FilterText text={tag.filter} /></code> }))} />}
      </Shown>
    </Frame>
  );
}

function SetVersions({ name }: { name: string }) {
  const answer = useSetVersions(name);
  return (
    <Frame>
      <Shown answer={answer} rows={3}>
        {(data) => <Lines of="members" lines={data.sets.map((set) => ({ version: set.version, from: set.valid_from, to: set.valid_to, note: set.note, said: set.ended ? null : <code>{set.members.join(" ")}</code> }))} />}
      </Shown>
    </Frame>
  );
}

function Frame({ children }: { children: React.ReactNode }) {
  const { t } = useWords();
  return <Panel title={t("profiles.versions")}>{children}</Panel>;
}

function Lines({ of, lines }: { of: string; lines: Line[] }) {
  const { t } = useWords();
  return (
    <table className="grid">
      <thead>
        <tr>
          {["profiles.version", "profiles.validFrom", "profiles.validTo", `names.${of}`, "names.note"].map((key) => (
            <th key={key} scope="col" className={key === "profiles.version" ? "num" : undefined}>
              {t(key)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {lines.toReversed().map((line) => (
          <tr key={line.version} className={line.to === line.from ? "faint" : ""}>
            <td className="num">{line.version}</td>
            <td>
              <Time at={line.from} />
            </td>
            <td>{line.to ? <Time at={line.to} /> : t("profiles.open")}</td>
            <td>{line.said ?? t("profiles.ended")}</td>
            <td>{line.note}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
