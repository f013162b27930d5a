// SPDX-License-Identifier: Apache-2.0
// The lake of the development server: made-up segments, holds and jobs that end after a while.
const DAY = 86_400e3;
const GIB = 2 ** 30;
const iso = (at) => new Date(at).toISOString();
const holds = [];
const jobs = [];
let next = 1;

/** Operations on the lake by `METHOD path`; `first` is the time of the earliest flow. */
export function lake(flows, refuse) {
  const first = Date.now() - 40 * DAY;
  const days = Array.from({ length: 41 }, (_, i) => ({ day: iso(Date.now() - i * DAY).slice(0, 10), segments: 24 + (i % 3), rows: 1_900_000 + ((i * 7919) % 700_000), bytes: 30e6 + ((i * 104_729) % 9e6), held: i > 18 && i < 22 }));
  const bytes = days.reduce((sum, day) => sum + day.bytes, 0);
  const rows = days.reduce((sum, day) => sum + day.rows, 0);
  const classes = [
    { name: "voice", filter: "port 5060 or app ~ \"RTP*\"", keep_secs: 30 * 86_400, max_bytes: 10 * GIB, rows: 4_000_000, bytes: 61e6 },
    { name: "", filter: "", keep_secs: 180 * 86_400, max_bytes: null, rows: rows - 4_000_000, bytes: bytes - 61e6 },
  ];
  const columns = ["src_ip", "dst_ip", "time_start", "src_port", "src_bytes", "tls_sni", "dns_query", "time_end", "src_packets", "flow_id"];
  const settle = () => {
    for (const job of jobs) {
      const age = Date.now() - Date.parse(job.started_at);
      if (job.all > 0) job.done = Math.min(job.all, Math.floor(age / 20));
      if (job.ended_at === null && age > 1500) Object.assign(job, { ended_at: iso(Date.now()), rows, done: job.all });
    }
    return jobs;
  };
  const segments = days.reduce((sum, day) => sum + day.segments, 0);
  return {
    "GET /api/v1/lake": () => ({
      tables: [{ name: "flows", rows, hot_rows: 812, hot_bytes: 51_200, segments, bytes, first: iso(first), last: flows.at(-1).time_end }],
      forecast: { bytes, capacity: 300 * GIB, bytes_per_day: bytes / 40, days_held: 40.2, days_of_history: 180, days_left: null },
      retention: { keep_secs: 180 * 86_400, keep_events_secs: null, max_bytes: null, min_free_bytes: 20 * GIB, classes },
      holds,
      days,
      retained: [{ at: iso(Date.now() - 3600e3), rule: "age", segments: 3, rows: 120_345, bytes: 2.1e6 }, { at: iso(Date.now() - DAY), rule: "class_budget", segments: 1, rows: 40_001, bytes: 0.7e6 }],
      jobs: settle(),
    }),
    "GET /api/v1/lake/columns": () => columns.map((column, i) => ({ table: "flows", column, stored: Math.round(bytes / 2 ** (i + 2)), encoded: Math.round(bytes / 2 ** i), rows })),
    "POST /api/v1/lake/holds": (body) => {
      if (body.from >= body.to) throw refuse(400, "bad_request", "the range ends before it begins", "期間の終わりが始まりより前です");
      const made = { ...body, id: next, owner: body.owner ?? "admin", made: iso(Date.now()) };
      next += 1;
      holds.push(made);
      return made;
    },
    "DELETE /api/v1/lake/holds": (_body, _query, id) => void holds.splice(holds.findIndex((hold) => hold.id === Number(id)), 1),
    "POST /api/v1/lake/jobs": ({ kind }) => {
      const job = { kind, started_at: iso(Date.now()), ended_at: null, done: 0, all: kind === "verify" ? segments : 0, rows: null, problems: [] };
      const at = jobs.findIndex((one) => one.kind === kind);
      jobs.splice(at < 0 ? jobs.length : at, at < 0 ? 0 : 1, job);
      return job;
    },
  };
}
