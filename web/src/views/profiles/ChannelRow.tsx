// SPDX-License-Identifier: Apache-2.0
// One channel in the form: its name and its filter.
import { useState } from "react";
import { FilterField } from "../../filter/FilterField";
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
  const [found, setFound] = useState<ApiError | FilterError | null>(null);
  const problem = error ?? found ?? nameError;
  return (
    <div className="channel-row">
      <input className="channel-name" aria-label={t("profiles.channelName")} placeholder={t("profiles.channelName")} required value={channel.name} maxLength={64} aria-invalid={nameError !== null} onChange={(event) => edit({ name: event.target.value })} />
      <FilterField
        label={t("profiles.channelFilter", { name: channel.name })}
        placeholder={t("profiles.everything")}
        text={channel.filter}
        error={error}
        edit={(filter) => edit({ filter })}
        tell={setFound}
      />
      <button type="button" className="button small" aria-label={t("profiles.removeChannel", { name: channel.name })} onClick={remove}>
        <Icon name="close" size={13} />
      </button>
      {problem ? (
        <p className="field-error" role="alert">
          {complain(problem)}
        </p>
      ) : null}
    </div>
  );
}
