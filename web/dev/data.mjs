// SPDX-License-Identifier: Apache-2.0
// Plausible flows for the development server: a small office with a server room, one day long.
import { readFileSync } from "node:fs";

const source = readFileSync(new URL("../src/gen/columns.ts", import.meta.url), "utf8");
const table = source.slice(source.indexOf("= [", source.indexOf("COLUMNS")) + 2).replace(/;\s*$/, "");
export const COLUMNS = new Function(`return ${table}`)();

let seed = 20240501;
const random = () => {
  seed = (seed * 1664525 + 1013904223) >>> 0;
  return seed / 4294967296;
};
const pick = (list) => list[Math.floor(random() * list.length)];
const int = (low, high) => Math.floor(low + random() * (high - low + 1));
const hex = (digits) => Array.from({ length: digits }, () => int(0, 15).toString(16)).join("");
const heavy = (typical) => Math.round(typical * Math.exp((random() + random() + random() - 1.5) * 2.2));

const CLIENTS = Array.from({ length: 46 }, (_, i) => `10.20.${i < 30 ? 1 : 2}.${i + 11}`);
const RESOLVER = "10.20.0.2";
const MINER = "10.20.2.47";
const SCANNER = "10.20.1.23";

// [weight, app, destinations, port, protocol, name, octets up, octets down, kind]
const KINDS = [
  [26, "TLS.YouTube", ["203.0.113.10", "203.0.113.11"], 443, 17, "rr4---sn-ogueln7k.googlevideo.com", 60e3, 9e6, "quic"],
  [14, "TLS.Microsoft365", ["198.51.100.24", "198.51.100.25"], 443, 6, "outlook.office365.com", 90e3, 400e3, "tls13"],
  [12, "TLS.Teams", ["198.51.100.40"], 443, 6, "teams.microsoft.com", 500e3, 900e3, "tls13"],
  [10, "TLS", ["192.0.2.80", "192.0.2.81", "2001:db8:40::80"], 443, 6, "www.example.com", 8e3, 120e3, "tls13"],
  [7, "TLS.GitHub", ["192.0.2.140"], 443, 6, "github.com", 20e3, 800e3, "tls13"],
  [6, "TLS.Slack", ["192.0.2.150"], 443, 6, "wss-primary.slack.com", 30e3, 60e3, "tls13"],
  [4, "TLS", ["10.20.0.15"], 8443, 6, "intra.example.co.jp", 15e3, 200e3, "tls12"],
  [1, "TLS", ["10.20.0.17"], 443, 6, "printer-3f.example.co.jp", 4e3, 12e3, "tls10"],
  [30, "DNS", [RESOLVER], 53, 17, "", 80, 220, "dns"],
  [6, "HTTP", ["192.0.2.200", "10.20.0.16"], 80, 6, "updates.example.net", 2e3, 700e3, "http"],
  [3, "SSH", ["10.20.0.11", "10.20.0.12"], 22, 6, "", 200e3, 350e3, "ssh"],
  [1, "SSH", ["10.20.0.13"], 10022, 6, "", 90e3, 50e3, "ssh"],
  [5, "SMB", ["10.20.0.20"], 445, 6, "", 900e3, 2.2e6, "smb"],
  [1, "BitTorrent", ["203.0.113.77", "203.0.113.99"], 51413, 6, "", 700e3, 3e6, "bt"],
  [2, "WireGuard", ["192.0.2.51"], 51820, 17, "", 1e6, 1.4e6, "vpn"],
  [6, "NTP", ["10.20.0.3"], 123, 17, "", 76, 76, "ntp"],
  [3, "Unknown", ["203.0.113.201", "203.0.113.202"], 4444, 6, "", 3e3, 5e3, "unknown"],
];
const WHEEL = KINDS.flatMap((kind) => Array.from({ length: kind[0] }, () => kind));
const DNS_NAMES = ["www.example.com", "outlook.office365.com", "github.com", "rr4---sn-ogueln7k.googlevideo.com", "wpad.example.co.jp", "time.example.net"];

function splt(up, down, started) {
  const lengths = [];
  const times = [];
  const shape = [517, -1400, -1400, -1180, 64, -260, 420, -1400, -1400, -1400, 80, -900];
  const count = Math.min(30, 6 + Math.floor(Math.log2(up + down)));
  for (let i = 0; i < count; i += 1) {
    const base = shape[i] ?? (random() < up / (up + down) + 0.25 ? int(60, 700) : -int(200, 1400));
    lengths.push(started ? base : Math.sign(base) * int(40, 300));
    times.push(i === 0 ? 0 : Math.round(heavy(i % 4 === 0 ? 26000 : 2200)));
  }
  return { splt_lengths: lengths, splt_times_micros: times };
}

/** TLS records of these packets: hellos and certificates, a change of cipher, then data. */
function srlt({ splt_lengths, splt_times_micros }, newest) {
  const list = [];
  let wait = 0;
  const put = (length, type) => {
    list.push([length, type, wait]);
    wait = 0;
  };
  splt_lengths.forEach((length, i) => {
    wait += splt_times_micros[i];
    const size = (octets) => Math.sign(length) * octets;
    if (i === 0) put(512, 22);
    else if (i === 1) for (const [octets, type] of newest ? [[122, 22], [1, 20], [2600, 23]] : [[85, 22], [2400, 22], [4, 22]]) put(size(octets), type);
    else if (i === 4 && !newest) for (const [octets, type] of [[37, 22], [1, 20], [40, 22]]) put(octets, type);
    else if (i === 5 && !newest) for (const [octets, type] of [[1, 20], [40, 22]]) put(size(octets), type);
    else if (i > 4) put(size(Math.abs(length) - 5), i === splt_lengths.length - 1 ? 21 : 23);
  });
  return { eta_record_lengths: list.map((one) => one[0]), eta_record_types: list.map((one) => one[1]), eta_record_times_micros: list.map((one) => one[2]) };
}

const iso = (millis) => new Date(millis).toISOString();
const TLS_NAMES = { tls13: "TLS 1.3", tls12: "TLS 1.2", tls10: "TLS 1.0", quic: "TLS 1.3" };
const JA4 = ["t13d1516h2_8daaf6152771_e5627efa2ab1", "t13d1715h2_5b57614c22b0_3d5424432f57", "t13d1517h2_8daaf6152771_b0da82dd1658"];

function facts(kind, name, src) {
  if (kind in TLS_NAMES) {
    return {
      tls_sni: name, tls_version: TLS_NAMES[kind], tls_alpn: kind === "quic" ? ["h3"] : ["h2", "http/1.1"], tls_ja4: JA4[src.length % 3],
      tls_ja3: "cd08e31494f9531f560d64c695473da9", tls_cipher: kind === "tls10" ? "TLS_RSA_WITH_AES_128_CBC_SHA" : "TLS_AES_128_GCM_SHA256",
      ...(kind === "tls13" || kind === "quic" ? { tls_group: "X25519MLKEM768" } : { tls_cert_subject: `CN=${name}`, tls_cert_issuer: "CN=Example Internal CA 2", tls_cert_not_after: "2027-03-31T00:00:00Z" }),
      ...(kind === "quic" ? { quic_version: "1" } : {}), encrypted: true,
    };
  }
  if (kind === "dns") return { dns_query: name, dns_qtype: pick(["A", "A", "AAAA", "HTTPS"]), dns_rcode: random() < 0.06 ? "nxdomain" : "noerror", encrypted: false };
  if (kind === "http") return { http_host: name, http_method: "GET", http_path: "/pool/main/index.html", http_status: pick([200, 200, 304, 404]), http_user_agent: "apt/2.6", http_content_type: "text/html", encrypted: false };
  if (kind === "ssh") return { ssh_client: "SSH-2.0-OpenSSH_9.6", ssh_server: "SSH-2.0-OpenSSH_9.2p1", ssh_hassh: "ec7378c1a92f5a8dde7e8b7a1ddf33d1", encrypted: true };
  if (kind === "bt") return { bittorrent_info_hash: "2b66980093bc11806fab50cb3cb41835b95a0362" };
  if (kind === "smb") return { smb_share: "\\\\files\\design" };
  if (kind === "vpn") return { encrypted: true };
  if (kind === "ntp") return { ntp_stratum: 2 };
  return {};
}

const REASONS = {
  content: (app) => `${app} by its content`,
  partial: (app) => `the opening matches ${app}, the rest was not seen`,
  port: (app) => `only the port suggests ${app}`,
  none: () => "no rule matched and the port says nothing",
};

function flow(at, kindRow, src) {
  const [, app, dsts, port, proto, fixed, up, down, kind] = kindRow;
  const name = kind === "dns" ? pick(DNS_NAMES) : fixed;
  const src_bytes = heavy(up);
  const dst_bytes = heavy(down);
  const length = proto === 17 && kind !== "quic" && kind !== "vpn" ? int(1, 40) : heavy(14000);
  const confidence = app === "Unknown" ? "none" : kind === "ntp" ? "port" : random() < 0.04 ? "partial" : "content";
  const tcp = proto === 6
    ? { tcp_src_flags: 27, tcp_dst_flags: random() < 0.05 ? 30 : 27, tcp_src_mss: 1460, npm_src_rtt_micros: heavy(400), npm_dst_rtt_micros: heavy(8200), npm_response_micros: heavy(22000), npm_src_retransmits: int(0, 2), npm_dst_retransmits: int(0, 5) }
    : {};
  const packets = splt(src_bytes, dst_bytes, kind !== "dns");
  return {
    flow_id: hex(24), time_start: iso(at), time_end: iso(at + length), src_ip: src, src_port: int(32768, 60999), dst_ip: pick(dsts), dst_port: port, proto,
    src_bytes, dst_bytes, src_packets: Math.max(1, Math.round(src_bytes / 320)), dst_packets: Math.max(1, Math.round(dst_bytes / 1050)),
    app, app_confidence: confidence, app_reason: REASONS[confidence](app), end_reason: proto === 6 ? "tcp_fin" : "idle", source: "probe",
    l2_src_mac: `02:42:0a:14:01:${src.split(".")[3].padStart(2, "0").slice(-2)}`, l2_dst_mac: "02:42:0a:14:00:01", l2_vlan: src.startsWith("10.20.1.") ? 101 : 102,
    ...tcp, ...facts(kind, name, src), ...packets, ...(/^tls/.test(kind) ? srlt(packets, kind === "tls13") : {}),
  };
}

/** Makes the flows, oldest first, ending at `end` (milliseconds). */
export function makeFlows(end, hours = 24, count = 9000) {
  const flows = [];
  for (let i = 0; i < count; i += 1) {
    const back = random() ** 1.35 * hours * 3600e3;
    const hour = new Date(end - back).getUTCHours();
    if (random() > 0.45 + 0.55 * Math.abs(Math.sin((hour / 24) * Math.PI * 2))) continue;
    flows.push(flow(end - back, pick(WHEEL), pick(CLIENTS)));
  }
  for (let i = 0; i < 260; i += 1) flows.push(flow(end - i * 60e3 - int(0, 800), [1, "Unknown", ["203.0.113.201"], 4444, 6, "", 2100, 900, "unknown"], MINER));
  for (let i = 0; i < 420; i += 1) {
    const probe = flow(end - 2.2 * 3600e3 + i * 140, [1, "Unknown", ["10.20.0.20"], 1 + i * 7, 6, "", 60, 40, "unknown"], SCANNER);
    flows.push({ ...probe, src_packets: 1, dst_packets: 1, tcp_src_flags: 2, tcp_dst_flags: 20 });
  }
  return flows.toSorted((a, b) => (a.time_start < b.time_start ? -1 : 1));
}

const both = (en, ja) => ({ en, ja });

/** Makes the events that the special hosts in the data should have raised. */
export function makeEvents(end) {
  const at = (minutes) => iso(end - minutes * 60e3);
  const list = [
    ["beacon", "critical", both("Regular contact with one outside host", "外部ホストへの規則的な通信 (ビーコン)"), both(`${MINER} contacted 203.0.113.201:4444 every 60 s, 260 times, with hardly any variation.`, `${MINER} が 203.0.113.201:4444 へ 60 秒間隔で 260 回、ほぼ一定の周期で通信しました。`), both("Does a host call home on a fixed beat?", "一定の周期で外部へ通信しているホストはないか。"), [both("Monitoring agents and update checks also keep a beat.", "監視エージェントや更新確認も一定の周期で通信します。"), both("Keep-alives of chat clients.", "チャットクライアントのキープアライブ。")], 260, 1, MINER, "203.0.113.201", { period_secs: 60, jitter: 0.013, contacts: 260, bytes_median: 3012 }, `src_ip = ${MINER} and dst_ip = 203.0.113.201`, ["T1071", "T1571"]],
    ["port_scan", "high", both("Many ports tried on one host", "1 台のホストに対するポートスキャン"), both(`${SCANNER} tried 420 ports on 10.20.0.20 within 59 s; 418 refused.`, `${SCANNER} が 10.20.0.20 の 420 ポートへ 59 秒間に接続を試み、418 件が拒否されました。`), both("Does a host look for open doors?", "開いているポートを探しているホストはないか。"), [both("A vulnerability scan that was announced.", "事前に通知された脆弱性スキャン。")], 132, 131, SCANNER, "10.20.0.20", { ports: 420, refused: 418, window_secs: 59 }, `src_ip = ${SCANNER} and dst_ip = 10.20.0.20`, ["T1046"]],
    ["tls_old", "medium", both("Outdated TLS version in use", "古い TLS バージョンの使用"), both("printer-3f.example.co.jp still answers with TLS 1.0.", "printer-3f.example.co.jp が TLS 1.0 で応答しています。"), both("Who still uses TLS below 1.2?", "TLS 1.2 未満を使っているのは誰か。"), [both("Devices that cannot be updated, on a closed segment.", "閉じたセグメントにある、更新できない機器。")], 1300, 40, "10.20.1.14", "10.20.0.17", { tls_version: "TLS 1.0", flows: 61 }, "tls_version = \"TLS 1.0\"", ["T1040"]],
    ["ssh_port", "low", both("SSH on an uncommon port", "標準外ポートでの SSH"), both("10.20.0.13 answers SSH on port 10022.", "10.20.0.13 がポート 10022 で SSH に応答しています。"), both("Which remote shells hide on other ports?", "標準外のポートで動いているリモートシェルはないか。"), [both("Administrators who moved the port on purpose.", "管理者が意図的にポートを変更した場合。")], 900, 75, "10.20.1.33", "10.20.0.13", { port: 10022, flows: 58 }, "app = \"SSH\" and dst_port = 10022", ["T1021.004"]],
    ["bittorrent", "medium", both("File sharing by BitTorrent", "BitTorrent によるファイル共有"), both("10.20.1.29 exchanged 1.2 GB with 14 peers.", "10.20.1.29 が 14 台のピアと 1.2 GB を交換しました。"), both("Who shares files with unknown peers?", "不特定の相手とファイルを共有しているのは誰か。"), [both("Distribution of large open-source images.", "オープンソースの大きなイメージの配布。")], 610, 200, "10.20.1.29", null, { peers: 14, bytes: 1200000000 }, "app = \"BitTorrent\"", ["T1048"]],
  ];
  return list.map(([rule, severity, title, text, question, benign, first, last, src_ip, dst_ip, values, filter, attack]) => ({
    event_id: hex(16), rule, severity, title, text, question, benign, first: at(first), last: at(last), src_ip, dst_ip, values, filter, attack, perspective: null, suppressed_by: null, suppression_broken: null, triage: { standing: "new", owner: null, at: null, comments: [], history: [] },
  })).toSorted((a, b) => (a.last < b.last ? 1 : -1));
}
