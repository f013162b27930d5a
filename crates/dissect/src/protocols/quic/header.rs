// SPDX-License-Identifier: Apache-2.0
//! Long headers of QUIC (RFC 8999 §5.1, RFC 9000 §17.2), and the opening of Initial packets (RFC 9001 §5).

use minamo_base::{Cursor, WireError};
use rustls::quic::DirectionalKeys;

use super::version::{Layout, Version};
use crate::protocols::tls::hello::varint;

/// Most octets of a connection id (RFC 9000 §17.2).
const MAX_CONNECTION_ID: usize = 20;
/// Least octets of a client's first choice of the server's connection id (RFC 9000 §7.2).
pub(super) const MIN_FIRST_ID: usize = 8;

/// Kind of a packet with a long header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Opens a connection; its keys are public.
    Initial,
    /// Early data, Handshake: nothing to be read.
    Closed,
    /// Carries a token and ends the datagram.
    Retry,
    /// Offers versions; has no version itself.
    Negotiation,
}

/// A packet with a long header.
#[derive(Debug)]
pub(super) struct Long<'a> {
    pub(super) kind: Kind,
    /// None for a negotiation.
    pub(super) version: Option<Version>,
    pub(super) dcid: &'a [u8],
    /// Octets of the source's connection id; none in Google's older layout.
    pub(super) scid_length: usize,
    /// The packet from its first octet to its last.
    pub(super) packet: &'a [u8],
    /// Where in it the packet number is.
    number_at: usize,
}

impl<'a> Long<'a> {
    /// Reads the next packet of a datagram. The cursor stands behind it afterwards.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, WireError> {
        let packet = cursor.rest();
        let start = cursor.at();
        let first = cursor.u8("quic.first")?;
        let number = cursor.u32("quic.version")?;
        if first & 0x80 == 0 {
            return Err(cursor.bad(5, "quic.first", first.into(), "a long header"));
        }
        if number == 0 {
            return negotiation(cursor, packet);
        }
        let Some(version) = Version::of(number) else {
            return Err(cursor.bad(4, "quic.version", number.into(), "a known version"));
        };
        if first & 0x40 == 0 && version.layout != Layout::Opaque {
            return Err(cursor.bad(5, "quic.first", first.into(), "the fixed bit"));
        }
        let dcid = if version.layout == Layout::Google { google_ids(cursor)? } else { connection_id(cursor)? };
        let scid_length = if version.layout == Layout::Google { 0 } else { connection_id(cursor)?.len() };
        let kind = kind(version.layout, first);
        let length = match (version.layout, kind) {
            (Layout::Google | Layout::Opaque, _) | (_, Kind::Retry) => cursor.left(),
            _ => {
                if kind == Kind::Initial {
                    let token = varint(cursor)?;
                    cursor.skip(usize::try_from(token).unwrap_or(usize::MAX), "quic.token")?;
                }
                usize::try_from(varint(cursor)?).unwrap_or(usize::MAX)
            }
        };
        let number_at = cursor.at() - start;
        cursor.skip(length, "quic.length")?;
        let packet = packet.get(..number_at.saturating_add(length)).unwrap_or(packet);
        Ok(Self { kind, version: Some(version), dcid, scid_length, packet, number_at })
    }

    /// What the packet holds, if it is in clear.
    pub(super) fn body(&self) -> &'a [u8] {
        self.packet.get(self.number_at..).unwrap_or_default()
    }

    /// Takes the protection away (RFC 9001 §5.4.2, §5.3); None where the keys do not fit.
    pub(super) fn open(&self, keys: &DirectionalKeys) -> Option<Vec<u8>> {
        let at = self.number_at;
        let mut first = *self.packet.first()?;
        let mut number = <[u8; 4]>::try_from(self.packet.get(at..at + 4)?).ok()?;
        let sample = self.packet.get(at + 4..at + 4 + keys.header.sample_len())?;
        keys.header.decrypt_in_place(sample, &mut first, &mut number).ok()?;
        let size = usize::from(first & 3) + 1;
        let number = number.get(..size)?;
        // The numbers of the first packets are small enough to stand there whole.
        let full = number.iter().fold(0, |n, octet| n << 8 | u64::from(*octet));
        let mut header = self.packet.get(..at)?.to_vec();
        *header.first_mut()? = first;
        header.extend_from_slice(number);
        let mut payload = self.packet.get(at + size..)?.to_vec();
        let length = keys.packet.decrypt_in_place(full, &header, &mut payload).ok()?.len();
        payload.truncate(length);
        Some(payload)
    }
}

fn connection_id<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    let id = cursor.vec8("quic.connection_id")?.rest();
    if id.len() > MAX_CONNECTION_ID {
        return Err(cursor.bad(id.len() + 1, "quic.connection_id", id.len() as u64, "at most 20 octets"));
    }
    Ok(id)
}

/// Both ids of Google's older long header: four bits each, 0 for none and otherwise three less than the length.
fn google_ids<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], WireError> {
    let lengths = cursor.u8("quic.connection_id_lengths")?;
    let size = |n: u8| if n == 0 { 0 } else { usize::from(n) + 3 };
    let dcid = cursor.take(size(lengths >> 4), "quic.dcid")?;
    cursor.skip(size(lengths & 15), "quic.scid")?;
    Ok(dcid)
}

fn kind(layout: Layout, first: u8) -> Kind {
    match (layout, first >> 4 & 3) {
        (Layout::Opaque, _) => Kind::Closed,
        (Layout::Ietf | Layout::Google, 0) | (Layout::IetfV2, 1) => Kind::Initial,
        (Layout::Ietf | Layout::Google, 3) | (Layout::IetfV2, 0) => Kind::Retry,
        _ => Kind::Closed,
    }
}

/// A Version Negotiation packet (RFC 9000 §17.2.1). Its source is the client's first choice of a destination, which has
/// 8 octets at least (§7.2). At least one of its versions has to be known, and none is zero.
fn negotiation<'a>(cursor: &mut Cursor<'a>, packet: &'a [u8]) -> Result<Long<'a>, WireError> {
    let dcid = connection_id(cursor)?;
    let scid = connection_id(cursor)?;
    if scid.len() < MIN_FIRST_ID {
        return Err(cursor.bad(scid.len() + 1, "quic.scid", scid.len() as u64, "at least 8 octets"));
    }
    let mut known = false;
    let count = cursor.left();
    while !cursor.is_empty() {
        let number = cursor.u32("quic.supported_version")?;
        if number == 0 {
            return Err(cursor.bad(4, "quic.supported_version", 0, "a version"));
        }
        known |= Version::of(number).is_some_and(|v| v.layout != Layout::Opaque);
    }
    if !known {
        return Err(cursor.bad(count, "quic.supported_version", 0, "a known version"));
    }
    Ok(Long { kind: Kind::Negotiation, version: None, dcid, scid_length: scid.len(), packet, number_at: packet.len() })
}
