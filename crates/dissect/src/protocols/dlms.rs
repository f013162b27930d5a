// SPDX-License-Identifier: Apache-2.0
//! DLMS/COSEM over TCP and UDP (IEC 62056-47): the wrapper's version, ports and length, and the tag of an APDU; or frames
//! of HDLC (IEC 62056-46 §6.4) as serial lines have them: flags at both ends, a format with the length, and a checksum; or the
//! sign-on in text (IEC 62056-21).

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IEC62056",
    title: "DLMS/COSEM",
    category: Category::IotScada,
    spec: &["IEC 62056-47", "IEC 62056-46", "IEC 62056-53", "IEC 62056-21"],
    ports: &[4059],
    first: First::Of(&[0x00, 0x7e, b'/']),
    probe,
    sample: &[(Side::Src, b"\x00\x01\x00\x10\x00\x01\x00\x05\x60\x03\xa1\x01\x00")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data.first() {
        Some(0x7e) => return framed(data),
        Some(b'/') => return signs_on(data),
        _ => {}
    }
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(matches!(data, [0] | [0, 1, ..])) };
    let body = data.get(8..).unwrap_or_default();
    let length = be16(header, 6).unwrap_or_default();
    let tag = match body.first() {
        Some(
            0x60..=0x63 | 0xc0..=0xcf | 0xd0..=0xdf | 0x01 | 0x05 | 0x06 | 0x08 | 0x0c | 0x0d | 0x0e | 0x0f | 0xe6,
        ) => true,
        Some(_) => return Verdict::No,
        None => return maybe_if(header[..2] == [0, 1] && length > 2),
    };
    let fits = header[..2] == [0, 1]
        && tag
        && length > 2
        && within(be16(header, 2), 1, 0x4000)
        && within(be16(header, 4), 1, 0x4000);
    match body.len() < length {
        true => maybe_if(fits && length <= 4_096),
        false => yes_if(fits && body.len() == length),
    }
}

/// Mode C of IEC 62056-21 (§5.8, §6.3): the request with a meter's address or none, or its answer: three letters of the maker, a
/// baud rate, and an identification.
fn signs_on(data: &[u8]) -> Verdict {
    let address = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b' ';
    first_line(data, 38, |line| match line {
        [b'/', b'?', address_of @ .., b'!'] => address_of.iter().all(address),
        [b'/', a, b, c, b'0'..=b'6' | b'A'..=b'I', rest @ ..] => {
            [a, b].iter().all(|letter| letter.is_ascii_uppercase())
                && c.is_ascii_alphabetic()
                && rest.len() >= 2
                && graphic(rest)
                && !contains(rest, b"/")
        }
        _ => false,
    })
}

/// A frame of type 3: its length counts what stands between the flags, the checksum last.
fn framed(data: &[u8]) -> Verdict {
    let Some(format) = be16(data, 1) else { return maybe_if(data.get(1).is_none_or(|format| format & 0xf0 == 0xa0)) };
    let length = format & 0x07ff;
    if format & 0xf000 != 0xa000 || !(7..=1_400).contains(&length) {
        return Verdict::No;
    }
    match at(data, 1, length) {
        None => Verdict::Maybe,
        Some(frame) => {
            let (body, sum) = frame.split_at(length - 2);
            yes_if(le16(sum, 0) == Some(usize::from(checksum(body))) && data.get(1 + length) == Some(&0x7e))
        }
    }
}

/// The frame check sequence of HDLC (ISO 13239): CRC-16, the lowest bit first, from ones, turned over.
fn checksum(data: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0x8408 };
    !data.iter().fold(0xffff, |crc, octet| (0..8).fold(crc ^ u16::from(*octet), |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_sign_on_in_text() {
        assert_eq!(probe(Side::Src, b"/?!\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"/?12345678!\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"/ISK5MT174-0001\r\n"), Verdict::Yes);
        assert_eq!(probe(Side::Src, b"/?"), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"/index/a\r\n"), Verdict::No);
    }

    #[test]
    fn a_frame_of_hdlc_needs_its_checksum() {
        // Set normal response mode, to server 1 from client 16.
        let mut frame = b"\x7e\xa0\x07\x03\x21\x93\x00\x00\x7e".to_vec();
        let sum = checksum(&frame[1..6]).to_le_bytes();
        frame[6..8].copy_from_slice(&sum);
        assert_eq!(sum, [0x0f, 0x01], "the example of the specification");
        assert_eq!(probe(Side::Src, &frame), Verdict::Yes);
        assert_eq!(probe(Side::Src, &frame[..8]), Verdict::No, "no flag at the end");
        assert_eq!(probe(Side::Src, &frame[..7]), Verdict::Maybe);
        frame[6] ^= 1;
        assert_eq!(probe(Side::Src, &frame), Verdict::No);
    }
}
