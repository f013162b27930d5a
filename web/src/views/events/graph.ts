// SPDX-License-Identifier: Apache-2.0
// An incident as a ladder: a line for each host, and from left to right what one did to another, in the order of time.
import type { IncidentEvent, IncidentRow } from "../../gen/api";
import { SEVERITIES } from "../../parts/Severity";

/** Lines and arrows that are still read at a glance. */
const HOSTS = 12;
const STEPS = 40;

/** Events of one rule between the same two hosts. */
export interface Step {
  rule: string;
  title: IncidentEvent["title"];
  /** That of the worst event. */
  severity: IncidentEvent["severity"];
  /** Null where it is several hosts, or none is known. */
  src: string | null;
  dst: string | null;
  first: string;
  last: string;
  /** The first one leads to the page of events. */
  events: string[];
}

export interface Ladder {
  /** From top to bottom by their first appearance. */
  hosts: { address: string; own: boolean }[];
  steps: Step[];
  /** Hosts and steps that are in the table only. */
  leftOut: { hosts: number; steps: number };
}

const rank = (severity: string) => SEVERITIES.indexOf(severity);

/** All steps of an incident, the first one first. */
export function stepsOf(row: IncidentRow): Step[] {
  const steps = new Map<string, Step>();
  for (const event of row.events.toSorted((a, b) => Date.parse(a.first) - Date.parse(b.first))) {
    const key = `${event.rule}\u0000${event.src_ip ?? ""}\u0000${event.dst_ip ?? ""}`;
    const known = steps.get(key);
    if (!known) {
      steps.set(key, { rule: event.rule, title: event.title, severity: event.severity, src: event.src_ip, dst: event.dst_ip, first: event.first, last: event.last, events: [event.event_id] });
      continue;
    }
    known.events.push(event.event_id);
    if (rank(event.severity) < rank(known.severity)) known.severity = event.severity;
    if (Date.parse(event.last) > Date.parse(known.last)) known.last = event.last;
  }
  return [...steps.values()];
}

/** What is drawn of an incident; who comes late in a large one is left to the table. */
export function ladderOf(row: IncidentRow, all: Step[] = stepsOf(row)): Ladder {
  const own = new Map(row.hosts.map((host) => [host.address, host.own]));
  const order = [...new Set(all.flatMap((step) => [step.src, step.dst]).filter((address) => address !== null))];
  const drawn = new Set(order.slice(0, HOSTS));
  const steps = all.filter((step) => [step.src, step.dst].every((address) => address === null || drawn.has(address)) && (step.src ?? step.dst) !== null).slice(0, STEPS);
  const used = new Set(steps.flatMap((step) => [step.src, step.dst]));
  const hosts = order.filter((address) => used.has(address)).map((address) => ({ address, own: own.get(address) ?? false }));
  return { hosts, steps, leftOut: { hosts: order.length - hosts.length, steps: all.length - steps.length } };
}
