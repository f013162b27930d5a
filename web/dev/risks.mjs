// SPDX-License-Identifier: Apache-2.0
// Risks of hosts and the matrix of ATT&CK over the made-up events: enough to develop the console against.
const POINTS = { low: 5, medium: 20, high: 45, critical: 80 };

const scores = (points, from, to, count) => Array.from({ length: count }, (_, at) => Math.round(points * (0.2 + (0.8 * (at + 1)) / count)) * (to > from ? 1 : 0));

function risk(events, host, from, to, count) {
  const of = events.filter((e) => e.src_ip === host);
  const parts = of.map((e) => ({ rule: e.rule, title: e.title, event_id: e.event_id, text: e.text, points: POINTS[e.severity] }));
  const score = Math.min(100, parts.reduce((sum, part) => sum + part.points, 0));
  return { host, score, scores: scores(score, from, to, count), events: of.length, parts };
}

export function hostRisks(events, from, at) {
  const hosts = [...new Set(events.map((e) => e.src_ip))];
  return { from, at, rows: hosts.map((host) => risk(events, host, from, at, 48)).toSorted((a, b) => b.score - a.score) };
}

export function hostRisk(events, host, from, to) {
  const end = risk(events, host, from, to, 240);
  const step = (Date.parse(to) - Date.parse(from)) / end.scores.length;
  return { points: end.scores.map((score, at) => ({ at: new Date(Date.parse(from) + (at + 1) * step).toISOString(), score })), end };
}

export function attack(events) {
  const ids = [...new Set(events.flatMap((e) => e.attack))].toSorted();
  const count = (id) => ({ id, name: { en: id, ja: id }, events: events.filter((e) => e.attack.includes(id)).length, severity: "high", rules: 1 });
  const techniques = ids.map((id) => ({ whole: count(id), parts: [] }));
  return { tactics: [{ tactic: "discovery", name: { en: "discovery", ja: "内部の探索" }, techniques }], events: events.length, without: events.filter((e) => e.attack.length === 0).length };
}
