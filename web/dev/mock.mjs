// SPDX-License-Identifier: Apache-2.0
// Development server: the HTTP API over generated data, and web/dist if it was built. Not part of the product.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { COLUMNS, makeEvents, makeFlows } from "./data.mjs";
import { compile, complete } from "./filter.mjs";
import { lake } from "./lake.mjs";

const port = Number(process.env.MOCK_PORT ?? 8787);
const end = Date.now() - Number(process.env.MOCK_AGE_HOURS ?? 0) * 3600e3;
const flows = makeFlows(end);
const events = makeEvents(end);
const started = new Date().toISOString();
const dist = new URL("../dist/", import.meta.url).pathname;

const refuse = (status, code, message, message_ja, at = null) => Object.assign(new Error(message), { status, body: { code, message, message_ja, path: null, at } });
const total = (rows) => ({
  bytes: rows.reduce((sum, row) => sum + row.src_bytes + row.dst_bytes, 0),
  packets: rows.reduce((sum, row) => sum + row.src_packets + row.dst_packets, 0),
  flows: rows.length,
});

function select({ from, to, filter }) {
  let keep;
  try { keep = compile(filter ?? ""); } catch (e) { throw refuse(400, "filter", e.message, e.message_ja, e.at); }
  const [low, high] = [Date.parse(from), Date.parse(to)];
  return flows.filter((row) => Date.parse(row.time_start) >= low && Date.parse(row.time_start) < high && keep(row));
}

function group(rows, keys) {
  const groups = new Map();
  for (const row of rows) {
    for (const side of keys.includes("ip") ? ["src_ip", "dst_ip"] : [""]) {
      const key = keys.map((name) => row[name === "ip" ? side : name] ?? null);
      const id = JSON.stringify(key);
      if (!groups.has(id)) groups.set(id, { key, rows: [] });
      groups.get(id).rows.push(row);
    }
  }
  return [...groups.values()].map(({ key, rows: members }) => Object.assign({ key }, total(members)));
}

function series({ from, to, filter, split, by, limit, step_secs }) {
  const rows = select({ from, to, filter });
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400];
  const span = (Date.parse(to) - Date.parse(from)) / 1000;
  const step = step_secs ?? steps.find((s) => span / s <= 120) ?? 86400;
  const start = Math.floor(Date.parse(from) / 1000 / step) * step;
  const length = Math.max(1, Math.ceil((Date.parse(to) / 1000 - start) / step));
  const names = split ? group(rows, [split]).toSorted((a, b) => b[by] - a[by]).slice(0, limit).map((g) => g.key[0]) : [];
  const lines = [...names.map((name) => ({ name: String(name), values: Array(length).fill(0) })), { name: null, values: Array(length).fill(0) }];
  for (const row of rows) {
    const line = split ? names.indexOf(row[split] ?? null) : -1;
    const target = lines.at(line);
    const first = Math.floor((Date.parse(row.time_start) / 1000 - start) / step);
    const last = Math.min(length - 1, Math.floor((Date.parse(row.time_end) / 1000 - start) / step));
    for (let i = first; i <= last; i += 1) target.values[i] += Math.round(total([row])[by] / (last - first + 1));
  }
  if (names.length > 0 && lines.at(-1).values.every((v) => v === 0)) lines.pop();
  return { start: new Date(start * 1000).toISOString(), step_secs: step, series: lines };
}

const sql = ({ sql: text }) => {
  const at = text.search(/\S/);
  if (!/^\s*(select|show|with)\b/i.test(text)) throw refuse(400, "sql", "want SELECT, WITH or SHOW here", "ここには SELECT、WITH、SHOW のいずれかを書いてください", Math.max(0, at));
  const rows = group(flows, ["app", "proto"]).toSorted((a, b) => b.bytes - a.bytes);
  return {
    columns: [{ name: "app", type: "text" }, { name: "proto", type: "u8" }, { name: "flows", type: "i64" }, { name: "bytes", type: "u64" }, { name: "last_seen", type: "time" }],
    rows: rows.map((r) => [r.key[0] === "Unknown" ? null : r.key[0], r.key[1], r.flows, r.bytes, flows.at(-1).time_end]), truncated: true,
  };
};

const profiles = [
  { name: "live", version: 0, ended: false, parent: null, channels: [], granularity_secs: 60, valid_from: null, valid_to: null, created_at: null, rows_left: 0 },
  { name: "web", version: 1, ended: false, parent: "live", channels: [{ name: "tls", filter: "port 443" }, { name: "plain", filter: "port 80" }], granularity_secs: 300, valid_from: started, valid_to: null, created_at: started, rows_left: 0 },
];

/** The chart of a profile; made-up data knows no past definitions. */
function profileChart(name, body) {
  const channels = profiles.find((one) => one.name === name)?.channels ?? [];
  const asked = channels.length > 0 ? channels : [{ name: "all", filter: "" }];
  const answers = asked.map((channel) => [channel, series({ ...body, filter: channel.filter, split: body.split === "protocol" ? "proto" : body.split, limit: body.limit ?? 10 })]);
  const lines = answers.flatMap(([channel, found]) => found.series.map((line) => ({ channel: channel.name, key: body.split ? line.name : null, values: line.values, src_values: null })));
  return { start: answers[0][1].start, step_secs: answers[0][1].step_secs, lines, missing: [] };
}

/** Operations below `/api/v1/profiles`. */
function profile(method, path, body) {
  const [name, chart] = path.map(decodeURIComponent);
  if (chart) return profileChart(name, body);
  if (method === "GET") return { profiles: name ? profiles.filter((one) => one.name === name) : profiles };
  const at = profiles.findIndex((one) => one.name === (name ?? body.name));
  if (method === "DELETE") return void profiles.splice(at, 1);
  const made = { ...profiles[0], ...body, name: name ?? body.name, version: (profiles[at]?.version ?? 0) + 1, valid_from: body.valid_from ?? new Date().toISOString() };
  profiles.splice(at < 0 ? profiles.length : at, at < 0 ? 0 : 1, made);
  return made;
}

const COUNTERS = [
  ["capture_packets_total", 'interface="eth1"', 48211930], ["capture_dropped_total", 'interface="eth1"', 0],
  ["packet_skipped_total", 'reason="short"', 12], ["packet_skipped_total", 'reason="checksum"', 3],
  ["meter_flows_total", 'end="fin"', 6120], ["meter_flows_total", 'end="idle"', 2890], ["meter_evicted_total", "", 0],
  ["collect_datagrams_total", 'protocol="netflow9"', 190233], ["collect_skipped_total", 'reason="unknown_template"', 41],
  ["store_rows_written_total", "", flows.length], ["store_segments_compacted_total", "", 18], ["store_wal_bytes_total", "", 18233910],
  ["detect_events_total", 'rule="beacon"', 1], ["api_requests_total", 'status="200"', 930], ["api_requests_total", 'status="400"', 4],
];

const routes = {
  "GET /api/v1/status": () => ({
    version: "0.1.0", started_at: started, flows: flows.length, hot_rows: 812, segments: 26, stored_bytes: 18400213,
    first: flows[0].time_start, last: flows.at(-1).time_end, counters: COUNTERS.map(([name, labels, value]) => ({ name, labels, value })),
  }),
  "GET /api/v1/columns": () => COLUMNS,
  "POST /api/v1/query/summary": (body) => {
    const rows = select(body);
    return Object.assign(total(rows), {
      hosts: new Set(rows.flatMap((r) => [r.src_ip, r.dst_ip])).size, encrypted_bytes: total(rows.filter((r) => r.encrypted)).bytes,
      events: events.filter((e) => e.last >= body.from && e.last < body.to).length, first: rows[0]?.time_start ?? null, last: rows.at(-1)?.time_end ?? null,
    });
  },
  "POST /api/v1/query/top": (body) => {
    const rows = select(body);
    return { rows: group(rows, body.keys).toSorted((a, b) => b[body.by] - a[body.by]).slice(0, body.limit), total: total(rows) };
  },
  "POST /api/v1/query/series": series,
  "POST /api/v1/query/flows": (body) => {
    const rows = select(body).toReversed();
    const offset = Number(body.cursor ?? 0);
    return { rows: rows.slice(offset, offset + body.limit), next: offset + body.limit < rows.length ? String(offset + body.limit) : null };
  },
  "GET /api/v1/filter/complete": (_, query) => complete(query.get("text") ?? "", Number(query.get("at")), flows),
  "GET /api/v1/events": (_, query) => ({ rows: events.filter((e) => e.last >= query.get("from") && e.first < query.get("to")).slice(0, Number(query.get("limit") ?? 100)) }),
  "POST /api/v1/sql": sql,
  ...lake(flows, refuse),
};

function session(method, request, body, answer) {
  const signedIn = (request.headers.cookie ?? "").includes("minamo=1");
  if (method === "POST") {
    if (body.user !== "admin" || body.password !== "minamo") throw refuse(401, "login", "user or password is wrong", "ユーザー名またはパスワードが違います");
    answer.setHeader("set-cookie", "minamo=1; HttpOnly; SameSite=Strict; Path=/");
    return undefined;
  }
  if (method === "DELETE") { answer.setHeader("set-cookie", "minamo=; Max-Age=0; Path=/"); return undefined; }
  if (!signedIn) throw refuse(401, "session", "please sign in", "ログインしてください");
  return { user: "admin" };
}

function call(method, url, request, body, answer) {
  if (url.pathname === "/api/v1/session") return session(method, request, body, answer);
  session("GET", request, null, answer);
  const begun = performance.now();
  if (url.pathname.startsWith("/api/v1/flows/")) {
    const found = flows.find((row) => row.flow_id === url.pathname.split("/").pop());
    if (!found) throw refuse(404, "flow", "there is no such flow", "そのフローはありません");
    return found;
  }
  if (url.pathname.startsWith("/api/v1/profiles")) return profile(method, url.pathname.split("/").slice(4), body);
  const hold = /^\/api\/v1\/lake\/holds\/(\d+)$/.exec(url.pathname);
  const route = routes[`${method} ${hold ? "/api/v1/lake/holds" : url.pathname}`];
  if (!route) throw refuse(404, "path", "there is no such operation", "その操作はありません");
  const result = route(body, url.searchParams, hold?.[1]);
  return result === undefined || Array.isArray(result) ? result : Object.assign({ elapsed_ms: Math.round(performance.now() - begun) }, result);
}

const MEDIA = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

createServer(async (request, answer) => {
  const url = new URL(request.url, "http://mock");
  if (!url.pathname.startsWith("/api/")) {
    const file = join(dist, url.pathname);
    const path = extname(file) && existsSync(file) ? file : join(dist, "index.html");
    answer.setHeader("content-type", MEDIA[extname(path)] ?? "application/octet-stream");
    answer.end(existsSync(path) ? readFileSync(path) : "run npm run build first");
    return;
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  try {
    const result = call(request.method, url, request, text ? JSON.parse(text) : null, answer);
    answer.writeHead(result === undefined ? 204 : 200, { "content-type": "application/json" });
    answer.end(result === undefined ? undefined : JSON.stringify(result));
  } catch (e) {
    answer.writeHead(e.status ?? 500, { "content-type": "application/json" });
    answer.end(JSON.stringify(e.body ?? { code: "internal", message: e.message, message_ja: e.message, path: null, at: null }));
  }
}).listen(port, "127.0.0.1", () => console.log(`mock API on http://127.0.0.1:${port} (admin / minamo)`));
