// SPDX-License-Identifier: Apache-2.0
// Numbers, units and times as people read them. Octets and rates use SI steps.
import i18next from "i18next";

const STEPS = ["", "k", "M", "G", "T", "P", "E"];

/** 1234567 with unit "B" becomes "1.23 MB". */
export function si(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  let step = 0;
  let rest = Math.abs(value);
  while (rest >= 999.5 && step < STEPS.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const digits = step === 0 ? (Number.isInteger(rest) ? 0 : rest < 1 ? 2 : 1) : rest < 10 ? 2 : rest < 100 ? 1 : 0;
  const tail = `${STEPS[step]}${unit}`;
  return `${value < 0 ? "−" : ""}${rest.toFixed(digits)}${tail ? ` ${tail}` : ""}`;
}

export const bytes = (value: number) => si(value, "B");
export const bitRate = (value: number) => si(value, "bit/s");

const grouped = new Intl.NumberFormat("en-US");
export const whole = (value: number) => grouped.format(value);
/** Exact up to a million, then shortened. */
export const count = (value: number) => (value < 1_000_000 ? whole(value) : si(value, ""));

export function percent(part: number, of: number): string {
  if (of <= 0) return "–";
  const value = (100 * part) / of;
  if (value > 0 && value < 0.1) return "<0.1%";
  return `${value.toFixed(value < 10 ? 1 : 0)}%`;
}

const LONG_UNITS = { en: ["d", "h", "min", "s"], ja: ["日", "時間", "分", "秒"] };

/** A length of time given in microseconds: SI units below a minute, then the two largest units in the words of the language. */
export function micros(value: number): string {
  if (value < 1000) return `${Math.round(value)} µs`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)} ms`;
  const seconds = value / 1_000_000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const parts = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const first = parts.findIndex((part) => part > 0);
  const units = LONG_UNITS[i18next.language === "ja" ? "ja" : "en"];
  return parts
    .map((part, i) => (part > 0 ? `${part} ${units[i]}` : ""))
    .slice(first, first + 2)
    .filter(Boolean)
    .join(" ");
}

const two = (value: number, width = 2) => String(value).padStart(width, "0");
const day = (d: Date) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
const clock = (d: Date) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;

/** Local time to the second; the year only when it is not this year. */
export function time(text: string, withMillis = false): string {
  const d = new Date(text);
  if (Number.isNaN(d.getTime())) return text;
  const date = d.getFullYear() === new Date().getFullYear() ? day(d).slice(5) : day(d);
  return `${date} ${clock(d)}${withMillis ? `.${two(d.getMilliseconds(), 3)}` : ""}`;
}

/** Value for an `<input type="datetime-local" step="1">`. */
export const localInput = (text: string) => {
  const d = new Date(text);
  return `${day(d)}T${clock(d)}`;
};

/** The local day of an instant. */
export const localDay = (text: string) => localInput(text).slice(0, 10);

export const utc = (text: string) => (Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString().replace("T", " ").replace("Z", " UTC"));

const PROTOCOLS: Record<number, string> = { 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 89: "OSPF", 112: "VRRP", 132: "SCTP" };
export const protocol = (value: unknown) => PROTOCOLS[Number(value)] ?? `IP ${String(value)}`;

/** TCP flags in the order of the header, as letters; "·" for those not seen. */
export function tcpFlags(value: number): string {
  return Array.from("CEUAPRSF", (letter, i) => (value & (0x80 >> i) ? letter : "·")).join("");
}

const TLS_VERSIONS: Record<number, string> = { 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3" };
export const tlsVersion = (value: unknown) => (typeof value === "number" ? (TLS_VERSIONS[value] ?? `0x${value.toString(16)}`) : String(value));
