// SPDX-License-Identifier: Apache-2.0
// Keyboard shortcuts for the whole console, and the box that lists them.
import { useEffect, useRef } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useWords } from "../i18n";
import { Icon } from "./Icon";
import { PAGES, scopeOf } from "./Nav";

const typing = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function Keys() {
  const { t } = useWords();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const box = useRef<HTMLDialogElement>(null);
  const leader = useRef(0);
  const search = scopeOf(params);

  useEffect(() => {
    const show = () => box.current?.showModal();
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      const page = Date.now() - leader.current < 1500 ? PAGES.find((one) => one.key === event.key) : undefined;
      leader.current = event.key === "g" ? Date.now() : 0;
      if (page) void navigate(`${page.path}${search}`);
      else if (event.key === "?") show();
      else if (event.key === "/") document.querySelector<HTMLElement>("[data-filter-input]")?.focus();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    window.addEventListener("minamo:keys", show);
    return () => {
      window.removeEventListener("keydown", press);
      window.removeEventListener("minamo:keys", show);
    };
  }, [navigate, search]);

  const rows: [string[], string][] = [
    [["/"], t("keys.filter")],
    ...PAGES.map((page): [string[], string] => [["g", page.key], t("keys.go", { page: t(`nav.${page.name}`) })]),
    [["j", "k"], t("keys.move")],
    [["Enter"], t("keys.open")],
    [["Ctrl", "Space"], t("keys.complete")],
    [["Ctrl", "Enter"], t("keys.run")],
    [["?"], t("keys.title")],
  ];
  return (
    <dialog ref={box} className="keys" aria-label={t("keys.title")}>
      <header>
        <h2>{t("keys.title")}</h2>
        <button type="button" className="button quiet icon-only" aria-label={t("action.close")} onClick={() => box.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <dl>
        {rows.map(([keys, meaning]) => (
          <div key={meaning}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
