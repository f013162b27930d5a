// SPDX-License-Identifier: Apache-2.0
// A titled box: the unit of every page.
import { useId, type ReactNode } from "react";

export function Panel({ title, note, tools, className = "", children }: { title: ReactNode; note?: ReactNode; tools?: ReactNode; className?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {note ? <span className="panel-note">{note}</span> : null}
        {tools ? <div className="panel-tools">{tools}</div> : null}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}
