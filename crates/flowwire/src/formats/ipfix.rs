// SPDX-License-Identifier: Apache-2.0
//! IPFIX (RFC 7011) over UDP, with variable lengths (§7), enterprise elements (§3.2) and the reverse
//! direction of biflows (RFC 5103). Structured data (RFC 6313) is stepped over.

use minamo_base::{Cursor, Time, WireError};

use crate::cache::Key;
use crate::finish::Header;
use crate::sets::{Layout, Walk};
use crate::{Cache, Datagram, Format, Output, Skipped};

/// The registry's row.
pub static FORMAT: Format =
    Format { name: "ipfix", version: 10, spec: &["RFC 7011", "RFC 7012", "RFC 5103"], decode, sample: &SAMPLE };

static LAYOUT: Layout = Layout { templates: 2, options_head, enterprise: true, withdrawals: true };

/// RFC 7011 §3.1:
///
/// ```text
///  0         2        4               8               12              16
/// | version | length | export time   | sequence      | domain        |
/// ```
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut head = Cursor::new(datagram.octets);
    head.skip(2, "ipfix.version")?;
    let length = head.u16("ipfix.length")?;
    let bad_length = head.bad(2, "ipfix.length", length.into(), "the size of the datagram");
    let secs = head.u32("ipfix.export_time")?;
    let number = head.u32("ipfix.sequence")?;
    let domain = head.u32("ipfix.domain")?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain, port: datagram.port };
    let key = cache.session_of(key);
    let (lost, in_order) = cache.parts(key).session.sequence.arrive(number);
    out.report.lost = lost;
    let header = Header {
        source: FORMAT.name,
        exporter: datagram.exporter,
        domain,
        received: datagram.received,
        exported: Time::from_secs_nanos(secs.into(), 0),
        uptime: None,
        rate: None,
    };
    // A message is as long as it says, where the datagram has that much; octets after it are not its own.
    let message = datagram.octets.get(..length.into()).unwrap_or(datagram.octets);
    let mut cursor = Cursor::new(message);
    cursor.skip(head.at(), "ipfix.length").map_err(|_| bad_length)?;
    let records = Walk { layout: &LAYOUT, key, header, cache: &mut *cache, out: &mut *out }.sets(&mut cursor);
    if in_order {
        cache.parts(key).session.sequence.follow(number, records);
    }
    if usize::from(length) != datagram.octets.len() {
        out.skip(Skipped::Malformed(bad_length));
    }
    Ok(())
}

/// RFC 7011 §3.4.2.2: fields in all, and how many of them are the scope. A withdrawal has the first only.
fn options_head(cursor: &mut Cursor<'_>) -> Result<(usize, usize), WireError> {
    let count = cursor.u16("template.field_count")?;
    if count == 0 {
        return Ok((0, 0));
    }
    let scopes = cursor.u16("template.scope_count")?;
    if scopes > count {
        return Err(cursor.bad(2, "template.scope_count", scopes.into(), "at most the field count"));
    }
    Ok((scopes.into(), count.into()))
}

/// The template and the first record of RFC 7011's appendix A, with ports, protocol, times, a name of
/// variable length and the octets of the reverse direction.
#[rustfmt::skip]
const SAMPLE: [u8; 120] = [
    0, 10, 0, 120, 0x66, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    // Template 256 with eleven fields, the last of enterprise 29305.
    0, 2, 0, 56, 1, 0, 0, 11,
    0, 8, 0, 4, 0, 12, 0, 4, 0, 15, 0, 4, 0, 2, 0, 4, 0, 1, 0, 4, 0, 7, 0, 2, 0, 11, 0, 2, 0, 4, 0, 1, 0, 152, 0, 8,
    0, 96, 0xff, 0xff, 0x80, 1, 0, 4, 0, 0, 0x72, 0x79,
    // One record.
    1, 0, 0, 48,
    192, 0, 2, 12, 192, 0, 2, 254, 192, 0, 2, 1, 0, 0, 0x13, 0x91, 0, 0x51, 0x8c, 0x81,
    0xc0, 0x01, 0, 53, 17, 0, 0, 1, 0x8e, 0x6f, 0xff, 0xfc, 0x20, 3, b'd', b'n', b's', 0, 0, 1, 0, 0, 0, 0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_a_part_of_the_fields() {
        assert_eq!(options_head(&mut Cursor::new(&[0, 3, 0, 1])), Ok((1, 3)));
        assert_eq!(options_head(&mut Cursor::new(&[0, 0])), Ok((0, 0)));
        assert_eq!(
            options_head(&mut Cursor::new(&[0, 1, 0, 2])).map_err(|e| e.to_string()),
            Err("template.scope_count at octet 2: got 2, want at most the field count".to_owned())
        );
    }
}
