// SPDX-License-Identifier: Apache-2.0
// The pages, on the left. Links keep the time range and the filter.
import { useEffect } from "react";
import { NavLink, useLocation, useSearchParams } from "react-router";
import { useWords } from "../i18n";
import { Icon, type IconName } from "./Icon";

export const PAGES: { path: string; name: string; icon: IconName; key: string }[] = [
  { path: "/", name: "overview", icon: "overview", key: "o" },
  { path: "/flows", name: "flows", icon: "flows", key: "f" },
  { path: "/applications", name: "applications", icon: "applications", key: "a" },
  { path: "/tls", name: "tls", icon: "lock", key: "c" },
  { path: "/dns", name: "dns", icon: "dns", key: "d" },
  { path: "/billing", name: "billing", icon: "billing", key: "b" },
  { path: "/profiles", name: "profiles", icon: "profiles", key: "p" },
  { path: "/names", name: "names", icon: "names", key: "n" },
  { path: "/events", name: "events", icon: "events", key: "e" },
  { path: "/hosts", name: "hosts", icon: "hosts", key: "h" },
  { path: "/rules", name: "rules", icon: "check", key: "r" },
  { path: "/exporters", name: "exporters", icon: "exporters", key: "x" },
  { path: "/sql", name: "sql", icon: "sql", key: "s" },
  { path: "/lake", name: "lake", icon: "lake", key: "l" },
  { path: "/status", name: "status", icon: "status", key: "t" },
];

export function scopeOf(params: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of ["range", "from", "to", "q", "known"]) {
    const value = params.get(name);
    if (value) kept.set(name, value);
  }
  return kept.size > 0 ? `?${kept}` : "";
}

export function Nav() {
  const { t } = useWords();
  const [params] = useSearchParams();
  const search = scopeOf(params);
  const { pathname } = useLocation();
  const page = PAGES.find(({ path }) => path !== "/" && pathname.startsWith(path)) ?? PAGES[0];
  useEffect(() => {
    document.title = `${t(`nav.${page?.name}`)} – ${t("product")}`;
  }, [page, t]);
  return (
    <nav className="side" aria-label={t("nav.label")}>
      <NavLink className="brand" to={`/${search}`} end>
        <img src="/mark.svg" alt="" width="24" height="24" />
        <span>{t("product")}</span>
      </NavLink>
      <ul>
        {PAGES.map((one) => (
          <li key={one.path}>
            <NavLink to={`${one.path}${search}`} end={one.path === "/"} title={t(`nav.${one.name}`)}>
              <Icon name={one.icon} />
              <span>{t(`nav.${one.name}`)}</span>
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
