// SPDX-License-Identifier: Apache-2.0
// Reasons in both languages.
import { expect, test } from "vitest";
import { REASONS } from "../gen/reasons";
import { reasonIn } from "./reason";

test("each statement is said in Japanese, with its values", () => {
  expect(reasonIn("ja", "Transport Layer Security by its content; YouTube by the name i.ytimg.com in tls_sni")).toBe("内容から Transport Layer Security と判定、tls_sni の名前 i.ytimg.com から YouTube と判定");
  expect(reasonIn("ja", "DTLS by its content; inside STUN")).toBe("内容から DTLS と判定、STUN の中で検出");
  expect(reasonIn("ja", "protocol number 89 in the IP header")).toBe("IP ヘッダーのプロトコル番号 89 による");
});

test("each statement of the table is recognised as itself", () => {
  for (const { en, ja } of REASONS) {
    const fill = (text: string) => text.replace(/\{(\d+)\}/g, "v$1");
    expect(reasonIn("ja", fill(en))).toBe(fill(ja));
  }
});

test("English stays, and so does what nobody knows", () => {
  expect(reasonIn("en", "TLS by its content")).toBe("TLS by its content");
  expect(reasonIn("ja", "told by an exporter")).toBe("told by an exporter");
});
