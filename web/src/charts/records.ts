// SPDX-License-Identifier: Apache-2.0
// TLS records in the session picture: which packet each begins in, and where the handshake ends.
import type { Stroke } from "./splt";

/** Records of a session as a row has them: signed octets, microseconds since the record before, content types. */
export interface Records {
  lengths: number[];
  times: number[];
  types: number[];
}

export const NO_RECORDS: Records = { lengths: [], times: [], types: [] };

/** What a record is, by its content type (RFC 8446 §5.1). */
export type Kind = "handshake" | "cipher" | "alert" | "data" | "other";
export const KINDS: Kind[] = ["handshake", "cipher", "alert", "data", "other"];
const BY_TYPE: Record<number, Kind> = { 20: "cipher", 21: "alert", 22: "handshake", 23: "data" };

export interface TlsRecord {
  kind: Kind;
  octets: number;
}

export interface Marked {
  /** Records that begin in a packet, by its number. */
  packets: Map<number, TlsRecord[]>;
  kinds: Kind[];
  /** First and last packet of the handshake, as far as it is in clear: before the first data. */
  handshake: { from: number; to: number } | null;
}

/** A record and its packet are told by different columns: rounding puts them this far apart at most, in microseconds. */
const SLACK = 2_000;

/** The packets in which records begin. Records beyond the last packet of the picture are left out. */
export function marked(strokes: Stroke[], { lengths, times, types }: Records): Marked {
  const packets = new Map<number, TlsRecord[]>();
  const kinds = new Set<Kind>();
  let [at, from, to, data] = [0, -1, -1, false];
  const last = strokes.at(-1)?.at ?? 0;
  lengths.forEach((length, i) => {
    at += i === 0 ? 0 : Math.max(0, times[i] ?? 0);
    if (at > last + SLACK) return;
    let best: Stroke | undefined;
    for (const one of strokes) {
      if (one.length >= 0 === length >= 0 && (!best || Math.abs(one.at - at) < Math.abs(best.at - at))) best = one;
    }
    if (!best) return;
    const kind = BY_TYPE[types[i] ?? 0] ?? "other";
    packets.set(best.index, [...(packets.get(best.index) ?? []), { kind, octets: Math.abs(length) }]);
    kinds.add(kind);
    data ||= kind === "data";
    if (!data && (kind === "handshake" || kind === "cipher")) {
      from = from < 0 ? best.index : Math.min(from, best.index);
      to = Math.max(to, best.index);
    }
  });
  return { packets, kinds: KINDS.filter((kind) => kinds.has(kind)), handshake: from < 0 ? null : { from, to } };
}
