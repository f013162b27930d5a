// SPDX-License-Identifier: Apache-2.0
//! Values of a row as octets of a field, and what need not be written.

use minamo_base::Time;
use minamo_model::{Flow, names};
use minamo_schema::{ColumnId, Value};

use super::Wire;
use super::writable::Piece;
use crate::element::Coding;
use crate::finish;
use crate::formats::netflow5;
use crate::own::Member;
use crate::record::{MAX_MEMBERS, MAX_TEXT, to_ntp};
use crate::template::VARIABLE;

/// Octets of a text in NetFlow v9, which has no variable lengths.
const V9_TEXT: usize = 32;
/// Most octets of a list.
const MAX_LIST: usize = 16_384;

/// Columns that have words for the numbers of these elements.
pub(super) const WORDS: [(&str, u16); 5] = [
    ("exporter_direction", 61),
    ("forwarding_status", 89),
    ("end_reason", 136),
    ("nat_event", 230),
    ("firewall_event", 233),
];

/// The number of a word of these columns; nothing where the element has none for it.
fn numbered(element: u16, word: &str) -> Option<u64> {
    let words: &[&str] = match element {
        61 => &["ingress", "egress"],
        89 => &finish::FORWARDING,
        136 => {
            let reasons =
                [("idle", 1), ("active", 2), ("tcp_fin", 3), ("tcp_rst", 3), ("end_of_input", 4), ("evicted", 5)];
            return reasons.iter().find(|(known, _)| *known == word).map(|(_, number)| *number);
        }
        230 => &finish::NAT_EVENTS,
        233 => &finish::FIREWALL_EVENTS,
        _ => return None,
    };
    let place = words.iter().position(|known| *known == word).and_then(|at| u64::try_from(at).ok());
    place.or_else(|| word.parse().ok().filter(|number| *number < 256))
}

/// The value of a field that is not the column's as it stands: type and code of ICMP in the destination port of NetFlow
/// v9, which has no elements of its own for them, and numbers for words.
pub(super) fn derived(row: &Flow, piece: &Piece, wire: Wire) -> Option<u64> {
    match (piece.pen, piece.element) {
        (0, DESTINATION_PORT) if wire == Wire::Netflow9 => message(row),
        (0, element) if WORDS.iter().any(|(_, known)| *known == element) => {
            let Value::Text(word) = row.get(piece.column) else { return None };
            let number = numbered(element, &word)?;
            // RFC 7270 §4.12: two bits of status and six of reason.
            let reason = row.forwarding.as_deref().and_then(|group| group.reason).filter(|reason| *reason < 64);
            Some(if element == 89 { number << 6 | u64::from(reason.unwrap_or(0)) } else { number })
        }
        _ => None,
    }
}

/// True for a list whose members are the same when they were joined by commas and cut apart again.
pub(super) fn joins(list: &[String]) -> bool {
    let plain = |member: &String| !member.is_empty() && !member.contains(',') && member.trim() == member;
    let octets: usize = list.iter().map(|member| member.len() + 1).sum();
    list.len() <= MAX_MEMBERS && octets <= MAX_TEXT && list.iter().all(plain)
}

/// True for a word that a receiver gives the row where nothing is said.
pub(super) fn is_implied(row: &Flow, column: ColumnId, word: &str) -> bool {
    let unknown = |app: &str| app.is_empty() || app.eq_ignore_ascii_case(finish::UNKNOWN);
    match column {
        // An unknown application is one that has no name to send.
        APP => word == finish::UNKNOWN,
        APP_CONFIDENCE => word == if unknown(&row.core.app) { finish::NOT_SURE } else { "exporter" },
        ORIENTATION => word == finish::ORIENTATION,
        SAMPLING_ORIGIN => {
            let rate = row.sampling.as_deref().and_then(|sampling| sampling.rate).is_some();
            rate && finish::ORIGINS.first() == Some(&word)
        }
        _ => false,
    }
}

const APP: ColumnId = Flow::at("app");
const APP_CONFIDENCE: ColumnId = Flow::at("app_confidence");
const ORIENTATION: ColumnId = Flow::at("orientation");
pub(super) const TLS_CIPHER: ColumnId = Flow::at("tls_cipher");
const SAMPLING_ORIGIN: ColumnId = Flow::at("sampling_origin");

/// The element of the destination port.
const DESTINATION_PORT: u16 = 11;

/// The number of a cipher suite; nothing for texts that are no name of one, which our own element carries.
pub(super) fn cipher(name: &str) -> Option<u16> {
    names::tls_cipher_number(name).filter(|number| *number != 0)
}

/// Type and code of an ICMP message as the destination port has them: type × 256 + code.
fn message(row: &Flow) -> Option<u64> {
    let icmp = row.icmp.as_deref().filter(|_| matches!(row.core.proto, 1 | 58))?;
    Some(u64::from(icmp.kind?) << 8 | u64::from(icmp.code.unwrap_or(0)))
}

/// Appends the octets of one field.
pub(super) fn write(out: &mut Vec<u8>, piece: &Piece, value: &Value<'_>, boot: Time, enterprise: u32) {
    let number = match (value, piece.coding) {
        (Value::Null, _) if piece.len == VARIABLE => return out.push(0),
        (Value::Null, _) => return out.resize(out.len() + usize::from(piece.len), 0),
        (Value::Text(text), Coding::Uint) => u64::from_str_radix(text, 16).unwrap_or(0),
        (Value::Text(text), Coding::DnsType) => names::dns_type_number(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::DnsRcode) => names::dns_rcode_number(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::TlsCipher) => cipher(text).unwrap_or(0).into(),
        (Value::Text(text), Coding::TlsVersion) => names::tls_version_number(text).unwrap_or(0).into(),
        (Value::Text(text), _) => return write_text(out, piece.len, text),
        (Value::Texts(list), Coding::Texts) => return write_texts(out, list, enterprise),
        (Value::Texts(list), _) => return write_text(out, piece.len, &list.join(",")),
        (Value::Numbers(list), _) => return write_numbers(out, list, piece.coding, enterprise),
        (Value::Ip(ip), _) => {
            match (piece.len, ip.as_v4()) {
                (4, Some(four)) => out.extend(four),
                // An element of IPv4 has no room for it.
                (4, None) => out.extend([0; 4]),
                _ => out.extend(ip.0),
            }
            return;
        }
        (Value::Mac(mac), _) => return out.extend(mac.0),
        (Value::Real(number), _) => return out.extend(number.to_be_bytes()),
        (Value::Bool(truth), _) => return out.push(if *truth { 1 } else { 2 }),
        (Value::Uint(number), _) => *number,
        (Value::Time(time), Coding::Ntp) => to_ntp(*time),
        (Value::Time(time), Coding::Millis) => u64::try_from(time.millis()).unwrap_or(0),
        (Value::Time(time), Coding::Secs) => u64::try_from(time.secs()).unwrap_or(0),
        (Value::Time(time), _) => netflow5::uptime(*time, boot).into(),
        _ => 0,
    };
    let octets = number.to_be_bytes();
    out.extend(octets.get(octets.len().saturating_sub(piece.len.into())..).unwrap_or(&octets));
}

/// Text is cut between characters where it is too long.
fn write_text(out: &mut Vec<u8>, len: u16, text: &str) {
    let max = if len == VARIABLE { MAX_TEXT } else { V9_TEXT };
    let text = text.get(..text.floor_char_boundary(max)).unwrap_or_default();
    if len == VARIABLE {
        return write_variable(out, text.as_bytes());
    }
    out.extend(text.as_bytes());
    out.resize(out.len() + V9_TEXT - text.len(), 0);
}

/// Octets with their length in front: one octet, or three from 255 on (RFC 7011 §7).
pub(crate) fn write_variable(out: &mut Vec<u8>, octets: &[u8]) {
    let len = u16::try_from(octets.len()).unwrap_or(u16::MAX);
    match u8::try_from(len) {
        Ok(short @ 0..=254) => out.push(short),
        _ => {
            out.push(255);
            out.extend(len.to_be_bytes());
        }
    }
    out.extend(octets.get(..len.into()).unwrap_or(octets));
}

/// Head of a list of one element (RFC 6313 §4.5.1); its order says something: "ordered".
fn list_head(member: Member, len: u16, enterprise: u32) -> Vec<u8> {
    let mut list = vec![4];
    list.extend((member as u16 | 0x8000).to_be_bytes());
    list.extend(len.to_be_bytes());
    list.extend(enterprise.to_be_bytes());
    list
}

fn write_texts(out: &mut Vec<u8>, texts: &[String], enterprise: u32) {
    let mut list = list_head(Member::Text, VARIABLE, enterprise);
    for text in texts {
        let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
        // What is too long for a list ends it.
        if list.len() + text.len() + 3 > MAX_LIST {
            break;
        }
        write_variable(&mut list, text.as_bytes());
    }
    write_variable(out, &list);
}

fn write_numbers(out: &mut Vec<u8>, numbers: &[i64], coding: Coding, enterprise: u32) {
    let member = if coding == Coding::Signed { Member::Signed } else { Member::Unsigned };
    let mut list = list_head(member, 4, enterprise);
    for number in numbers.iter().take(MAX_LIST / 4) {
        let [_, _, _, _, low @ ..] = number.to_be_bytes();
        list.extend(low);
    }
    write_variable(out, &list);
}
