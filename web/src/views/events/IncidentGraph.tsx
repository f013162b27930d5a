// SPDX-License-Identifier: Apache-2.0
// The hosts of an incident and what one did to another, in the order of time: a picture, and the same as a table.
import { useRef, useState } from "react";
import { Link } from "react-router";
import type { IncidentRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { hostPath } from "../../parts/hostPath";
import { Icon } from "../../parts/Icon";
import { useParameters } from "../../parts/parameters";
import { useScope } from "../../parts/scope";
import { Severity } from "../../parts/Severity";
import { Time } from "../../parts/Time";
import { ladderOf, stepsOf, type Ladder, type Step } from "./graph";
import "./graph.css";

const LEFT = 190;
const STEP = 46;
const LANE = 42;
const TOP = 34;
/** How far an arrow from or to several hosts reaches. */
const STUB = 19;
/** Rows of the table. */
const ROWS = 100;

export function IncidentGraph({ row }: { row: IncidentRow }) {
  const { t } = useWords();
  const [, put] = useParameters();
  const [chosen, setChosen] = useState<Step | null>(null);
  const all = stepsOf(row);
  const ladder = ladderOf(row, all);
  const open = (step: Step) =>
    put([
      ["view", "events"],
      ["event", step.events[0] ?? null],
    ]);
  // Steps are made anew with each drawing: what is chosen is known by its first event.
  const isChosen = (step: Step) => step.events[0] === chosen?.events[0];
  return (
    <section>
      <h3>{t("graph.title")}</h3>
      {ladder.steps.length > 0 ? <Picture ladder={ladder} isChosen={isChosen} choose={setChosen} open={open} /> : null}
      <p className="graph-key faint">
        <svg width="14" height="14" aria-hidden="true">
          <circle className="graph-host own" cx="7" cy="7" r="5.5" />
        </svg>
        {t("graph.own")}
        <svg width="16" height="14" aria-hidden="true">
          <path className="graph-host foreign" d="M8 1 15 7 8 13 1 7Z" />
        </svg>
        {t("graph.foreign")}
        {ladder.leftOut.hosts + ladder.leftOut.steps > 0 ? <span>{t("graph.leftOut", ladder.leftOut)}</span> : null}
      </p>
      <Table all={all} isChosen={isChosen} choose={setChosen} open={open} />
    </section>
  );
}

interface Reading {
  isChosen: (step: Step) => boolean;
  choose: (step: Step | null) => void;
  open: (step: Step) => void;
}

function Picture({ ladder, isChosen, choose, open }: Reading & { ladder: Ladder }) {
  const { t } = useWords();
  const host = useRef<SVGSVGElement>(null);
  const width = LEFT + ladder.steps.length * STEP + 16;
  const height = TOP + ladder.hosts.length * LANE + 6;
  const lane = (address: string) => TOP + (ladder.hosts.findIndex((one) => one.address === address) + 0.5) * LANE;
  const move = (at: number) => host.current?.querySelectorAll<SVGGElement>(".graph-step")[at]?.focus();
  return (
    <div className="graph">
      <svg ref={host} width={width} height={height} role="group" aria-label={t("graph.label", { hosts: ladder.hosts.length, steps: ladder.steps.length })}>
        <defs>
          {["low", "medium", "high", "critical"].map((level) => (
            <marker key={level} id={`graph-head-${level}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
              <path className={`graph-head ${level}`} d="M0 .5 7.500 4 0 7.500Z" />
            </marker>
          ))}
        </defs>
        {ladder.hosts.map((one) => (
          <g key={one.address} transform={`translate(0 ${lane(one.address)})`}>
            <line className="graph-lane" x1={LEFT - 6} x2={width - 4} y1={0} y2={0} />
            {one.own ? <circle className="graph-host own" cx={LEFT - 16} cy={0} r={6.5} /> : <path className="graph-host foreign" d={`M${LEFT - 16} -8 l8 8 -8 8 -8 -8Z`} />}
            <text className="graph-name" x={LEFT - 31} y={4} textAnchor="end">
              {one.address.length > 24 ? `${one.address.slice(0, 23)}…` : one.address}
              <title>{`${one.address} (${t(one.own ? "graph.own" : "graph.foreign")})`}</title>
            </text>
          </g>
        ))}
        {ladder.steps.map((step, at) => (
          <Arrow key={step.events[0]} step={step} at={at} lane={lane} chosen={isChosen(step)} choose={choose} open={open} move={move} />
        ))}
      </svg>
    </div>
  );
}

interface ArrowProps {
  step: Step;
  at: number;
  lane: (address: string) => number;
  chosen: boolean;
  choose: (step: Step | null) => void;
  open: (step: Step) => void;
  move: (at: number) => void;
}

function Arrow({ step, at, lane, chosen, choose, open, move }: ArrowProps) {
  const { t, say } = useWords();
  const x = LEFT + (at + 0.5) * STEP;
  const from = step.src === null ? lane(step.dst ?? "") - STUB : lane(step.src);
  const to = step.dst === null ? from + STUB : lane(step.dst);
  const loop = step.src !== null && step.src === step.dst;
  const words = t("graph.step", { number: at + 1, title: say(step.title), severity: t(`severity.${step.severity}`), from: step.src ?? t("graph.several"), to: step.dst ?? t("graph.several"), count: step.events.length });
  return (
    <g
      className={`graph-step ${step.severity}${chosen ? " chosen" : ""}`}
      role="button"
      tabIndex={at === 0 ? 0 : -1}
      aria-label={words}
      onClick={() => open(step)}
      onPointerEnter={() => choose(step)}
      onPointerLeave={() => choose(null)}
      onFocus={() => choose(step)}
      onBlur={() => choose(null)}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") open(step);
        else if (event.key === "ArrowRight") move(at + 1);
        else if (event.key === "ArrowLeft") move(at - 1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <title>{words}</title>
      <rect className="graph-column" x={x - STEP / 2} y={0} width={STEP} height="100%" />
      <circle className="graph-number" cx={x} cy={15} r={10.5} />
      <text className="graph-number-text" x={x} y={19} textAnchor="middle">
        {at + 1}
      </text>
      {loop ? (
        <path className="graph-arrow" d={`M${x} ${from} c14 -14 14 14 1 2`} markerEnd={`url(#graph-head-${step.severity})`} />
      ) : (
        <line className="graph-arrow" x1={x} x2={x} y1={from} y2={to - Math.sign(to - from) * 2} markerEnd={`url(#graph-head-${step.severity})`} />
      )}
      {step.src === null ? <circle className="graph-several" cx={x} cy={from} r={3.5} /> : <circle className="graph-end" cx={x} cy={from} r={3} />}
      {step.dst === null ? <path className="graph-several" d={`M${x - 5} ${to + 3} h10`} /> : null}
    </g>
  );
}

function Table({ all, isChosen, choose, open }: Reading & { all: Step[] }) {
  const { t, say } = useWords();
  return (
    <div className="graph-table">
      <table className="grid compact">
        <thead>
          <tr>
            <th scope="col" className="num">
              {t("graph.number")}
            </th>
            <th scope="col">{t("events.severity")}</th>
            <th scope="col">{t("events.event")}</th>
            <th scope="col">{t("graph.first")}</th>
            <th scope="col" className="num">
              {t("incidents.events")}
            </th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, ROWS).map((step, at) => (
            <tr key={step.events[0]} aria-selected={isChosen(step)} onPointerEnter={() => choose(step)} onPointerLeave={() => choose(null)}>
              <td className="num faint">{at + 1}</td>
              <td>
                <Severity level={step.severity} />
              </td>
              <td className="wide">
                <button type="button" className="link" onClick={() => open(step)}>
                  {say(step.title)}
                </button>
                <span className="graph-ends">
                  <Address address={step.src} /> <Icon name="arrow" size={11} /> <Address address={step.dst} />
                </span>
              </td>
              <td>
                <Time at={step.first} />
              </td>
              <td className="num">{step.events.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > ROWS ? <p className="hint">{t("graph.more", { number: all.length - ROWS })}</p> : null}
    </div>
  );
}

function Address({ address }: { address: string | null }) {
  const { t } = useWords();
  const scope = useScope();
  if (address === null) return <span className="faint">{t("graph.several")}</span>;
  return (
    <Link className="mono" to={hostPath(address, scope.search())}>
      {address}
    </Link>
  );
}
