// SPDX-License-Identifier: Apache-2.0
// Tokens of programs: made here, shown once, taken back.
import { useState, type SubmitEvent } from "react";
import { Failure } from "../../api/client";
import { useCreateToken, useRevokeToken, useTokens } from "../../api/queries";
import type { Scope, TokenInfo } from "../../gen/api";
import { useWords } from "../../i18n";
import { Panel } from "../../parts/Panel";
import { Empty, ErrorNote, Shown } from "../../parts/State";
import { Time } from "../../parts/Time";

const SCOPES: Scope[] = ["metrics", "read"];

export function Tokens() {
  const { t } = useWords();
  const answer = useTokens();
  const revoke = useRevokeToken();
  return (
    <Panel title={t("tokens.title")} note={t("tokens.note")}>
      <Maker />
      {revoke.error ? <ErrorNote error={revoke.error} /> : null}
      <Shown answer={answer} rows={1}>
        {(data) => (data.tokens.length === 0 ? <Empty title={t("tokens.none")} /> : <List tokens={data.tokens} revoke={(name) => window.confirm(t("tokens.reallyRevoke", { name })) && revoke.mutate(name)} />)}
      </Shown>
    </Panel>
  );
}

function Maker() {
  const { t, complain } = useWords();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("metrics");
  const create = useCreateToken();
  const error = create.error instanceof Failure ? create.error.error : null;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!create.isPending) create.mutate({ name: name.trim(), scope }, { onSuccess: () => setName("") });
  };
  return (
    <form className="token-form" onSubmit={submit}>
      <label>
        {t("tokens.name")}
        <input value={name} required maxLength={64} placeholder="prometheus" onChange={(event) => setName(event.target.value)} aria-invalid={error?.path === "name"} />
      </label>
      <label>
        {t("tokens.scope")}
        <select value={scope} onChange={(event) => setScope(SCOPES.find((one) => one === event.target.value) ?? "metrics")}>
          {SCOPES.map((one) => (
            <option key={one} value={one}>
              {t(`tokens.scopes.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" className="button primary" disabled={create.isPending}>
        {t("tokens.make")}
      </button>
      {error ? (
        <p className="field-error" role="alert">
          {complain(error)}
        </p>
      ) : create.error ? (
        <ErrorNote error={create.error} />
      ) : null}
      {create.data ? (
        <p className="token-secret" role="status">
          {t("tokens.secret", { name: create.data.token.name })} <code className="mono">{create.data.secret}</code>
        </p>
      ) : null}
    </form>
  );
}

function List({ tokens, revoke }: { tokens: TokenInfo[]; revoke: (name: string) => void }) {
  const { t } = useWords();
  return (
    <table className="grid">
      <thead>
        <tr>
          <th scope="col">{t("tokens.name")}</th>
          <th scope="col">{t("tokens.scope")}</th>
          <th scope="col">{t("tokens.by")}</th>
          <th scope="col">{t("tokens.made")}</th>
          <th scope="col">{t("tokens.used")}</th>
          <th scope="col">
            <span className="sr-only">{t("tokens.revoke")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.name}>
            <td className="mono">{token.name}</td>
            <td>{t(`tokens.scopes.${token.scope}`)}</td>
            <td>{token.made_by}</td>
            <td>
              <Time at={token.made_at} />
            </td>
            <td>{token.used_at ? <Time at={token.used_at} /> : "–"}</td>
            <td>
              <button type="button" className="button small" aria-label={t("tokens.revokeOne", { name: token.name })} onClick={() => revoke(token.name)}>
                {t("tokens.revoke")}
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
