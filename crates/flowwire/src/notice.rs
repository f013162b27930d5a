// SPDX-License-Identifier: Apache-2.0
//! The name of a buffer on the wire, as the first message of a connection: an options record (RFC 7011 §3.4.2.2) whose
//! scope is the observation domain (element 149) and that tells the domain's name (element 300), which is
//! `minamo-spool:` and 16 hexadecimal digits. A collector that knows the name can tell a message that is sent again by its
//! sequence number, which goes on over connections; to others it is a name.

/// What the name begins with.
const PREFIX: &str = "minamo-spool:";
/// Template of the record: above those that flow records use.
const TEMPLATE: u16 = u16::MAX;
/// Octets of the header of a message.
const HEADER: usize = 16;

/// The message. `first` is the sequence number of the message behind it.
pub fn write(spool: u64, domain: u32, first: u32, export_secs: u32) -> Vec<u8> {
    let mut message = vec![0, 10];
    let body = body(spool, domain);
    message.extend(u16::try_from(body.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes());
    message.extend(export_secs.to_be_bytes());
    // The record counts as one.
    message.extend(first.wrapping_sub(1).to_be_bytes());
    message.extend(domain.to_be_bytes());
    message.extend(body);
    message
}

fn body(spool: u64, domain: u32) -> Vec<u8> {
    let name = format!("{PREFIX}{spool:016x}");
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let mut template = Vec::new();
    for word in [TEMPLATE, 2, 1, 149, 4, 300, length] {
        template.extend(word.to_be_bytes());
    }
    template.extend([0, 0]);
    let mut record = domain.to_be_bytes().to_vec();
    record.extend(name.as_bytes());
    record.resize(record.len().next_multiple_of(4), 0);
    let mut body = Vec::new();
    for (id, set) in [(3, template), (TEMPLATE, record)] {
        body.extend(id.to_be_bytes());
        body.extend(u16::try_from(set.len() + 4).unwrap_or(u16::MAX).to_be_bytes());
        body.extend(set);
    }
    body
}

/// The name of the buffer, where the message is such a notice.
pub fn read(message: &[u8]) -> Option<u64> {
    let domain = u32::from_be_bytes(*message.get(12..)?.first_chunk()?);
    let text = message.get(HEADER..)?;
    let at = text.windows(PREFIX.len()).position(|window| window == PREFIX.as_bytes())? + PREFIX.len();
    let digits = std::str::from_utf8(text.get(at..at + 16)?).ok()?;
    let spool = u64::from_str_radix(digits, 16).ok()?;
    // Only what `write` would have written.
    (text == body(spool, domain)).then_some(spool)
}

/// Sequence number of a message of IPFIX (RFC 7011 §3.1).
pub fn sequence(message: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*message.get(8..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Time};

    use super::*;
    use crate::{Cache, decode};

    #[test]
    fn a_notice_is_read_back_and_nothing_else_is_one() {
        let message = write(0xfeed, 7, 1_000, 1_795_000_000);
        assert_eq!((read(&message), sequence(&message)), (Some(0xfeed), Some(999)));
        for at in 12..message.len() {
            let mut other = message.clone();
            other[at] ^= 1;
            assert_ne!(read(&other), Some(0xfeed), "octet {at}");
            assert_eq!(read(&message[..at]), None);
        }
        let mut cache = Cache::default();
        let report = decode(&message, Ip::v4([10, 0, 0, 1]), Time(9), &mut cache, &mut |_| panic!("it is no flow"));
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    }
}
