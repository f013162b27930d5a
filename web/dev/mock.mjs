// SPDX-License-Identifier: Apache-2.0
// Development server: the HTTP API over generated data, and web/dist if it was built. Not part of the product.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { COLUMNS, makeEvents, makeFlows } from "./data.mjs";
import { compile, complete } from "./filter.mjs";
import { lake } from "./lake.mjs";
import { attack, hostRisk, hostRisks } from "./risks.mjs";
import { pages } from "./pages.mjs";

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

const traffic = pages(select, total);

/** Value of a key: a column, `net(column,length)` by whole octets of IPv4, `time(1h)`, `domain(column)`, `protocol(column)`. */
function keyValue(row, name, side) {
  const piece = /^(domain|protocol)\((\w+)\)$/.exec(name);
  if (piece) return row[piece[2]]?.split(".").slice(...(piece[1] === "domain" ? [-2] : [0, 1])).join(".") ?? null;
  const made = /^(net|time)\(([^)]*)\)$/.exec(name);
  if (!made) return row[name === "ip" ? side : name] ?? null;
  const [of, length] = made[2].split(",");
  if (made[1] === "time") {
    const step = Number.parseInt(of, 10) * { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 }[of.at(-1)];
    return new Date(Math.floor(Date.parse(row.time_start) / step) * step).toISOString().replace(".000Z", "Z");
  }
  const address = String(row[of === "ip" ? side : of]);
  if (address.includes(":")) return `${address.split(":").slice(0, 4).join(":")}::/64`;
  const kept = Number(length) / 8;
  return `${address.split(".").map((part, i) => (i < kept ? part : "0")).join(".")}/${length}`;
}

function group(rows, keys) {
  const groups = new Map();
  for (const row of rows) {
    for (const side of keys.some((name) => name === "ip" || name.startsWith("net(ip,")) ? ["src_ip", "dst_ip"] : [""]) {
      const key = keys.map((name) => keyValue(row, name, side));
      const id = JSON.stringify(key);
      if (!groups.has(id)) groups.set(id, { key, rows: [] });
      groups.get(id).rows.push(row);
    }
  }
  return [...groups.values()].map(({ key, rows: members }) => Object.assign({ key, members }, total(members)));
}

const numbers = (rows, name) => rows.map((row) => ({ bytes: row.src_bytes + row.dst_bytes, packets: row.src_packets + row.dst_packets, duration: (Date.parse(row.time_end) - Date.parse(row.time_start)) / 1e3 })[name] ?? row[name]).filter((value) => value !== undefined && value !== null);

function measure(rows, text) {
  const sums = total(rows);
  if (text in sums) return sums[text];
  const made = /^(\w+)\((\w+)\)$/.exec(text);
  if (!made) return text === "bpp" ? sums.bytes / Math.max(1, sums.packets) : rows.reduce((sum, row) => sum + (row[text] ?? 0), 0);
  const values = numbers(rows, made[2]).toSorted((a, b) => (a < b ? -1 : 1));
  if (made[1].endsWith("distinct")) return new Set(values).size;
  if (values.length === 0) return null;
  if (made[1] === "min") return values[0];
  if (made[1] === "max") return values.at(-1);
  const sum = values.reduce((a, b) => a + b, 0);
  return made[1] === "avg" ? sum / values.length : made[1] === "sum" ? sum : values[Math.min(values.length - 1, Math.floor((values.length * Number(made[1].replace(/\D/g, ""))) / 100))];
}

const PLAIN = ["bytes", "packets", "flows"];
const LENGTHS = { "1h": 3600e3, "1d": 86400e3, "7d": 604800e3, "28d": 2419200e3 };

/** One condition such as `flows > 100` is enough here. */
const holds = (rows, having) => {
  const made = /^\s*(\S+)\s*(>=|<=|>|<|=)\s*(\d+)/.exec(having ?? "");
  if (!made) return true;
  const [value, bound] = [measure(rows, made[1]), Number(made[3])];
  return made[2].startsWith(">") ? value > bound || (made[2] === ">=" && value === bound) : made[2].startsWith("<") ? value < bound : value === bound;
};

function top(body) {
  if (body.having && !/^\s*\S+\s*(>=|<=|>|<|=)\s*\d+/.test(body.having)) throw Object.assign(refuse(400, "bad_filter", "want a comparison here", "ここには比較を書いてください", 0));
  const names = body.measures?.length > 0 ? body.measures : PLAIN;
  const shift = LENGTHS[body.compare] ?? 0;
  const earlier = shift > 0 ? select({ ...body, from: new Date(Date.parse(body.from) - shift).toISOString(), to: new Date(Date.parse(body.to) - shift).toISOString() }) : [];
  const before = new Map(group(earlier, body.keys).map((one) => [JSON.stringify(one.key), one.members]));
  // A quarter of made-up traffic is taken for sampled, so that intervals are seen.
  const sure = (rows, name) => (PLAIN.includes(name) && body.scaled !== false ? { low: Math.floor(measure(rows, name) * 0.94), high: Math.ceil(measure(rows, name) * 1.06) } : null);
  const row = ({ key, members }, old) => ({ key, ...total(members), values: names.map((name) => measure(members, name)), intervals: names.map((name) => sure(members, name)), ...(shift > 0 ? { before: names.map((name) => measure(old ?? [], name)), ...(old ? {} : { is_new: true }) } : {}) });
  const order = body.order ?? body.by;
  const turn = body.ascending ? -1 : 1;
  const rows = select(body);
  const found = group(rows, body.keys).filter((one) => holds(one.members, body.having));
  const listed = found.toSorted((a, b) => turn * (measure(b.members, order) - measure(a.members, order))).slice(0, body.limit);
  const here = new Set(found.map((one) => JSON.stringify(one.key)));
  const gone = group(earlier, body.keys).filter((one) => !here.has(JSON.stringify(one.key))).slice(0, body.limit);
  return { rows: listed.map((one) => row(one, before.get(JSON.stringify(one.key)))), total: row({ key: [], members: rows }, earlier), measures: names, ...(gone.length > 0 ? { gone: gone.map((one) => row({ key: one.key, members: [] }, one.members)) } : {}) };
}

function paths(body) {
  const rows = select(body);
  const named = body.keys.map((name) => new Set(group(rows, [name]).toSorted((a, b) => b[body.by] - a[body.by]).slice(0, body.limit).map((one) => JSON.stringify(one.key[0]))));
  const stop = (value, level) => (named[level].has(JSON.stringify(value)) ? { value, other: false } : { value: null, other: true });
  const found = new Map();
  const links = new Map();
  const add = (map, key, value, made) => {
    const id = JSON.stringify(key);
    map.set(id, { ...made, value: (map.get(id)?.value ?? 0) + value });
  };
  for (const one of group(rows, body.keys)) {
    const stops = one.key.map(stop);
    add(found, stops, one[body.by], { stops });
    for (let level = 0; level + 1 < stops.length; level += 1) add(links, [level, stops[level], stops[level + 1]], one[body.by], { level, source: stops[level], target: stops[level + 1] });
  }
  return { paths: [...found.values()].toSorted((a, b) => b.value - a.value), links: [...links.values()].toSorted((a, b) => a.level - b.level || b.value - a.value) };
}

const earlier = (text, length) => new Date(Date.parse(text) - length).toISOString();

/** The value below which so many of a hundred lie. */
const percentileOf = (values, percent) => values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil((values.length * percent) / 100)) - 1] ?? 0;

function billing(body) {
  const inside = body.inside.length > 0;
  const side = (part) => series({ ...body, by: part, split: null, limit: 1 }).series[0].values;
  // Made-up traffic has no networks: what initiators send goes out.
  const [inward, outward] = inside ? [side("src_bytes"), side("dst_bytes")] : [side("dst_bytes"), side("src_bytes")];
  const bps = (values) => (percentileOf(values, body.percentile) * 8) / body.step_secs;
  const { start } = series({ ...body, by: "bytes", split: null, limit: 1 });
  return { start, step_secs: body.step_secs, inward, outward, inward_bps: bps(inward), outward_bps: bps(outward), larger_bps: bps(inward.map((value, i) => Math.max(value, outward[i]))) };
}

function series(body) {
  const found = course(body);
  if (body.percentile) for (const line of found.series) line.percentile = percentileOf(line.values, body.percentile);
  const length = LENGTHS[body.compare] ?? 0;
  if (length > 0) {
    const [before] = course({ ...body, from: earlier(body.from, length), to: earlier(body.to, length), split: null, step_secs: found.step_secs }).series;
    found.before = { name: null, values: found.series[0].values.map((_, i) => before.values[i] ?? 0) };
  }
  return found;
}

function course({ from, to, filter, split, by, limit, step_secs, spread }) {
  const rows = select({ from, to, filter });
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400];
  const span = (Date.parse(to) - Date.parse(from)) / 1000;
  const step = step_secs ?? steps.find((s) => span / s <= 120) ?? 86400;
  const start = Math.floor(Date.parse(from) / 1000 / step) * step;
  const length = Math.max(1, Math.ceil((Date.parse(to) / 1000 - start) / step));
  const names = split ? group(rows, [split]).toSorted((a, b) => b[by] - a[by]).slice(0, limit).map((g) => g.key[0]) : [];
  const lines = [...names.map((name) => ({ name: String(name), values: Array(length).fill(0) })), { name: null, values: Array(length).fill(0) }];
  for (const row of rows) {
    const line = split ? names.indexOf(group([row], [split])[0].key[0]) : -1;
    const target = lines.at(line);
    const first = Math.floor((Date.parse(row.time_start) / 1000 - start) / step);
    const last = Math.min(length - 1, Math.floor((Date.parse(row.time_end) / 1000 - start) / step));
    const amount = row[by] ?? total([row])[by];
    if (spread === false) target.values[Math.max(0, first)] += amount;
    else for (let i = Math.max(0, first); i <= last; i += 1) target.values[i] += Math.round(amount / (last - first + 1));
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

const kept = { valid_from: started, valid_to: null };
const tags = [
  { name: "large uploads", version: 1, filter: "src bytes > 10M", note: "from clients", ...kept },
  { name: "clear names", version: 2, filter: "port 53 or port 5353", note: null, ...kept },
];
const sets = [
  { name: "guests", of: "addresses", version: 1, ended: false, members: ["192.0.2.128/25", "2001:db8:1::/64"], note: "Wi-Fi", ...kept },
  { name: "web", of: "ports", version: 1, ended: false, members: ["80", "443", "8000-8100"], note: null, ...kept },
];

/** Operations below `/api/v1/tags` and `/api/v1/sets`; made-up data knows one version of each. */
function definitions(list, more, key, method, path, body) {
  const name = path[0] === undefined ? undefined : decodeURIComponent(path[0]);
  const at = list.findIndex((one) => one.name === (name ?? body?.name));
  if (method === "GET") return { [key]: name === undefined ? list : list.filter((one) => one.name === name), ...more };
  if (method === "DELETE") return void list.splice(at, 1);
  const made = { ended: false, ...body, ...kept, name: name ?? body.name, of: body.of ?? list[at]?.of, version: (list[at]?.version ?? 0) + 1, valid_from: body.valid_from ?? new Date().toISOString() };
  list.splice(at < 0 ? list.length : at, at < 0 ? 0 : 1, made);
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
  "POST /api/v1/query/top": top,
  "POST /api/v1/query/paths": paths,
  "POST /api/v1/query/series": series,
  "POST /api/v1/query/billing": billing,
  "POST /api/v1/query/figures": (body) => traffic.figures(body),
  "POST /api/v1/query/find": (body) => traffic.find(body),
  "POST /api/v1/query/flows": (body) => {
    const rows = select(body).toReversed();
    const offset = Number(body.cursor ?? 0);
    return { rows: rows.slice(offset, offset + body.limit), next: offset + body.limit < rows.length ? String(offset + body.limit) : null };
  },
  "GET /api/v1/filter/complete": (_, query) => complete(query.get("text") ?? "", Number(query.get("at")), flows),
  "GET /api/v1/events": (_, query) => ({ rows: events.filter((e) => e.last >= query.get("from") && e.first < query.get("to")).slice(0, Number(query.get("limit") ?? 100)), hidden: 0 }),
  "GET /api/v1/hosts/risk": (_, query) => hostRisks(events, query.get("from"), query.get("at")),
  "GET /api/v1/attack": (_, query) => attack(events.filter((e) => e.last >= query.get("from") && e.first < query.get("to"))),
  "GET /api/v1/recorder": () => ({ on: true, oldest: events.at(-1).first }),
  "GET /api/v1/incidents": (_, query) => ({
    rows: events
      .filter((e) => e.last >= query.get("from") && e.first < query.get("to"))
      .map((e) => ({ incident_id: e.event_id, host: e.src_ip, severity: e.severity, score: 60, first: e.first, last: e.last, stages: [{ tactic: "discovery", name: { en: "discovery", ja: "内部の探索" }, at: e.first }], events: [{ event_id: e.event_id, rule: e.rule, title: e.title, severity: e.severity, first: e.first, last: e.last, src_ip: e.src_ip, dst_ip: e.dst_ip, tactics: ["discovery"] }], hosts: [e.src_ip, e.dst_ip].filter(Boolean).map((address) => ({ address, own: address.startsWith("10.") })), narrative: [{ at: e.first, text: e.text }], triage: e.triage })),
  }),
  "GET /api/v1/suppressions": () => ({ suppressions: [] }),
  "GET /api/v1/rules": () => ({ rules: [], refused: [] }),
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
  if (/^\/api\/v1\/flows\/[^/]+\/tags$/.test(url.pathname)) return { now: ["large uploads"], then: ["large uploads", "backup"] };
  if (url.pathname.startsWith("/api/v1/tags")) return definitions(tags, {}, "tags", method, url.pathname.split("/").slice(4), body);
  if (url.pathname.startsWith("/api/v1/sets")) return definitions(sets, { networks: ["office", "staff"] }, "sets", method, url.pathname.split("/").slice(4), body);
  if (url.pathname.startsWith("/api/v1/flows/")) {
    const found = flows.find((row) => row.flow_id === url.pathname.split("/")[4]);
    if (!found) throw refuse(404, "flow", "there is no such flow", "そのフローはありません");
    if (url.pathname.endsWith("/verdict")) return { model: "demo@1", score: 0.02, class: "benign", threshold: 0.7, earlier: 3, reasons: [{ feature: "down", contribution: -0.8, text: { en: "Made-up data.", ja: "作り物のデータ" } }] };
    if (url.pathname.endsWith("/fingerprints")) return traffic.fingerprints(found, flows);
    return url.pathname.endsWith("/similar") ? traffic.similar(found, flows, Number(url.searchParams.get("limit") ?? 12)) : found;
  }
  const host = /^\/api\/v1\/hosts\/([^/]+)\/risk$/.exec(url.pathname);
  if (host) return hostRisk(events, decodeURIComponent(host[1]), url.searchParams.get("from"), url.searchParams.get("to"));
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
