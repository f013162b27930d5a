// SPDX-License-Identifier: Apache-2.0
// Tags and sets: the lists, the form of one, its versions. Networks of the networks file are shown and changed there.
import { useState } from "react";
import { useSets, useTags } from "../../api/queries";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { useParameters } from "../../parts/parameters";
import { Shown } from "../../parts/State";
import { NameForm } from "./NameForm";
import { NameVersions } from "./NameVersions";
import type { Kind } from "./names";
import "../profiles/profiles.css";
import "./names.css";

/** What is shown on the right: one of a kind by name; a new one without. */
interface Chosen {
  kind: Kind;
  name: string | null;
}

const KINDS: readonly Kind[] = ["tag", "set"];

export function Names() {
  const [params, put] = useParameters();
  const [making, setMaking] = useState<Kind | null>(null);
  const [tags, sets] = [useTags(), useSets()];
  const named: Chosen | null = params.get("tag") ? { kind: "tag", name: params.get("tag") } : params.get("set") ? { kind: "set", name: params.get("set") } : null;
  const chosen = making ? { kind: making, name: null } : named;
  const choose = (next: Chosen | null) => {
    setMaking(null);
    put(KINDS.map((kind) => [kind, kind === next?.kind ? next.name : null]));
  };
  return (
    <Shown answer={tags} rows={6}>
      {(ofTags) => (
        <Shown answer={sets} rows={6}>
          {(ofSets) => (
            <div className="profiles">
              <div className="profile-main">
                <List kind="tag" items={ofTags.tags.map((tag) => ({ name: tag.name, note: tag.note }))} chosen={chosen} choose={choose} make={setMaking} />
                <List kind="set" items={ofSets.sets.map((set) => ({ name: set.name, note: set.note }))} chosen={chosen} choose={choose} make={setMaking} />
                <Networks names={ofSets.networks} />
              </div>
              <div className="profile-main">
                <Chosen
                  chosen={chosen}
                  found={{
                    tag: ofTags.tags.find((tag) => chosen?.kind === "tag" && tag.name === chosen.name) ?? null,
                    set: ofSets.sets.find((set) => chosen?.kind === "set" && set.name === chosen.name) ?? null,
                  }}
                  choose={choose}
                />
              </div>
            </div>
          )}
        </Shown>
      )}
    </Shown>
  );
}

function Chosen({ chosen, found, choose }: { chosen: Chosen | null; found: Parameters<typeof NameForm>[0]["found"]; choose: (next: Chosen | null) => void }) {
  const { t } = useWords();
  if (!chosen) return <p className="hint">{t("names.hint")}</p>;
  const now = found[chosen.kind];
  return (
    <>
      {chosen.name === null || now ? (
        <NameForm key={`${chosen.kind}-${chosen.name ?? ""}-${now?.version ?? 0}`} kind={chosen.kind} found={found} done={(name) => choose(name === null ? null : { kind: chosen.kind, name })} />
      ) : (
        <p className="hint">{t(`names.gone.${chosen.kind}`, { name: chosen.name })}</p>
      )}
      {chosen.name === null ? null : <NameVersions kind={chosen.kind} name={chosen.name} />}
    </>
  );
}

interface ListProps {
  kind: Kind;
  items: { name: string; note: string | null }[];
  chosen: Chosen | null;
  choose: (next: Chosen) => void;
  make: (kind: Kind) => void;
}

function List({ kind, items, chosen, choose, make }: ListProps) {
  const { t } = useWords();
  return (
    <aside className="panel fill profile-list" aria-label={t(`names.list.${kind}`)}>
      <header className="panel-head">
        <h2>{t(`names.list.${kind}`)}</h2>
        <div className="panel-tools">
          <button type="button" className="button small" onClick={() => make(kind)}>
            <Icon name="plus" size={13} /> {t(`names.new.${kind}`)}
          </button>
        </div>
      </header>
      {items.length === 0 ? <p className="hint">{t(`names.none.${kind}`)}</p> : null}
      <ul className="scroll">
        {items.map(({ name, note }) => (
          <li key={name}>
            <button type="button" aria-current={chosen?.kind === kind && chosen.name === name} onClick={() => choose({ kind, name })}>
              <strong>{kind === "set" ? `@${name}` : name}</strong>
              {note ? <span className="faint">{note}</span> : null}
            </button>
          </li>
        ))}
      </ul>
    </aside>
  );
}

function Networks({ names }: { names: string[] }) {
  const { t } = useWords();
  if (names.length === 0) return null;
  return (
    <aside className="panel name-networks" aria-label={t("names.networks")}>
      <header className="panel-head">
        <h2>{t("names.networks")}</h2>
      </header>
      <p className="hint">{t("names.networksHint")}</p>
      <p className="hint mono">{names.map((name) => (/\s/.test(name) ? `@"${name}"` : `@${name}`)).join("  ")}</p>
    </aside>
  );
}
