// SPDX-License-Identifier: Apache-2.0
// Numbers, ranges, rows and the geometry of the session picture.
import { describe, expect, test } from "vitest";
import { marked } from "../charts/records";
import { picture, scaleOf } from "../charts/splt";
import { rate } from "../charts/traffic";
import { startI18n } from "../i18n";
import { bitRate, bytes, count, micros, percent, tcpFlags, tlsVersion } from "./format";
import { opening, resolve } from "./range";
import { durationMicros, endpoint, isEncrypted, nameOf, place, show } from "./row";
import { STATUS } from "./testing";

const words = { yes: "yes", no: "no" };

describe("format", () => {
  test("SI steps", () => {
    expect([0, 999, 1000, 12_345, 999_600, 1_234_567, 2e12].map(bytes)).toEqual(["0 B", "999 B", "1.00 kB", "12.3 kB", "1.00 MB", "1.23 MB", "2.00 TB"]);
    expect(bitRate(12.5)).toBe("12.5 bit/s");
  });
  test("counts stay exact to a million", () => expect([999_999, 1_000_000].map(count)).toEqual(["999,999", "1.00 M"]));
  test("lengths of time", () => {
    expect([12, 1500, 250_000, 3_200_000, 61e6, 600e6, 90_061e6].map(micros)).toEqual(["12 µs", "1.5 ms", "250 ms", "3.20 s", "1 min 1 s", "10 min", "1 d 1 h"]);
    startI18n("ja");
    expect([250_000, 61e6, 600e6, 90_061e6].map(micros)).toEqual(["250 ms", "1 分 1 秒", "10 分", "1 日 1 時間"]);
    startI18n("en");
  });
  test("shares", () => expect([percent(0, 10), percent(1, 10_000), percent(1, 3), percent(1, 0)]).toEqual(["0.0%", "<0.1%", "33%", "–"]));
  test("flags in header order", () => expect(tcpFlags(0x12)).toBe("···A··S·"));
  test("TLS versions by name or number", () => expect([tlsVersion("TLS 1.2"), tlsVersion(0x0304)]).toEqual(["TLS 1.2", "TLS 1.3"]));
});

describe("range", () => {
  const now = Date.parse("2026-05-01T02:10:00Z");
  test("opens with the last hour when traffic is recent", () => expect(opening(now, STATUS)).toBe("1h"));
  test("opens with a quarter of an hour when the data is younger", () => expect(opening(now, { ...STATUS, first: "2026-05-01T02:05:00Z", last: "2026-05-01T02:09:00Z" })).toBe("15m"));
  test("opens with all of a short old capture", () => expect(opening(now + 9e7, STATUS)).toBe("all"));
  test("opens with the last day of a long old store", () => expect(opening(now + 9e7, { ...STATUS, first: "2026-01-01T00:00:00Z" })).toEqual({ from: "2026-04-30T02:00:00.000Z", to: "2026-05-01T02:00:01.000Z" }));
  test("all data includes its last packet and lasts a minute at least", () => {
    expect(resolve("all", now, STATUS)).toEqual({ from: "2026-05-01T00:00:00.000Z", to: "2026-05-01T02:00:01.000Z" });
    expect(resolve("all", now, { ...STATUS, last: STATUS.first }).to).toBe("2026-05-01T00:01:00.000Z");
  });
});

describe("row", () => {
  test("endpoints", () => {
    expect(endpoint({ src_ip: "2001:db8::1", src_port: 53 }, "src")).toBe("[2001:db8::1]:53");
    expect(endpoint({ l2_src_mac: "02:00:00:00:00:01" }, "src")).toBe("02:00:00:00:00:01");
  });
  test("places beside addresses", () => {
    expect(place({ src_ip: "192.0.2.1" }, "src")).toBeNull();
    expect(place({ dst_net: "office", dst_country: "JP", dst_as: 64500, dst_as_org: "Example", src_net: "lab" }, "dst")).toEqual({ short: "office JP", long: "office · JP · AS64500 · Example" });
  });
  test("names and encryption", () => {
    expect(nameOf({ dst_name: "c.example", tls_sni: "b.example" })?.column).toBe("tls_sni");
    expect(nameOf({ dst_name: "c.example" })).toEqual({ column: "dst_name", value: "c.example" });
    expect(nameOf({ http_host: "a.example", tls_sni: "b.example" })).toEqual({ column: "tls_sni", value: "b.example" });
    expect(isEncrypted({ ssh_server: "x" })).toBe(true);
    expect(isEncrypted({ app: "TLSX" })).toBe(false);
    expect(isEncrypted({ app: "TLS.YouTube", encrypted: false })).toBe(false);
  });
  test("values by type and unit", () => {
    expect(show("src_bytes", 1500, words)).toBe("1.50 kB");
    expect(show("npm_response_micros", 1500, words)).toBe("1.5 ms");
    expect(show("proto", 17, words)).toBe("UDP");
    expect(show("encrypted", true, words)).toBe("yes");
    expect(show("dst_port", 51413, words)).toBe("51413");
    expect(show("no_such_column", "x", words)).toBe("x");
  });
  test("duration", () => expect(durationMicros({ time_start: "2026-05-01T00:00:00.000Z", time_end: "2026-05-01T00:00:01.500Z" })).toBe(1_500_000));
});

describe("TLS records in the session picture", () => {
  const strokes = picture([517, -1400, -900, 93, -51, 300], [0, 900, 0, 1_500, 900, 40_000], "index", 1000, 200).strokes;

  test("each record is at the packet of its side in which it begins", () => {
    const found = marked(strokes, { lengths: [512, -85, -1_200, -4, 37, 1, 40, -1, -40, 280, 99], times: [0, 905, 0, 0, 1_500, 0, 0, 900, 0, 40_000, 9_000_000], types: [22, 22, 22, 22, 22, 20, 22, 20, 22, 23, 23] });
    expect([...found.packets].map(([index, list]) => [index, list.map((record) => record.kind)])).toEqual([
      [0, ["handshake"]],
      [1, ["handshake", "handshake", "handshake"]],
      [3, ["handshake", "cipher", "handshake"]],
      [4, ["cipher", "handshake"]],
      [5, ["data"]],
    ]);
    expect(found.kinds).toEqual(["handshake", "cipher", "data"]);
    expect(found.handshake).toEqual({ from: 0, to: 4 });
  });

  test("without records there is nothing to show, and unknown types are other ones", () => {
    expect(marked(strokes, { lengths: [], times: [], types: [] })).toEqual({ packets: new Map(), kinds: [], handshake: null });
    expect(marked(strokes, { lengths: [5], times: [], types: [24] }).kinds).toEqual(["other"]);
    expect(marked([], { lengths: [5], times: [], types: [22] }).packets.size).toBe(0);
  });
});

describe("session picture", () => {
  test("places packets in order or in time", () => {
    const byTime = picture([100, -1400, 50], [0, 900, 100], "time", 1000, 200);
    expect(byTime.strokes.map((one) => one.x)).toEqual([0, 900, 1000]);
    expect(byTime.strokes.map((one) => Math.sign(one.y))).toEqual([-1, 1, -1]);
    expect(byTime.most).toBe(1500);
    expect(picture([100, -1400, 50], [0, 900, 100], "index", 1000, 200).strokes.map((one) => one.x)).toEqual([0, 500, 1000]);
  });
  test("several sessions are drawn to one scale, and time can be logarithmic", () => {
    const sessions = [{ lengths: [100, -1400], times: [0, 9_900] }, { lengths: [3000], times: [] }];
    const scale = scaleOf(sessions);
    expect(scale).toEqual({ most: 3000, lasts: 9_900, packets: 2 });
    expect(picture([1500], [], "index", 1000, 200, scale).strokes[0]?.y).toBe(-50);
    const byLog = picture([10, 10, 10], [0, 900, 9_000], "log", 1000, 200, scale);
    expect(byLog.strokes.map((one) => Math.round(one.x))).toEqual([0, 500, 1000]);
    expect(byLog.ticks.map((tick) => tick.value)).toEqual([0, 1000]);
  });
  test("bears one packet and missing times", () => {
    expect(picture([10], [], "time", 100, 100).strokes).toHaveLength(1);
    expect(picture([10], [], "index", 100, 100).ticks).toEqual([{ x: 0, value: 1 }]);
  });
});

test("rates are bits for octets only", () => expect([rate(1000, "bytes", 10), rate(1000, "flows", 10)]).toEqual([800, 100]));
