// SPDX-License-Identifier: Apache-2.0
// What a profile was when.
import { useProfileVersions } from "../../api/queries";
import { FilterText } from "../../filter/FilterText";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

export function Versions({ name }: { name: string }) {
  const { t } = useWords();
  const answer = useProfileVersions(name);
  return (
    <Panel title={t("profiles.versions")}>
      <Shown answer={answer} rows={3}>
        {(data) => (
          <table className="grid">
            <thead>
              <tr>
                {["version", "validFrom", "validTo", "channels"].map((key) => (
                  <th key={key} scope="col" className={key === "version" ? "num" : undefined}>
                    {t(`profiles.${key}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.profiles.toReversed().map((version) => (
                <tr key={version.version} className={version.valid_to !== null && version.valid_to === version.valid_from ? "faint" : ""}>
                  <td className="num">{version.version}</td>
                  <td>{version.valid_from ? <Time at={version.valid_from} /> : "–"}</td>
                  <td>{version.valid_to ? <Time at={version.valid_to} /> : t("profiles.open")}</td>
                  <td>
                    {version.ended ? t("profiles.ended") : null}
                    {version.channels.map((channel) => (
                      <div key={channel.name}>
                        <strong>{channel.name}</strong> <code>{channel.filter === "" ? t("profiles.everything") : <FilterText text={channel.filter} />}</code>
                      </div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Shown>
    </Panel>
  );
}
