// SPDX-License-Identifier: Apache-2.0
//! Names of the numbers in hellos: versions, cipher suites and groups, as the IANA registry "TLS Parameters" has them.
//! Numbers without a name here are shown in hexadecimal.

use std::borrow::Cow;

/// Name of a protocol version: `TLS 1.3`, `DTLS 1.2`, `TLS 1.3 draft-28`.
pub(crate) fn version(number: u16) -> Cow<'static, str> {
    if let Some(name) = minamo_model::names::tls_version(number) {
        return name.into();
    }
    match number {
        // The numbers of the drafts of RFC 8446, its section 4.2.1.
        0x7f0e..=0x7f1c => format!("TLS 1.3 draft-{}", number & 0xff).into(),
        // OpenSSL before RFC 4347 was out.
        0x0100 => "DTLS 0.9".into(),
        _ => unknown(number),
    }
}

/// IANA name of a cipher suite.
pub(crate) fn cipher(number: u16) -> Cow<'static, str> {
    minamo_model::names::tls_cipher(number)
}

/// IANA name of a key exchange group.
pub(crate) fn group(number: u16) -> Cow<'static, str> {
    lookup(GROUPS, number)
}

/// Name of an alert (RFC 8446 §6, and of older versions RFC 5246 §7.2).
pub(crate) fn alert(number: u8) -> Cow<'static, str> {
    lookup(ALERTS, number.into())
}

/// True for groups that withstand quantum computers, alone or beside a classic one.
pub(crate) fn is_post_quantum(number: u16) -> bool {
    let name = group(number);
    name.contains("MLKEM") || name.contains("Kyber")
}

fn lookup(table: &'static [(u16, &'static str)], number: u16) -> Cow<'static, str> {
    let found = table.binary_search_by_key(&number, |(key, _)| *key).ok().and_then(|at| table.get(at));
    found.map_or_else(|| unknown(number), |(_, name)| Cow::Borrowed(name))
}

fn unknown(number: u16) -> Cow<'static, str> {
    format!("0x{number:04x}").into()
}

/// Sorted by number.
const GROUPS: &[(u16, &str)] = &[
    (1, "sect163k1"),
    (3, "sect163r2"),
    (6, "sect233k1"),
    (7, "sect233r1"),
    (9, "sect283k1"),
    (10, "sect283r1"),
    (11, "sect409k1"),
    (12, "sect409r1"),
    (13, "sect571k1"),
    (14, "sect571r1"),
    (19, "secp192r1"),
    (21, "secp224r1"),
    (22, "secp256k1"),
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (29, "x25519"),
    (30, "x448"),
    (31, "brainpoolP256r1tls13"),
    (32, "brainpoolP384r1tls13"),
    (33, "brainpoolP512r1tls13"),
    (41, "curveSM2"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
    (512, "MLKEM512"),
    (513, "MLKEM768"),
    (514, "MLKEM1024"),
    (4587, "SecP256r1MLKEM768"),
    (4588, "X25519MLKEM768"),
    (4589, "SecP384r1MLKEM1024"),
    (25497, "X25519Kyber768Draft00"),
    (25498, "SecP256r1Kyber768Draft00"),
];

/// Sorted by number.
const ALERTS: &[(u16, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(ALERTS.is_sorted_by_key(|(number, _)| *number));
        assert!(GROUPS.is_sorted_by_key(|(number, _)| *number));
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(cipher(0x1301), "TLS_AES_128_GCM_SHA256");
        assert_eq!(cipher(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
        assert_eq!(cipher(0x1234), "0x1234");
        assert_eq!(group(0x11ec), "X25519MLKEM768");
        assert!(is_post_quantum(0x11ec) && is_post_quantum(25_497) && !is_post_quantum(29));
        assert_eq!((alert(40), alert(255)), ("handshake_failure".into(), "0x00ff".into()));
        assert_eq!(version(0x7f1c), "TLS 1.3 draft-28");
    }
}
