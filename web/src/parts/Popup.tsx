// SPDX-License-Identifier: Apache-2.0
// A button that opens a box below it; closes on Escape, outside click or when focus leaves.
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface Props {
  label: string;
  face: ReactNode;
  align?: "left" | "right";
  className?: string;
  children: (close: () => void) => ReactNode;
}

export function Popup({ label, face, align = "left", className = "button", children }: Props) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    document.getElementById(id)?.focus();
  };
  return (
    // The key handler only adds Escape for what is inside.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="popup-anchor"
      ref={box}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) {
          event.stopPropagation();
          close();
        }
      }}
    >
      <button id={id} type="button" className={className} aria-label={label} aria-expanded={open} aria-haspopup="dialog" title={label} onClick={() => setOpen(!open)}>
        {face}
      </button>
      {open ? (
        <div className={`popup ${align}`} role="dialog" aria-label={label}>
          {children(close)}
        </div>
      ) : null}
    </div>
  );
}
