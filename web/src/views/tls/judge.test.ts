// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { expiry, isOldVersion, isPostQuantum, isWeakSuite } from "./judge";
import { issuer } from "./Tls";

test("old and weak are told from new and strong", () => {
  expect(["SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 0.9", "DTLS 1.0", "TLS 1.2", "DTLS 1.2", "TLS 1.3"].filter(isOldVersion)).toEqual(["SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 0.9", "DTLS 1.0"]);
  const suites = ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_NULL_SHA", "TLS_DH_anon_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_DES_CBC_SHA", "TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"];
  expect(suites.filter((name) => !isWeakSuite(name))).toEqual(suites.slice(5));
  expect(["X25519MLKEM768", "X25519Kyber768Draft00", "x25519"].map(isPostQuantum)).toEqual([true, true, false]);
});

test("a certificate is expired, ends soon or later", () => {
  const at = Date.parse("2026-05-01T00:00:00Z");
  expect(expiry("2026-04-30T00:00:00Z", at)).toEqual({ state: "expired", days: -1 });
  expect(expiry("2026-05-11T12:00:00Z", at)).toEqual({ state: "soon", days: 10 });
  expect(expiry("2026-06-01T00:00:00Z", at)).toEqual({ state: "later", days: 31 });
});

test("of a distinguished name organisation and common name are shown", () => {
  expect(issuer("C=US, O=Example Trust, CN=Example R3")).toBe("Example Trust · Example R3");
  expect(issuer("CN=router")).toBe("router");
  expect(issuer("something else")).toBe("something else");
});
