// SPDX-License-Identifier: Apache-2.0
// Key figures of a page: each share leads to its flows and says which filters it is made of.
import type { UseQueryResult } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useFigures } from "../api/queries";
import type { Figure, Figures as Answer, FiguresRequest } from "../gen/api";
import { useWords } from "../i18n";
import { bytes, count, percent } from "./format";
import { Icon } from "./Icon";
import { useScope } from "./scope";
import { ErrorNote, Loading } from "./State";
import "./figures.css";

/** Good and bad ends of a share, by what is wished of it; nothing in between. */
export function verdict(figure: Figure): "good" | "bad" | "" {
  const [part, whole] = [figure.part[figure.by as "bytes" | "flows"], figure.whole[figure.by as "bytes" | "flows"]];
  if (whole === 0 || figure.wish === "none") return "";
  if (figure.wish === "less") return part > 0 ? "bad" : "good";
  return part === whole ? "good" : part * 2 < whole ? "bad" : "";
}

/** Those of a page. */
export function PageFigures({ page }: { page: NonNullable<FiguresRequest["page"]> }) {
  const scope = useScope();
  return <Figures answer={useFigures(scope.ask, { page })} />;
}

/** With `children` as further cells. */
export function Figures({ answer, children }: { answer: UseQueryResult<Answer>; children?: ReactNode }) {
  const { t, say } = useWords();
  const scope = useScope();
  const [chosen, setChosen] = useState<string | null>(null);
  if (!answer.data || answer.error) {
    return (
      <section className="figures" aria-label={t("figures.label")}>
        {answer.error ? <ErrorNote error={answer.error} retry={() => void answer.refetch()} /> : <Loading rows={2} />}
      </section>
    );
  }
  const shown = answer.data.figures.find((figure) => figure.name === chosen);
  return (
    <section className={`figures${answer.isPlaceholderData ? " stale" : ""}`} aria-label={t("figures.label")}>
      <ul>
        {answer.data.figures.map((figure) => (
          <li key={figure.name} className={verdict(figure)}>
            <span className="figure-name">
              {say(figure.title)}
              <button type="button" className="figure-why" aria-expanded={figure.name === chosen} aria-label={t("figures.explain", { name: say(figure.title) })} title={say(figure.meaning)} onClick={() => setChosen(figure.name === chosen ? null : figure.name)}>
                <Icon name="info" size={13} />
              </button>
            </span>
            <Share figure={figure} />
          </li>
        ))}
        {children}
      </ul>
      {shown ? (
        <div className="figure-behind" role="note">
          <p>
            <strong>{say(shown.title)}</strong> {say(shown.meaning)}
          </p>
          <p>
            {t("figures.part")} <Link to={scope.flows(shown.filter)}>{shown.filter}</Link>
          </p>
          <p>
            {t("figures.whole")} <Link to={scope.flows(shown.of || null)}>{shown.of || t("figures.all")}</Link>
          </p>
        </div>
      ) : null}
    </section>
  );
}

function Share({ figure }: { figure: Figure }) {
  const { t } = useWords();
  const scope = useScope();
  const byBytes = figure.by === "bytes";
  const [part, whole] = byBytes ? [figure.part.bytes, figure.whole.bytes] : [figure.part.flows, figure.whole.flows];
  const write = byBytes ? bytes : count;
  return (
    <>
      {part > 0 ? (
        <Link className="figure-share" to={scope.flows(figure.filter)} title={figure.filter}>
          {percent(part, whole)}
        </Link>
      ) : (
        <span className="figure-share">{whole > 0 ? "0%" : "–"}</span>
      )}
      <span className="figure-note">{whole === 0 ? t("figures.nothing") : t(byBytes ? "figures.ofBytes" : "figures.ofFlows", { part: write(part), whole: write(whole) })}</span>
      <span className="figure-bar" aria-hidden="true">
        <i style={{ width: `${whole > 0 ? (100 * part) / whole : 0}%` }} />
      </span>
    </>
  );
}
