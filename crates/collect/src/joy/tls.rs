// SPDX-License-Identifier: Apache-2.0
//! The member `tls` of Joy's lines: hellos with their suites and extensions, of which fingerprints are computed, and the
//! server's certificate. Versions are Joy's own numbers.

use minamo_base::{Time, unhex};
use minamo_dissect::fingerprint::{Carrier, ClientShape, ja3, ja4};
use minamo_model::flow::Tls;
use minamo_model::names::{joy_version_wire, tls_cipher, tls_version};
use serde_json::Value;

use super::line::{Bad, Object, number, short};

/// Most names of a certificate, as everywhere.
const MAX_NAMES: usize = 16;
/// Most octets of a text.
const MAX_TEXT: usize = 1_000;

const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURES: u16 = 13;
const ALPN: u16 = 16;
const VERSIONS: u16 = 43;

/// Reads the member; the facts, if there are any, and whether the line is a client's or a server's alone.
pub(super) fn read(of: &Object) -> Result<(Option<Tls>, Option<bool>), Bad> {
    let named = |(field, cause): Bad| (format!("tls.{field}"), cause);
    let mut out = Tls::default();
    let client = hello(of, &mut out).map_err(named)?;
    let server = answer(of, &mut out).map_err(named)?;
    for name in ["s_cert", "server_cert"] {
        if let Some(Value::Object(first)) = of.get(name).and_then(|list| list.get(0)) {
            certificate(first, &mut out);
        }
    }
    // What this program wrote itself.
    let own = |name: &str| text(of.get(name));
    out.sni = out.sni.or_else(|| own("sni"));
    (out.ja3, out.ja4) = (own("ja3").or(out.ja3), own("ja4").or(out.ja4));
    if let Some(Value::Array(protocols)) = of.get("alpn") {
        out.alpn = Some(protocols.iter().filter_map(|name| text(Some(name))).take(MAX_NAMES).collect());
    }
    let side = match (client, server) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    Ok(((out != Tls::default()).then_some(out), side))
}

/// Puts what a server's half says beside what the client's says.
pub(super) fn join(client: &mut Tls, server: Tls) {
    let Tls { version, cipher, alpn_selected, cert_subject, cert_issuer, cert_names, .. } = server;
    client.version = version.or(client.version.take());
    client.cipher = cipher;
    client.alpn_selected = alpn_selected;
    (client.cert_subject, client.cert_issuer, client.cert_names) = (cert_subject, cert_issuer, cert_names);
    (client.cert_not_before, client.cert_not_after) = (server.cert_not_before, server.cert_not_after);
    (client.cert_serial, client.cert_key) = (server.cert_serial, server.cert_key);
    (client.cert_signature, client.cert_self_signed) = (server.cert_signature, server.cert_self_signed);
}

/// The client's hello; true where there is one.
fn hello(of: &Object, out: &mut Tls) -> Result<bool, Bad> {
    let version = match number(of, "c_version", 6)? {
        Some(version) => Some(version),
        None => number(of, "tls_ov", 6)?,
    };
    if let Some(Value::String(name)) = of.get("SNI").and_then(|list| list.get(0)) {
        out.sni = Some(name.to_ascii_lowercase());
    }
    let Some(Value::Array(suites)) = of.get("cs") else { return Ok(false) };
    let mut shape =
        ClientShape { legacy_version: version.and_then(joy_version_wire).unwrap_or(0x0303), ..ClientShape::default() };
    for (at, suite) in suites.iter().enumerate() {
        let number = suite.as_str().and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let bad = || (format!("cs[{at}]"), format!("got {}, want four hexadecimal digits", short(suite)));
        shape.ciphers.push(number.ok_or_else(bad)?);
    }
    let mut whole = true;
    for (kind, value) in extensions(of, ["c_extensions", "tls_ext"])? {
        let Some(kind) = kind else {
            whole = false;
            continue;
        };
        shape.extensions.push(kind);
        whole &= extension(kind, value, &mut shape, out);
    }
    out.version = shape
        .supported_versions
        .iter()
        .copied()
        .max()
        .or(version.and_then(joy_version_wire))
        .and_then(tls_version)
        .map(Into::into);
    // Of extensions without a known number no fingerprint can be told.
    if whole {
        (out.ja3, out.ja4) = (Some(ja3(&shape)), Some(ja4(Carrier::Tcp, &shape)));
    }
    Ok(true)
}

/// The server's hello; true where there is one.
fn answer(of: &Object, out: &mut Tls) -> Result<bool, Bad> {
    let suite = of.get("scs").and_then(Value::as_str);
    if suite.is_none() && !of.contains_key("s_version") {
        return Ok(false);
    }
    out.cipher = suite.map(|suite| match u16::from_str_radix(suite, 16) {
        Ok(number) if suite.len() == 4 => tls_cipher(number),
        // The name, as older versions of this program wrote it.
        _ => suite.to_owned().into(),
    });
    let mut shape = ClientShape::default();
    let mut chosen = Tls::default();
    let mut newest = false;
    for (kind, value) in extensions(of, ["s_extensions", "s_tls_ext"])? {
        newest |= kind == Some(VERSIONS) && value.as_str() == Some("0304");
        if kind == Some(ALPN) {
            extension(ALPN, value, &mut shape, &mut chosen);
        }
    }
    out.alpn_selected = chosen.alpn.and_then(|names| names.into_iter().next());
    let told = match of.get("s_version") {
        Some(Value::String(name)) => Some(name.clone().into()),
        Some(_) => number(of, "s_version", 6)?.and_then(joy_version_wire).and_then(tls_version).map(Into::into),
        None => number(of, "tls_iv", 6)?.and_then(joy_version_wire).and_then(tls_version).map(Into::into),
    };
    out.version = if newest { tls_version(0x0304).map(Into::into) } else { told.or(out.version.take()) };
    Ok(true)
}

/// Extensions with their numbers, where they are known: `{"name": "octets"}`, or `type` and `data` in older versions.
fn extensions<'a>(of: &'a Object, names: [&str; 2]) -> Result<Vec<(Option<u16>, &'a Value)>, Bad> {
    let Some((name, list)) = names.iter().find_map(|name| Some((name, of.get(*name)?))) else { return Ok(Vec::new()) };
    let Value::Array(list) = list else {
        return Err(((*name).to_owned(), format!("got {}, want a list", short(list))));
    };
    let one = |(at, value): (usize, &'a Value)| {
        let bad = || (format!("{name}[{at}]"), format!("got {}, want an extension", short(value)));
        let members = value.as_object().ok_or_else(bad)?;
        if let Some(kind) = members.get("type") {
            let number = kind.as_str().and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or_else(bad)?;
            return Ok((Some(number), members.get("data").unwrap_or(&Value::Null)));
        }
        let (kind, data) = members.iter().next().ok_or_else(bad)?;
        let known = EXTENSIONS.iter().find(|(known, _)| known == kind).map(|(_, number)| *number);
        Ok((known.or_else(|| kind.parse().ok()), data))
    };
    list.iter().enumerate().map(one).collect()
}

/// Takes what an extension says into the shape of the hello; false where it cannot be read.
fn extension(kind: u16, value: &Value, shape: &mut ClientShape, out: &mut Tls) -> bool {
    let octets = value.as_str().and_then(unhex);
    let pairs = |octets: &[u8]| -> Vec<u16> {
        octets.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, octet| all << 8 | u16::from(*octet))).collect()
    };
    match (kind, octets) {
        (SERVER_NAME, octets) => {
            // A list of one name (RFC 6066 §3), or the name itself.
            let name = octets.and_then(|octets| String::from_utf8(octets.get(5..)?.to_vec()).ok());
            out.sni = name
                .or_else(|| text(Some(value)))
                .map(|name| name.to_ascii_lowercase())
                .filter(|name| name.contains('.'));
        }
        (ALPN, Some(octets)) => {
            let mut rest = octets.get(2..).unwrap_or_default();
            let mut names = Vec::new();
            while let Some((length, more)) = rest.split_first() {
                let Some((name, more)) = more.split_at_checked(usize::from(*length)) else { return false };
                names.push(String::from_utf8_lossy(name).into_owned());
                rest = more;
            }
            alpn(names, shape, out);
        }
        (ALPN, None) => {
            let Value::Array(list) = value else { return false };
            alpn(list.iter().filter_map(|name| text(Some(name))).collect(), shape, out);
        }
        (GROUPS, Some(octets)) => shape.groups = pairs(octets.get(2..).unwrap_or_default()),
        (POINT_FORMATS, Some(octets)) => shape.point_formats = octets.get(1..).unwrap_or_default().to_vec(),
        (SIGNATURES, Some(octets)) => shape.signature_algorithms = pairs(octets.get(2..).unwrap_or_default()),
        (VERSIONS, Some(octets)) => shape.supported_versions = pairs(octets.get(1..).unwrap_or_default()),
        (GROUPS | POINT_FORMATS | SIGNATURES | VERSIONS, None) => return false,
        _ => {}
    }
    true
}

fn alpn(names: Vec<String>, shape: &mut ClientShape, out: &mut Tls) {
    shape.first_alpn = names.first().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
    out.alpn = Some(names.into_iter().take(MAX_NAMES).collect());
}

/// The server's certificate.
fn certificate(of: &Object, out: &mut Tls) {
    (out.cert_subject, out.cert_issuer) = (distinguished(of.get("subject")), distinguished(of.get("issuer")));
    out.cert_self_signed = match (&out.cert_subject, &out.cert_issuer) {
        (Some(subject), Some(issuer)) => Some(subject == issuer),
        _ => None,
    };
    out.cert_not_before = text(of.get("validity_not_before")).and_then(|text| date(&text));
    out.cert_not_after = text(of.get("validity_not_after")).and_then(|text| date(&text));
    out.cert_serial = text(of.get("serial_number"));
    out.cert_signature = text(of.get("signature_algo")).map(Into::into);
    let (kind, size) =
        (text(of.get("subject_public_key_algo")), of.get("subject_public_key_size").and_then(Value::as_u64));
    if let (Some("rsaEncryption"), Some(size)) = (kind.as_deref(), size) {
        out.cert_key = Some(format!("RSA {size}").into());
    }
    let mut names: Vec<String> = Vec::new();
    if let Some(Value::Array(list)) = of.get("SAN") {
        names.extend(list.iter().filter_map(|name| text(Some(name))));
    }
    for extension in of.get("extensions").and_then(Value::as_array).into_iter().flatten() {
        if let Some(list) = text(extension.get("X509v3 Subject Alternative Name")) {
            names.extend(list.split(", ").filter_map(|name| name.strip_prefix("DNS:")).map(str::to_owned));
        }
    }
    names.truncate(MAX_NAMES);
    out.cert_names = (!names.is_empty()).then_some(names);
}

/// A distinguished name as this program writes it: `C=US, O=Example, CN=host`.
fn distinguished(value: Option<&Value>) -> Option<String> {
    let parts = value?.as_array()?.iter().filter_map(|part| {
        let members = part.as_object()?;
        let (name, value) = match (members.get("issuer_string").or_else(|| members.get("subject_string")), members) {
            (Some(value), members) => {
                let identifier = members.get("issuer_id").or_else(|| members.get("subject_id"))?.as_str()?;
                (ATTRIBUTES.iter().find(|(.., known)| *known == identifier)?.1, value)
            }
            (None, members) => {
                let (long, value) = members.iter().next()?;
                (
                    ATTRIBUTES.iter().find(|(known, ..)| known == long).map_or(long.as_str(), |(_, short, _)| short),
                    value,
                )
            }
        };
        Some(format!("{name}={}", text(Some(value))?))
    });
    let all: Vec<String> = parts.collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// A date as OpenSSL prints it: `Aug  7 15:04:17 2017 GMT`.
fn date(text: &str) -> Option<Time> {
    let mut words = text.split_whitespace();
    let (month, day, clock, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|known| *known == month)? + 1;
    Time::parse(&format!("{year}-{month:02}-{:02}T{clock}Z", day.parse::<u8>().ok()?))
}

fn text(value: Option<&Value>) -> Option<String> {
    value?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect())
}

/// Attributes of names (RFC 4519 §2): in words, short, and as the octets of their identifiers.
const ATTRIBUTES: &[(&str, &str, &str)] = &[
    ("countryName", "C", "550406"),
    ("stateOrProvinceName", "ST", "550408"),
    ("localityName", "L", "550407"),
    ("organizationName", "O", "55040a"),
    ("organizationalUnitName", "OU", "55040b"),
    ("commonName", "CN", "550403"),
];

/// Extensions as Joy names them, with their numbers (IANA, "TLS ExtensionType Values").
const EXTENSIONS: &[(&str, u16)] = &[
    ("server_name", SERVER_NAME),
    ("max_fragment_length", 1),
    ("client_certificate_url", 2),
    ("trusted_ca_keys", 3),
    ("truncated_hmac", 4),
    ("status_request", 5),
    ("user_mapping", 6),
    ("client_authz", 7),
    ("server_authz", 8),
    ("cert_type", 9),
    ("supported_groups", GROUPS),
    ("ec_point_formats", POINT_FORMATS),
    ("srp", 12),
    ("signature_algorithms", SIGNATURES),
    ("use_srtp", 14),
    ("heartbeat", 15),
    ("application_layer_protocol_negotiation", ALPN),
    ("status_request_v2", 17),
    ("signed_certificate_timestamp", 18),
    ("client_certificate_type", 19),
    ("server_certificate_type", 20),
    ("padding", 21),
    ("encrypt_then_mac", 22),
    ("extended_master_secret", 23),
    ("token_binding", 24),
    ("cached_info", 25),
    ("compress_certificate", 27),
    ("record_size_limit", 28),
    ("session_ticket", 35),
    ("pre_shared_key", 41),
    ("early_data", 42),
    ("supported_versions", VERSIONS),
    ("cookie", 44),
    ("psk_key_exchange_modes", 45),
    ("certificate_authorities", 47),
    ("oid_filters", 48),
    ("post_handshake_auth", 49),
    ("signature_algorithms_cert", 50),
    ("key_share", 51),
    ("next_protocol_negotiation", 13_172),
    ("channel_id", 30_032),
    ("renegotiation_info", 65_281),
];
