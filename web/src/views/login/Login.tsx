// SPDX-License-Identifier: Apache-2.0
// Sign-in: the first page, and the box over the page when a session has ended.
import { useEffect, useRef, useState } from "react";
import { call, Failure } from "../../api/client";
import { useWords } from "../../i18n";
import { Preferences } from "../../parts/Header";
import { Icon } from "../../parts/Icon";

const KEY = "minamo.user";

export function Login({ enter, again }: { enter: (user: string) => void; again: boolean }) {
  const { t, complain } = useWords();
  const [user, setUser] = useState(() => localStorage.getItem(KEY) ?? "");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);

  useEffect(() => {
    (first.current?.value ? second : first).current?.focus();
  }, []);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      await call("POST", "/session", { user, password });
      localStorage.setItem(KEY, user);
      enter(user);
    } catch (cause) {
      setError(cause instanceof Failure ? cause : null);
      setPassword("");
      second.current?.focus();
    } finally {
      setBusy(false);
    }
  };

  const reason = error && (error.status === 0 ? t("state.unreachableHint") : error.status === 401 ? t("login.wrong") : complain(error.error));
  return (
    <main className={again ? "login over" : "login"}>
      <form
        className="login-box"
        aria-labelledby="login-title"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/mark.svg" alt="" width="44" height="44" />
        <h1 id="login-title">{t("product")}</h1>
        <p className="login-note">{again ? t("login.again") : t("login.tagline")}</p>
        <label>
          {t("login.user")}
          <input ref={first} name="user" autoComplete="username" required value={user} onChange={(event) => setUser(event.target.value)} />
        </label>
        <label>
          {t("login.password")}
          <input ref={second} name="password" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        </label>
        {reason ? (
          <p className="field-error" role="alert">
            <Icon name="alert" size={14} /> {reason}
          </p>
        ) : null}
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? t("login.busy") : t("login.enter")}
        </button>
      </form>
      <Preferences />
    </main>
  );
}
