// SPDX-License-Identifier: Apache-2.0
//! Risks that follow from the facts of a row: TLS and its certificate, DNS, SSH, SMB, ports, names, the connection itself.

use std::net::IpAddr;

use minamo_base::{NANOS_PER_SEC, Time};
use minamo_model::Flow;

use super::registry::*;
use super::{chain, lexical, note};
use crate::protocols::tls;
use crate::{Category, Protocol};

const DAY: i64 = 86_400 * NANOS_PER_SEC;
/// Days before its end in which a certificate ends soon.
const SOON_DAYS: i64 = 30;
/// Days of a certificate that lives so short that it renews itself.
const SHORT_DAYS: i64 = 8;
/// Days that public authorities may give since [`LONG_SINCE`] (Baseline Requirements §6.3.2).
const LONG_DAYS: i64 = 398;
/// 2020-09-01, from when on that limit holds.
const LONG_SINCE: Time = Time(1_598_918_400 * NANOS_PER_SEC);

/// Protocols that are at home on their registered ports: elsewhere somebody moved them.
const AT_HOME: &[&str] = &[
    "DNS",
    "FTP_CONTROL",
    "HTTP",
    "IMAP",
    "Kerberos",
    "LDAP",
    "MsSQL-TDS",
    "MySQL",
    "NTP",
    "POP3",
    "PostgreSQL",
    "RDP",
    "SMTP",
    "SMBv1",
    "SMBv23",
    "SNMP",
    "SSH",
    "TFTP",
    "TLS",
    "Telnet",
    "VNC",
];
/// Protocols that send logins or commands in clear.
const UNSAFE: &[&str] = &["Telnet", "RSH", "TFTP", "XDMCP", "FTP_CONTROL", "SMBv1"];
/// Protocols of remote access that are protected or have a row of their own.
const SHELLS: &[&str] = &["SSH", "Telnet", "RSH", "OpenVPN", "WireGuard"];

/// Ports, kind of protocol, and how the connection went.
pub(super) fn transport(flow: &mut Flow, protocol: Option<&'static Protocol>) {
    if let Some(protocol) = protocol {
        foreign_port(flow, protocol);
        if UNSAFE.contains(&protocol.name) && flow.tls.is_none() {
            note(flow, &UNSAFE_PROTOCOL, &[protocol.title]);
        }
        if protocol.category == Category::RemoteAccess && !SHELLS.contains(&protocol.name) {
            note(flow, &REMOTE_ACCESS, &[protocol.title]);
        }
        if matches!(protocol.name, "Mining" | "Stratum" | "Monero") {
            note(flow, &MINING, &[protocol.title]);
        }
    }
    if let Some(told) = failed(flow) {
        note(flow, &TCP_TROUBLE, &[told]);
    }
}

fn foreign_port(flow: &mut Flow, protocol: &Protocol) {
    let (src, dst) = (flow.core.src_port, flow.core.dst_port);
    let usual = |port: u16| protocol.ports.contains(&port);
    // Web servers on high ports are everyday life; on low ones they sit in somebody else's place.
    let high = dst >= 1_024 && src >= 1_024;
    let everyday = matches!(protocol.name, "HTTP" | "TLS") && high;
    // What only looks like it at first has a name of its own: DNSCrypt, DNS on a link.
    let same = flow.core.app.split('.').next() == Some(protocol.name);
    if !same || !AT_HOME.contains(&protocol.name) || usual(src) || usual(dst) || everyday || dst == 0 {
        return;
    }
    let ports: Vec<String> = protocol.ports.iter().take(4).map(u16::to_string).collect();
    note(flow, &FOREIGN_PORT, &[protocol.name, &dst.to_string(), &ports.join(", ")]);
}

/// How a TCP connection failed.
fn failed(flow: &Flow) -> Option<&'static str> {
    const SYN: u8 = 2;
    const RST: u8 = 4;
    let tcp = flow.tcp.as_deref()?;
    let (src, dst) = (tcp.src_flags.unwrap_or(0), tcp.dst_flags.unwrap_or(0));
    // One that nobody answers is told by its counters, and scans are full of them.
    let refused = src & SYN != 0 && dst & SYN == 0 && dst & RST != 0;
    refused.then_some("refused")
}

/// Version, cipher suite, names, protocols and certificate of TLS.
pub(super) fn tls(flow: &mut Flow) {
    let (at, port, quic) = (flow.core.time_start, flow.core.dst_port, flow.quic.is_some());
    let stream = flow.tcp.is_some();
    let Some(group) = flow.tls.take() else { return };
    if let Some(version) = group.version.as_deref().filter(|version| is_old(version)) {
        note(flow, &OLD_TLS, &[version]);
    }
    if let Some(cipher) = group.cipher.as_deref().filter(|cipher| is_weak(cipher)) {
        note(flow, &WEAK_CIPHER, &[cipher]);
    }
    if let Some(alert) = group.alert.as_deref() {
        note(flow, &TLS_ALERT, &[alert]);
    }
    // Only a client hello has these.
    if group.ja3.is_some() {
        if group.sni.is_none() && (stream || quic) {
            note(flow, &MISSING_SNI, &[]);
        }
        if group.alpn.is_none() && stream && port == 443 {
            note(flow, &TLS_NOT_WEB, &["443"]);
        }
    }
    let offered = group.alpn.as_deref().unwrap_or_default();
    if let Some(odd) = offered.iter().find(|name| !is_registered(name)) {
        note(flow, &UNCOMMON_ALPN, &[odd]);
    }
    if let Some(chosen) = group.alpn_selected.as_deref()
        && group.ja3.is_some()
        && !offered.iter().any(|name| name == chosen)
    {
        note(flow, &ALPN_MISMATCH, &[chosen]);
    }
    certificate(flow, &group, at);
    flow.tls = Some(group);
    if let Some(behind) = flow.tls_chain.take() {
        chain::judge(flow, &behind, at);
        flow.tls_chain = Some(behind);
    }
}

fn certificate(flow: &mut Flow, group: &minamo_model::flow::Tls, at: Time) {
    let subject = group.cert_subject.as_deref().unwrap_or_default();
    let own = group.cert_self_signed == Some(true);
    if own {
        note(flow, &SELF_SIGNED, &[subject]);
    }
    if let Some(key) = group.cert_key.as_deref().filter(|key| is_weak_key(key)) {
        note(flow, &WEAK_KEY, &[key]);
    }
    if let Some(signature) = group.cert_signature.as_deref().filter(|name| is_weak_signature(name) && !own) {
        note(flow, &WEAK_SIGNATURE, &[signature]);
    }
    if let (Some(begin), Some(end)) = (group.cert_not_before, group.cert_not_after) {
        validity(flow, own, begin, end, at);
    }
    let named = |name: &&str| group.ech != Some(true) && name.parse::<IpAddr>().is_err();
    if let Some(name) = group.sni.as_deref().filter(named)
        && tls::certified_for(group, name) == Some(false)
    {
        let names = group.cert_names.as_deref().map(|names| names.join(", "));
        note(flow, &SNI_MISMATCH, &[name, names.as_deref().unwrap_or(subject)]);
    }
}

fn validity(flow: &mut Flow, own: bool, begin: Time, end: Time, at: Time) {
    let length = end.since(begin);
    if end < at {
        note(flow, &CERTIFICATE_EXPIRED, &[&end.to_string()]);
    } else if at < begin {
        note(flow, &CERTIFICATE_NOT_YET_VALID, &[&begin.to_string()]);
    } else if end.since(at) <= SOON_DAYS * DAY && length > SHORT_DAYS * DAY {
        note(flow, &CERTIFICATE_EXPIRES_SOON, &[&end.to_string()]);
    }
    if begin >= LONG_SINCE && length > (LONG_DAYS + 1) * DAY && !own {
        note(flow, &CERTIFICATE_LONG, &[&(length / DAY).to_string()]);
    }
}

/// RFC 8996, and what came before.
fn is_old(version: &str) -> bool {
    matches!(version, "SSL 2.0" | "SSL 3.0" | "TLS 1.0" | "TLS 1.1" | "DTLS 0.9" | "DTLS 1.0")
}

/// RFC 9325 §4.2.1: what must not be negotiated.
fn is_weak(cipher: &str) -> bool {
    ["_NULL_", "_EXPORT_", "_RC4_", "_DES_", "_DES40_", "_3DES_", "_RC2_", "_anon_"]
        .iter()
        .any(|part| cipher.contains(part))
}

pub(super) fn is_weak_key(key: &str) -> bool {
    let (kind, size) = key.split_once(' ').unwrap_or((key, ""));
    match kind {
        "RSA" | "DSA" => size.parse::<u32>().is_ok_and(|bits| bits < 2_048),
        "EC" => {
            matches!(size, "P-192" | "secp160r1" | "secp192k1" | "sect163k1" | "sect163r2" | "secp112r1" | "secp128r1")
        }
        _ => false,
    }
}

pub(super) fn is_weak_signature(name: &str) -> bool {
    ["md2", "md4", "md5", "sha1", "SHA1"].iter().any(|part| name.contains(part))
}

/// IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs", and what came before and beside it: drafts of
/// HTTP/2, HTTP/3 and SPDY, DNS over QUIC's.
fn is_registered(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "http/0.9",
        "http/1.0",
        "http/1.1",
        "h2",
        "h2c",
        "h3",
        "spdy/1",
        "spdy/2",
        "spdy/3",
        "stun.turn",
        "stun.nat-discovery",
        "webrtc",
        "c-webrtc",
        "ftp",
        "imap",
        "pop3",
        "managesieve",
        "coap",
        "co",
        "xmpp-client",
        "xmpp-server",
        "acme-tls/1",
        "mqtt",
        "dot",
        "ntske/1",
        "sunrpc",
        "smb",
        "irc",
        "nntp",
        "nnsp",
        "doq",
        "sip/2",
        "tds/8.0",
        "dicom",
        "postgresql",
        "radius/1.0",
        "radius/1.1",
        "netperfmeter/control",
        "netperfmeter/data",
        "hq-interop",
        "http",
        "grpc-exp",
        "spdy/3.1",
        "apns-security-v3",
        "apns-security-v2",
        "apns-pack-v1",
        "x-amzn-mqtt-ca",
        "x-amzn-http-ca",
        "doq-i00",
        "h1q",
        "h2q",
        "mongodb",
        "mysql",
    ];
    let draft = ["h3-", "h2-", "h2c-", "spdy/", "hq-", "doq-i", "http/2", "h3-fb-", "quic"];
    KNOWN.contains(&name) || draft.iter().any(|start| name.starts_with(start))
}

/// Size, fragments and form of questions and answers.
pub(super) fn dns(flow: &mut Flow) {
    // Multicast DNS and the like have texts in their names, and no limit of size.
    if !is_dns(flow) {
        return;
    }
    let fragments = flow.net.as_deref().and_then(|net| net.fragments).unwrap_or(0);
    if fragments > 0 {
        note(flow, &DNS_FRAGMENTED, &[&fragments.to_string()]);
    }
    let Some(group) = flow.dns.take() else { return };
    if let Some(rcode) = group.rcode.as_deref().filter(|rcode| !matches!(*rcode, "noerror")) {
        note(flow, &ERROR_CODE, &["DNS", rcode]);
    }
    let most = u32::from(group.edns_bytes.unwrap_or(0)).max(MAX_PLAIN);
    if let Some(octets) = group.answer_bytes.filter(|octets| *octets > most && flow.tcp.is_none()) {
        note(flow, &DNS_LARGE, &[&octets.to_string(), &most.to_string()]);
    }
    if let Some(query) = group.query.as_deref()
        && let Some(odd) = lexical::tunnel_like(query)
    {
        note(flow, &DNS_ODD, &[query, group.qtype.as_deref().unwrap_or_default(), odd]);
    }
    flow.dns = Some(group);
}

/// Octets that every questioner takes over UDP (RFC 1035 §4.2.1).
const MAX_PLAIN: u32 = 512;

fn is_dns(flow: &Flow) -> bool {
    flow.core.app == "DNS" || flow.core.app.starts_with("DNS.")
}

/// Versions of SSH programs.
pub(super) fn ssh(flow: &mut Flow) {
    let Some(group) = flow.ssh.take() else { return };
    for (banner, risk) in [(&group.client, &OBSOLETE_SSH_CLIENT), (&group.server, &OBSOLETE_SSH_SERVER)] {
        if let Some(banner) = banner.as_deref().filter(|banner| is_obsolete_ssh(banner)) {
            note(flow, risk, &[banner]);
        }
    }
    flow.ssh = Some(group);
}

/// Versions with holes that were closed long ago; programs that are not named here are not judged.
fn is_obsolete_ssh(banner: &str) -> bool {
    const LIMITS: &[(&str, [u32; 3])] = &[
        ("OpenSSH_", [7, 0, 0]),
        ("libssh_", [0, 8, 4]),
        ("libssh-", [0, 8, 4]),
        ("PuTTY_Release_", [0, 68, 0]),
        ("dropbear_", [2018, 76, 0]),
    ];
    LIMITS
        .iter()
        .any(|(name, limit)| banner.strip_prefix(name).and_then(version).is_some_and(|version| version < *limit))
}

/// The numbers that a text starts with: `7.4p1` is 7, 4, 0.
pub(super) fn version(text: &str) -> Option<[u32; 3]> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let mut parts = text.get(..end)?.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let first = parts.next().filter(|_| end > 0)?;
    Some([first, parts.next().unwrap_or(0), parts.next().unwrap_or(0)])
}

/// Dialects of SMB.
pub(super) fn smb(flow: &mut Flow) {
    let dialect = flow.smb.as_deref().and_then(|smb| smb.dialect.clone());
    if let Some(dialect) = dialect.filter(|dialect| *dialect == "SMB 1") {
        note(flow, &SMB1, &[&dialect]);
    }
}

/// Names wherever they stand: addresses, other alphabets, impossible characters, generated ones.
pub(super) fn names(flow: &mut Flow) {
    let named = [
        ("tls_sni", flow.tls.as_ref().and_then(|tls| tls.sni.clone())),
        ("http_host", flow.http.as_ref().and_then(|http| http.host.clone())),
        ("dns_query", flow.dns.as_ref().filter(|_| is_dns(flow)).and_then(|dns| dns.query.clone())),
    ];
    for (column, name) in named {
        let Some(name) = name else { continue };
        if name.parse::<IpAddr>().is_ok() {
            note(flow, &NUMERIC_HOST, &[&name, column]);
            continue;
        }
        if name.split('.').any(|label| label.starts_with("xn--")) {
            let read = lexical::unicode(&name);
            note(flow, &PUNYCODE, &[&name, column, &read]);
        }
        // Questions have texts in them: of those only what is no text is odd.
        let strange = |c: char| match column {
            "dns_query" => c == char::REPLACEMENT_CHARACTER || c.is_control(),
            _ => !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')),
        };
        if name.chars().any(strange) {
            note(flow, &INVALID_NAME, &[&name, column]);
        }
        if lexical::is_generated(&name) {
            note(flow, &DGA_NAME, &[&name, column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::Risk;

    fn noted(flow: &Flow, risk: &Risk) -> bool {
        flow.risk.as_ref().and_then(|group| group.risk_bits).unwrap_or(0) & risk.mask() != 0
    }

    fn days(n: i64) -> Time {
        Time(n * DAY)
    }

    /// A flow on day 19,000 (2022-01-08) with a certificate of these days.
    fn certified(begin: i64, end: i64) -> Flow {
        let mut flow = Flow::default();
        flow.core.time_start = days(19_000);
        let tls = flow.tls.get_or_insert_default();
        (tls.cert_not_before, tls.cert_not_after) = (Some(days(begin)), Some(days(end)));
        super::tls(&mut flow);
        flow
    }

    #[test]
    fn validity_is_judged_at_the_time_of_the_flow() {
        for (begin, end, want) in [
            (18_900, 18_999, Some(&CERTIFICATE_EXPIRED)),
            (19_001, 19_100, Some(&CERTIFICATE_NOT_YET_VALID)),
            (18_900, 19_020, Some(&CERTIFICATE_EXPIRES_SOON)),
            (18_998, 19_003, None),
            (18_900, 19_100, None),
            (18_900, 20_900, Some(&CERTIFICATE_LONG)),
            // Given before the limit was made.
            (18_000, 20_900, None),
        ] {
            let flow = certified(begin, end);
            let bits = flow.risk.as_ref().and_then(|group| group.risk_bits).unwrap_or(0);
            assert_eq!(bits, want.map_or(0, |risk| risk.mask()), "{begin} to {end}: {:?}", flow.risk);
        }
    }

    #[test]
    fn a_name_that_the_certificate_is_not_for() {
        let mut flow = Flow::default();
        let tls = flow.tls.get_or_insert_default();
        tls.sni = Some("www.example.com".to_owned());
        tls.cert_names = Some(vec!["*.example.org".to_owned(), "example.com".to_owned()]);
        super::tls(&mut flow);
        assert!(noted(&flow, &SNI_MISMATCH));
        let mut flow = Flow::default();
        let tls = flow.tls.get_or_insert_default();
        tls.sni = Some("www.example.com".to_owned());
        tls.cert_names = Some(vec!["*.example.com".to_owned()]);
        super::tls(&mut flow);
        assert!(!noted(&flow, &SNI_MISMATCH));
    }

    #[test]
    fn ciphers_keys_and_versions() {
        assert!(is_weak("TLS_RSA_WITH_3DES_EDE_CBC_SHA") && is_weak("TLS_DH_anon_WITH_AES_128_CBC_SHA"));
        assert!(!is_weak("TLS_RSA_WITH_AES_128_CBC_SHA") && !is_weak("TLS_AES_128_GCM_SHA256"));
        assert!(
            is_weak_key("RSA 1024") && !is_weak_key("RSA 2048") && !is_weak_key("EC P-256") && !is_weak_key("Ed25519")
        );
        assert!(is_weak_signature("sha1WithRSAEncryption") && !is_weak_signature("sha256WithRSAEncryption"));
        assert!(is_old("TLS 1.1") && is_old("DTLS 1.0") && !is_old("TLS 1.2") && !is_old("DTLS 1.2"));
    }

    #[test]
    fn old_programs_of_ssh() {
        for (banner, old) in [
            ("OpenSSH_6.6.1p1 Ubuntu-2ubuntu2", true),
            ("OpenSSH_7.0", false),
            ("OpenSSH_9.6p1", false),
            ("libssh-0.7.0", true),
            ("libssh_0.10.6", false),
            ("PuTTY_Release_0.67", true),
            ("Go", false),
            ("OpenSSH_", false),
        ] {
            assert_eq!(is_obsolete_ssh(banner), old, "{banner}");
        }
    }

    #[test]
    fn ports_that_are_not_at_home() {
        let judged = |name: &'static str, dst: u16| {
            let protocol = crate::PROTOCOLS.iter().copied().find(|row| row.name == name).expect("in the registry");
            let mut flow = Flow::default();
            (flow.core.src_port, flow.core.dst_port) = (50_000, dst);
            flow.core.app = name.into();
            transport(&mut flow, Some(protocol));
            noted(&flow, &FOREIGN_PORT)
        };
        assert!(judged("SSH", 443) && judged("HTTP", 53) && judged("TLS", 22) && judged("RDP", 4_000));
        assert!(!judged("SSH", 22) && !judged("HTTP", 8_081) && !judged("TLS", 44_300) && !judged("BitTorrent", 443));
    }

    #[test]
    fn every_protocol_that_is_judged_is_in_the_registry() {
        for name in AT_HOME.iter().chain(UNSAFE).filter(|name| !matches!(**name, "SMBv1" | "SMBv23")) {
            assert!(crate::PROTOCOLS.iter().any(|row| row.name == *name), "{name}");
        }
    }

    #[test]
    fn names_of_every_kind() {
        let mut flow = Flow::default();
        flow.tls.get_or_insert_default().sni = Some("192.0.2.1".to_owned());
        flow.http.get_or_insert_default().host = Some("xn--bcher-kva.example".to_owned());
        names(&mut flow);
        assert!(noted(&flow, &NUMERIC_HOST) && noted(&flow, &PUNYCODE) && !noted(&flow, &INVALID_NAME));
        assert!(
            flow.risk
                .as_ref()
                .expect("noted")
                .risk_evidence
                .as_ref()
                .expect("two")
                .iter()
                .any(|text| text.contains("bücher.example"))
        );
        let mut flow = Flow::default();
        flow.tls.get_or_insert_default().sni = Some("a b.example".to_owned());
        names(&mut flow);
        assert!(noted(&flow, &INVALID_NAME));
    }
}
