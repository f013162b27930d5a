// SPDX-License-Identifier: Apache-2.0
// j/k and the arrows move through the rows of a table; Enter opens. Rows carry `data-row`.
import { useEffect, useRef, type RefObject } from "react";

export function useRowKeys<T extends HTMLElement>(open: (index: number) => void): RefObject<T | null> {
  const host = useRef<T>(null);
  const latest = useRef(open);
  useEffect(() => {
    latest.current = open;
  }, [open]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || target.closest("input, textarea, select, [role=dialog]")) return;
      const rows = Array.from(host.current?.querySelectorAll<HTMLElement>("[data-row]") ?? []);
      const inside = target.closest<HTMLElement>("[data-row]");
      const now = inside ? rows.indexOf(inside) : -1;
      const arrows = now >= 0 || target === document.body;
      const step = event.key === "j" || (arrows && event.key === "ArrowDown") ? 1 : event.key === "k" || (arrows && event.key === "ArrowUp") ? -1 : 0;
      if (step !== 0 && rows.length > 0) {
        event.preventDefault();
        rows[Math.min(rows.length - 1, Math.max(0, now + step))]?.focus();
      } else if (event.key === "Enter" && target === inside && now >= 0) {
        event.preventDefault();
        latest.current(Number(inside?.dataset["row"]));
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return host;
}
