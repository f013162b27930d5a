// SPDX-License-Identifier: Apache-2.0
// Profiles: the list, the chart of one as known now or then, its channels, its versions.
import { useState } from "react";
import { useProfiles } from "../../api/queries";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { useParameters } from "../../parts/parameters";
import { Shown } from "../../parts/State";
import { ProfileChart } from "./ProfileChart";
import { ProfileForm } from "./ProfileForm";
import { Versions } from "./Versions";
import "./profiles.css";

const LIVE = "live";

export function Profiles() {
  const { t } = useWords();
  const [params, put] = useParameters();
  const [making, setMaking] = useState(false);
  const list = useProfiles();
  const name = params.get("profile") ?? LIVE;
  const choose = (next: string) => {
    setMaking(false);
    put([["profile", next]]);
  };
  return (
    <Shown answer={list} rows={6}>
      {(data) => {
        const chosen = data.profiles.find((profile) => profile.name === name);
        return (
          <div className="profiles">
            <aside className="panel fill profile-list" aria-label={t("profiles.list")}>
              <header className="panel-head">
                <h2>{t("profiles.list")}</h2>
                <div className="panel-tools">
                  <button type="button" className="button small" onClick={() => setMaking(true)}>
                    <Icon name="plus" size={13} /> {t("profiles.new")}
                  </button>
                </div>
              </header>
              <ul className="scroll">
                {data.profiles.map((profile) => (
                  <li key={profile.name}>
                    <button type="button" aria-current={!making && profile.name === name} onClick={() => choose(profile.name)}>
                      <strong>{profile.name === LIVE ? t("profiles.live") : profile.name}</strong>
                      <span className="faint">{profile.parent && profile.parent !== LIVE ? t("profiles.within", { parent: profile.parent }) : ""}</span>
                      {profile.rows_left > 0 ? <span className="tag">{t("profiles.filling")}</span> : null}
                    </button>
                  </li>
                ))}
              </ul>
            </aside>
            <div className="profile-main">
              {making ? (
                <ProfileForm key="new" profiles={data.profiles} done={choose} />
              ) : chosen ? (
                <>
                  <ProfileChart key={`chart-${name}`} profile={chosen} />
                  {name === LIVE ? null : <ProfileForm key={`${name}-${chosen.version}`} profiles={data.profiles} profile={chosen} done={choose} />}
                  {name === LIVE ? null : <Versions name={name} />}
                </>
              ) : (
                <p className="hint">{t("profiles.gone", { name })}</p>
              )}
            </div>
          </div>
        );
      }}
    </Shown>
  );
}
