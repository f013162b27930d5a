// SPDX-License-Identifier: Apache-2.0
// Filter text made from clicks, and tolerant colouring.
import { describe, expect, test } from "vitest";
import { exclude, narrow, term, terms } from "./build";
import { recent, remember } from "./recent";
import { tokens, toCharacters, toUnits } from "./tokens";

describe("terms", () => {
  test("are quoted by the column's type", () => {
    expect(term("app", "SSH")).toBe('app = "SSH"');
    expect(term("dst_port", 443)).toBe("dst_port = 443");
    expect(term("src_ip", "2001:db8::1")).toBe("src_ip = 2001:db8::1");
    expect(term("ip", "192.0.2.1")).toBe("ip 192.0.2.1");
    expect(term("encrypted", true)).toBe("encrypted = true");
  });
  test("escape quotes and backslashes", () => expect(term("smb_share", '\\\\a\\"b"')).toBe('smb_share = "\\\\\\\\a\\\\\\"b\\""'));
  test("are null for what cannot be asked for", () => {
    expect(term("app", null)).toBeNull();
    expect(term("time_start", "2026-05-01T00:00:00Z")).toBeNull();
    expect(terms(["ip"], [null])).toBeNull();
    expect(term("tls_alpn", "h2")).toBeNull();
  });
  test("ask for the absence of a value", () => expect(terms(["app", "tls_version"], ["SSH", null])).toBe('app = "SSH" and not tls_version present'));
  test("join", () => expect(terms(["app", "dst_port"], ["SSH", 22])).toBe('app = "SSH" and dst_port = 22'));
});

describe("narrowing", () => {
  test("joins with and", () => expect(narrow("proto tcp", "dst_port = 22")).toBe("proto tcp and dst_port = 22"));
  test("guards an alternative", () => expect(narrow("port 22 or port 23", "proto tcp")).toBe("(port 22 or port 23) and proto tcp"));
  test("does not guard twice", () => expect(narrow("(port 22 or port 23)", "proto tcp")).toBe("(port 22 or port 23) and proto tcp"));
  test("guards two alternatives in brackets", () => expect(narrow("(port 1) or (port 2)", "proto tcp")).toBe("((port 1) or (port 2)) and proto tcp"));
  test("does not take text for a word", () => expect(narrow('app = "this or that"', "proto tcp")).toBe('app = "this or that" and proto tcp'));
  test("says a term once", () => expect(narrow("proto tcp", "proto tcp")).toBe("proto tcp"));
  test("drops a comment, which would swallow the rest", () => expect(narrow('app = "a # b" # ours', "proto tcp")).toBe('app = "a # b" and proto tcp'));
  test("excludes", () => {
    expect(exclude("", 'app = "SSH"')).toBe('not app = "SSH"');
    expect(exclude("proto tcp", "a = 1 and b = 2")).toBe("proto tcp and not (a = 1 and b = 2)");
    expect(exclude("", "not tls_version present")).toBe("not (not tls_version present)");
  });
});

describe("colouring", () => {
  const kinds = (text: string) => tokens(text).filter((token) => token.kind !== "space").map((token) => token.kind);
  test("knows words by their role", () => expect(kinds('src net 10.0.0.0/8 and tls_sni ~ "*.jp" # x')).toEqual(["keyword", "keyword", "address", "keyword", "column", "operator", "string", "comment"]));
  test("keeps every character of any text", () => {
    for (const text of ['app = "open', "!! ((", "port in [80 443]", "日本 = 語", "a=1#b", "'x", "src in @guests", "tcp&&udp||!icmp", "a =~ b & c"]) expect(tokens(text).map((token) => token.text).join("")).toBe(text);
  });
  test("translates positions beyond the basic plane", () => {
    expect(toUnits("𠮷 =", 2)).toBe(3);
    expect(toCharacters("𠮷 =", 3)).toBe(2);
  });
});

test("recent filters are kept once, newest first", () => {
  for (const text of ["a", "b", " a ", ""]) remember(text);
  expect(recent()).toEqual(["a", "b"]);
});
