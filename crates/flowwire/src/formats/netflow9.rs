// SPDX-License-Identifier: Apache-2.0
//! NetFlow version 9 (RFC 3954). The header's count of records is not believed: lengths decide.

use minamo_base::{Cursor, Time, WireError};

use crate::cache::Key;
use crate::finish::Header;
use crate::sets::{Layout, Walk};
use crate::{Cache, Datagram, Format, Output};

/// The registry's row.
pub static FORMAT: Format = Format { name: "netflow9", version: 9, spec: &["RFC 3954"], decode, sample: &SAMPLE };

static LAYOUT: Layout = Layout { templates: 0, options_head, enterprise: false, withdrawals: false };

/// RFC 3954 §5.1:
///
/// ```text
///  0       2       4               8               12              16              20
/// | version | count | uptime (ms)   | unix seconds  | sequence      | source id     |
/// ```
fn decode(datagram: &Datagram<'_>, cache: &mut Cache, out: &mut Output<'_>) -> Result<(), WireError> {
    let mut cursor = Cursor::new(datagram.octets);
    cursor.skip(4, "v9.version")?;
    let uptime = cursor.u32("v9.sys_uptime")?;
    let secs = cursor.u32("v9.unix_secs")?;
    let number = cursor.u32("v9.sequence")?;
    let domain = cursor.u32("v9.source_id")?;
    let key = Key { exporter: datagram.exporter, version: FORMAT.version, domain, port: datagram.port };
    let key = cache.session_of(key);
    let sequence = &mut cache.parts(key).session.sequence;
    let (lost, in_order) = sequence.arrive(number);
    if in_order {
        sequence.follow(number, Some(1));
    }
    out.report.lost = lost;
    let header = Header {
        source: FORMAT.name,
        exporter: datagram.exporter,
        domain,
        received: datagram.received,
        exported: Time::from_secs_nanos(secs.into(), 0),
        uptime: Some(uptime),
        rate: None,
    };
    Walk { layout: &LAYOUT, key, header, cache, out }.sets(&mut cursor);
    Ok(())
}

/// RFC 3954 §6.1: octets of the scope fields and of the option fields, four per field.
fn options_head(cursor: &mut Cursor<'_>) -> Result<(usize, usize), WireError> {
    let mut fields = |name: &'static str| {
        let octets = cursor.u16(name)?;
        if octets.is_multiple_of(4) {
            Ok(usize::from(octets / 4))
        } else {
            Err(cursor.bad(2, name, octets.into(), "a multiple of 4"))
        }
    };
    let scopes = fields("template.scope_length")?;
    let options = fields("template.option_length")?;
    Ok((scopes, scopes + options))
}

/// One template with the fields of RFC 3954's example and ports, and one record.
#[rustfmt::skip]
const SAMPLE: [u8; 96] = [
    0, 9, 0, 2, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1,
    // Template 256: source, destination, next hop, packets, octets, ports, protocol, flags.
    0, 0, 0, 44, 1, 0, 0, 9,
    0, 8, 0, 4, 0, 12, 0, 4, 0, 15, 0, 4, 0, 2, 0, 4, 0, 1, 0, 4, 0, 7, 0, 2, 0, 11, 0, 2, 0, 4, 0, 1, 0, 6, 0, 1,
    // One record of 26 octets, and two of padding.
    1, 0, 0, 32,
    198, 168, 1, 12, 10, 5, 12, 254, 192, 168, 1, 1, 0, 0, 0x13, 0x91, 0, 0x51, 0x8c, 0x81,
    0xc0, 0x01, 0, 80, 6, 0x1b, 0, 0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_lengths_are_whole_fields() {
        assert_eq!(options_head(&mut Cursor::new(&[0, 4, 0, 8])), Ok((1, 3)));
        assert_eq!(
            options_head(&mut Cursor::new(&[0, 4, 0, 6])).map_err(|e| e.to_string()),
            Err("template.option_length at octet 2: got 6, want a multiple of 4".to_owned())
        );
    }
}
