// SPDX-License-Identifier: Apache-2.0
// Top bar: what the page is about on the left, language, theme and account on the right.
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { call } from "../api/client";
import { useSession } from "../api/queries";
import { setLanguage, useWords } from "../i18n";
import { setTheme, useTheme } from "../theme/theme";
import { Icon } from "./Icon";
import { Popup } from "./Popup";

export function Header({ children }: { children: ReactNode }) {
  return (
    <header className="top">
      <div className="top-scope">{children}</div>
      <Preferences />
      <Account />
    </header>
  );
}

/** Language and theme switches; the login page has them too. */
export function Preferences() {
  const { t, language } = useWords();
  const theme = useTheme();
  const other = language === "ja" ? "en" : "ja";
  return (
    <div className="preferences">
      <button type="button" className="button quiet" lang={other} aria-label={t("header.language")} title={t("header.language")} onClick={() => setLanguage(other)}>
        {t("header.otherLanguage")}
      </button>
      <button
        type="button"
        className="button quiet icon-only"
        aria-label={theme === "dark" ? t("header.light") : t("header.dark")}
        title={theme === "dark" ? t("header.light") : t("header.dark")}
        onClick={() => setTheme(theme === "dark" ? "light" : "dark")}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
    </div>
  );
}

function Account() {
  const { t } = useWords();
  const client = useQueryClient();
  const session = useSession();
  const leave = async () => {
    await call("DELETE", "/session").catch(() => undefined);
    client.clear();
    window.location.assign("/");
  };
  return (
    <Popup
      label={t("header.account")}
      align="right"
      className="button quiet icon-only"
      face={<Icon name="user" />}
    >
      {() => (
        <div className="menu">
          <p className="menu-note">{t("header.signedInAs", { user: session.data?.user ?? "" })}</p>
          <button type="button" className="menu-item" onClick={() => window.dispatchEvent(new Event("minamo:keys"))}>
            <Icon name="keyboard" /> {t("keys.title")}
          </button>
          <button type="button" className="menu-item" onClick={() => void leave()}>
            <Icon name="leave" /> {t("header.leave")}
          </button>
        </div>
      )}
    </Popup>
  );
}
