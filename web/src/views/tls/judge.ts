// SPDX-License-Identifier: Apache-2.0
// What is marked in the lists; the figures and filters come from the server's own risks.

/** Below TLS 1.2 (RFC 8996). */
export const isOldVersion = (name: string) => /^SSL|^D?TLS (0\.|1\.[01]$)/.test(name);

/** No encryption, export strength, RC4, DES, 3DES, no authentication (RFC 9325 §4.2.1). */
export const isWeakSuite = (name: string) => /NULL|EXPORT|RC4|_DES_|3DES|_anon_|RC2/i.test(name);

/** Key exchange that withstands quantum computers. */
export const isPostQuantum = (name: string) => /mlkem|kyber/i.test(name);

export type Expiry = "expired" | "soon" | "later";

/** How a certificate stands at an instant; 30 days are soon. */
export function expiry(notAfter: string, at: number): { state: Expiry; days: number } {
  const days = Math.floor((Date.parse(notAfter) - at) / 86_400_000);
  return { state: days < 0 ? "expired" : days < 30 ? "soon" : "later", days };
}

/** What is old or weak, as filters. */
export const WEAKNESSES = ["old_tls", "weak_cipher", "weak_key", "weak_signature", "certificate_expired", "certificate_not_yet_valid", "self_signed", "certificate_long"] as const;
export type Weakness = (typeof WEAKNESSES)[number];

/** Filter of flows with any of these. */
export const weak = (list: readonly string[]) => `risk in [${list.join(" ")}]`;
