// SPDX-License-Identifier: Apache-2.0
// Reads a flow row: columns by name, and the few facts that are put together from several columns.
import type { FlowRow } from "../gen/api";
import { COLUMNS, type Column } from "../gen/columns";
import { bytes, count, micros, protocol, tcpFlags, time, tlsVersion, whole } from "./format";

export const columnOf = new Map<string, Column>(COLUMNS.map((column) => [column.name, column]));

export function text(row: FlowRow, name: string): string | null {
  const value = row[name];
  return value === null || value === undefined || value === "" ? null : String(value);
}

export function number(row: FlowRow, name: string): number {
  const value = Number(row[name]);
  return Number.isFinite(value) ? value : 0;
}

export function numbers(row: FlowRow, name: string): number[] {
  const value = row[name];
  return Array.isArray(value) ? value.map(Number).filter(Number.isFinite) : [];
}

/** First packets of a row, and its first TLS records. */
export const session = (row: FlowRow) => ({
  lengths: numbers(row, "splt_lengths"),
  times: numbers(row, "splt_times_micros"),
  records: { lengths: numbers(row, "eta_record_lengths"), times: numbers(row, "eta_record_times_micros"), types: numbers(row, "eta_record_types") },
});

/** Address and port; IPv6 in brackets. */
export function endpoint(row: FlowRow, side: "src" | "dst"): string {
  const [ip, port] = [text(row, `${side}_ip`), text(row, `${side}_port`)];
  if (!ip) return text(row, `l2_${side}_mac`) ?? "–";
  if (!port || port === "0") return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** What is known of an address beside the address: network, country and, for the title, the rest. */
export function place(row: FlowRow, side: "src" | "dst"): { short: string; long: string } | null {
  const known = (names: string[]) => names.map((name) => text(row, `${side}_${name}`)).filter((value) => value !== null);
  const system = text(row, `${side}_as`);
  const long = [...known(["name", "net", "city", "country"]), ...(system ? [`AS${system}`] : []), ...known(["as_org"])];
  return long.length === 0 ? null : { short: known(["net", "country"]).join(" "), long: long.join(" · ") };
}

const NAMES = ["host_name", "tls_sni", "http_host", "dns_query", "tls_cert_subject", "smb_share", "dhcp_host_name", "mail_from", "sip_to", "ftp_file", "ssh_server", "bittorrent_info_hash", "dst_name"];

/** The most telling name in the row: server name, host, query … */
export function nameOf(row: FlowRow): { column: string; value: string } | null {
  // the outer name of an Encrypted Client Hello is that of the server in front
  const outer = text(row, "name_source") === "ech_outer" || text(row, "tls_ech_kind") === "outer";
  for (const column of NAMES) {
    const value = outer && column === "tls_sni" ? null : text(row, column);
    if (value) return { column, value };
  }
  return null;
}

/** Whether the session is encrypted, as far as the row tells. */
export function isEncrypted(row: FlowRow): boolean {
  if (typeof row["encrypted"] === "boolean") return row["encrypted"];
  const marks = ["tls_version", "tls_sni", "quic_version", "ssh_client", "ssh_server"];
  return marks.some((name) => text(row, name) !== null) || /^(TLS|QUIC|SSH|WireGuard|OpenVPN|IPsec)\b/i.test(text(row, "app") ?? "");
}

export function durationMicros(row: FlowRow): number {
  const [start, end] = [Date.parse(text(row, "time_start") ?? ""), Date.parse(text(row, "time_end") ?? "")];
  return Number.isFinite(end - start) ? Math.max(0, end - start) * 1000 : 0;
}

/** Ethertypes of frames without IP (IEEE registration authority). */
const ETHERTYPES: Record<number, string> = { 0x0806: "ARP", 0x0842: "Wake-on-LAN", 0x22f0: "AVTP", 0x6003: "DECnet", 0x8035: "RARP", 0x809b: "AppleTalk", 0x80f3: "AARP", 0x8137: "IPX", 0x8808: "MAC control", 0x8809: "Slow protocols (LACP)", 0x8847: "MPLS", 0x8863: "PPPoE discovery", 0x8864: "PPPoE session", 0x888e: "EAPOL", 0x8892: "PROFINET", 0x88a2: "ATA over Ethernet", 0x88a4: "EtherCAT", 0x88b8: "GOOSE", 0x88b9: "GSE", 0x88ba: "Sampled values", 0x88cc: "LLDP", 0x88e5: "MACsec", 0x88f7: "PTP", 0x8902: "CFM", 0x8906: "FCoE", 0x9000: "Loopback" };

/** An ethertype by its name and number. */
export function ethertype(value: number): string {
  const digits = `0x${value.toString(16).padStart(4, "0")}`;
  const name = ETHERTYPES[value];
  return name ? `${name} (${digits})` : digits;
}

/** `name=value` of an entry in its two parts; the whole as value where it has no name. */
export function entry(written: string): { name: string; value: string } {
  const at = written.indexOf("=");
  return at > 0 ? { name: written.slice(0, at), value: written.slice(at + 1) } : { name: "", value: written };
}

/** Columns whose entries are `name=value`. */
export const isNamedList = (name: string) => name === "extra" || name === "record_dst_differs";

/** Words for values: `of` has those that stand for a meaning, by column. */
export interface Words {
  yes: string;
  no: string;
  of?: (column: string, value: string) => string | null;
}

/** A value of any column as text, by its type and unit. */
export function show(name: string, value: unknown, words: Words): string {
  if (value === null || value === undefined || value === "") return "–";
  const column = columnOf.get(name);
  if (typeof value === "boolean") return value ? words.yes : words.no;
  if (Array.isArray(value)) return value.join(", ");
  if (name === "proto") return protocol(value);
  if (name === "tls_version") return tlsVersion(value);
  if (column?.type === "time") return time(String(value), true);
  if (typeof value !== "number") return words.of?.(name, String(value)) ?? String(value);
  if (name === "l2_ethertype") return ethertype(value);
  if (column?.kind === "flags" && name.includes("tcp")) return tcpFlags(value);
  switch (column?.unit) {
    case "octets":
      return bytes(value);
    case "seconds":
      return micros(value * 1e6);
    case "percent":
      return `${value}%`;
    case "micros":
      return micros(value);
    case "packets":
    case "flows":
      return count(value);
    default:
      return column?.kind === "key" || !Number.isInteger(value) ? String(value) : whole(value).replace(/^(\d),(\d{3})$/, "$1$2");
  }
}

/** Whether a column reads better aligned to the right. */
export const isNumeric = (name: string) => {
  const column = columnOf.get(name);
  return column !== undefined && (column.kind === "counter" || column.kind === "gauge");
};
