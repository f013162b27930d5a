// SPDX-License-Identifier: Apache-2.0
// Making and changing a profile. A wrong member is marked where the server says that it is wrong.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { call, Failure } from "../../api/client";
import type { ApiError, ProfileChannel, ProfileInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { Panel } from "../../parts/Panel";
import { ErrorNote } from "../../parts/State";
import { ChannelRow, type Draft } from "./ChannelRow";

interface Props {
  profiles: ProfileInfo[];
  /** The profile to change; a new one without. */
  profile?: ProfileInfo;
  done: (name: string) => void;
}

const STEPS = [60, 300, 900, 1800, 3600, 86_400];
let next = 0;
const draft = (channel: ProfileChannel): Draft => ({ ...channel, id: (next += 1) });

/** The error of one member, such as `channels[2].filter`. */
export const errorAt = (error: ApiError | null, path: string) => (error?.path === path ? error : null);

export function ProfileForm({ profiles, profile, done }: Props) {
  const { t, complain } = useWords();
  const client = useQueryClient();
  const [name, setName] = useState(profile?.name ?? "");
  const [parent, setParent] = useState(profile?.parent ?? "live");
  const [step, setStep] = useState(profile?.granularity_secs ?? 300);
  const [from, setFrom] = useState("");
  const [channels, setChannels] = useState<Draft[]>(() => (profile ? profile.channels : [{ name: "", filter: "" }]).map(draft));
  const refresh = (then: string) => {
    void client.invalidateQueries({ queryKey: ["profiles"] });
    done(then);
  };
  const body = () => ({
    parent,
    granularity_secs: step,
    channels: channels.map((channel) => ({ name: channel.name.trim(), filter: channel.filter })),
    valid_from: from === "" ? null : new Date(from).toISOString(),
  });
  const save = useMutation({
    mutationFn: () => (profile ? call<ProfileInfo>("PUT", `/profiles/${encodeURIComponent(profile.name)}`, body()) : call<ProfileInfo>("POST", "/profiles", { name: name.trim(), ...body() })),
    onSuccess: (made) => refresh(made.name),
  });
  const end = useMutation({ mutationFn: () => call<undefined>("DELETE", `/profiles/${encodeURIComponent(profile?.name ?? "")}`), onSuccess: () => refresh("live") });

  const cause = save.error ?? end.error;
  const error = cause instanceof Failure ? cause.error : null;
  const shown = /^(name|parent|granularity_secs|valid_from)$|^channels\[\d+\]\.(name|filter)$/.test(error?.path ?? "") && !(profile && error?.path === "name");
  const edit = (at: number, change: Partial<Draft>) => {
    save.reset();
    setChannels(channels.map((channel, i) => (i === at ? { ...channel, ...change } : channel)));
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const note = (path: string) => {
    const found = errorAt(error, path);
    return found ? (
      <p className="field-error" role="alert">
        {complain(found)}
      </p>
    ) : null;
  };
  return (
    <Panel title={profile ? t("profiles.change") : t("profiles.new")} note={profile ? t("profiles.changeHint") : undefined}>
      <form className="profile-form" onSubmit={submit}>
        <div className="profile-fields">
          {profile ? null : (
            <label>
              {t("profiles.name")}
              <input value={name} required maxLength={64} onChange={(event) => setName(event.target.value)} aria-invalid={errorAt(error, "name") !== null} />
              {note("name")}
            </label>
          )}
          <label>
            {t("profiles.parent")}
            <select value={parent} onChange={(event) => setParent(event.target.value)}>
              {profiles.filter((one) => one.name !== profile?.name).map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name === "live" ? t("profiles.live") : one.name}
                </option>
              ))}
            </select>
            {note("parent")}
          </label>
          <label>
            {t("profiles.granularity")}
            <select value={step} onChange={(event) => setStep(Number(event.target.value))}>
              {[...new Set([...STEPS, step])].toSorted((a, b) => a - b).map((secs) => (
                <option key={secs} value={secs}>
                  {t("profiles.minutes", { number: secs / 60 })}
                </option>
              ))}
            </select>
            {note("granularity_secs")}
          </label>
          <label>
            {t("profiles.from")}
            <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
            {note("valid_from")}
          </label>
        </div>
        <fieldset>
          <legend>{t("profiles.channels")}</legend>
          {channels.length === 0 ? <p className="hint">{t("profiles.noChannels")}</p> : null}
          {channels.map((channel, at) => (
            <ChannelRow
              key={channel.id}
              channel={channel}
              error={errorAt(error, `channels[${at}].filter`)}
              nameError={errorAt(error, `channels[${at}].name`)}
              edit={(change) => edit(at, change)}
              remove={() => setChannels(channels.filter((one) => one.id !== channel.id))}
            />
          ))}
          <button type="button" className="button small" onClick={() => setChannels([...channels, draft({ name: "", filter: "" })])}>
            <Icon name="plus" size={13} /> {t("profiles.addChannel")}
          </button>
        </fieldset>
        {cause && !shown ? <ErrorNote error={cause} /> : null}
        <div className="profile-actions">
          <button type="submit" className="button primary" disabled={save.isPending}>
            {profile ? t("profiles.save") : t("profiles.make")}
          </button>
          {profile ? (
            <button type="button" className="button" disabled={end.isPending} onClick={() => window.confirm(t("profiles.reallyEnd", { name: profile.name })) && end.mutate()}>
              {t("profiles.end")}
            </button>
          ) : null}
        </div>
      </form>
    </Panel>
  );
}
