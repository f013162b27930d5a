// SPDX-License-Identifier: Apache-2.0
// Key figures, search by any fact and similar sessions and known fingerprints of the development server, over its made-up flows.
import { COLUMNS } from "./data.mjs";

const both = (en, ja) => ({ en, ja });
const FIGURES = [
  { pages: ["overview", "tls"], name: "encrypted", title: both("Encrypted", "暗号化"), by: "bytes", wish: "none", of: "", filter: "encrypted = true" },
  { pages: ["overview", "applications"], name: "nameable", title: both("Nameable", "名前が分かる割合"), by: "bytes", wish: "more", of: "encrypted = true", filter: "encrypted = true and tls_sni present" },
  { pages: ["tls"], name: "old_tls", title: both("Old version", "古いバージョン"), by: "flows", wish: "less", of: "tls_version present", filter: 'tls_version = "TLS 1.0"' },
  { pages: ["dns"], name: "dns_nxdomain", title: both("Names that do not exist", "存在しない名前"), by: "flows", wish: "less", of: "dns_rcode present", filter: "dns_rcode = nxdomain" },
];
const MEANING = both("Made-up data.", "作り物のデータ");
const TEXTS = COLUMNS.filter((column) => column.type === "text" || column.type === "list<text>").map((column) => column.name);

const apart = (a, b) => {
  let [differs, all] = [0, 0];
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    differs += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    all += Math.abs(a[i] ?? 0) + Math.abs(b[i] ?? 0);
  }
  return all > 0 ? differs / all : 0;
};

/** `select` gives the flows of a question, `total` their sums. */
export function pages(select, total) {
  const amount = (body, filter) => total(select({ ...body, filter: [body.filter, filter].filter(Boolean).map((one) => `(${one})`).join(" and ") }));
  return {
    figures: (body) => ({
      figures: FIGURES.filter((one) => !body.page || one.pages.includes(body.page)).map((one) => ({ ...one, meaning: MEANING, part: amount(body, one.filter), whole: amount(body, one.of) })),
      ...(body.threats ? { threats: { events: 5, looked_at: 5, encrypted: 1 } } : {}),
    }),
    find: (body) => {
      const wanted = body.text.toLowerCase();
      const rows = select(body);
      const columns = TEXTS.map((column) => [column, rows.filter((row) => String(row[column] ?? "").toLowerCase().includes(wanted))]).filter(([, found]) => found.length > 0);
      return {
        columns: columns.map(([column, found]) => ({ column, filter: `${column} ~ "*${body.text}*"`, flows: found.length, bytes: total(found).bytes, example: Array.isArray(found[0][column]) ? null : found[0][column] })).toSorted((a, b) => b.flows - a.flows),
        looked_at: TEXTS.length,
      };
    },
    fingerprints: (one, flows) => {
      const row = (column) => {
        const known = flows.filter((flow) => flow[column] && flow.time_start <= one.time_start);
        const same = known.filter((flow) => flow[column] === one[column]);
        const first = (list) => list.map((flow) => flow.time_start).toSorted()[0];
        const here = first(same.filter((flow) => flow.src_ip === one.src_ip));
        const hosts = (list) => new Set(list.map((flow) => flow.src_ip)).size;
        return { column, value: one[column], hosts: hosts(same), of_hosts: hosts(known), sessions: same.length, first: first(same), first_on_host: here, new_on_host: here === one.time_start };
      };
      const rows = ["tls_ja4", "tls_ja3", "ssh_hassh"].filter((column) => one[column]).map(row);
      return { rows, since: flows.map((flow) => flow.time_start).toSorted()[0], own: true, elapsed_ms: 3 };
    },
    similar: (one, flows, limit) => {
      const others = flows.filter((row) => row !== one && row.proto === one.proto);
      const rows = others.map((flow) => ({ distance: apart(one.splt_lengths, flow.splt_lengths), flow })).toSorted((a, b) => a.distance - b.distance).slice(0, limit);
      return { rows, compared: others.length, truncated: false, elapsed_ms: 12 };
    },
  };
}
