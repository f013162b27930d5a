// SPDX-License-Identifier: Apache-2.0
//! Google's own QUIC before IETF's: the public header of Q024 to Q043 and the client hello of QUIC Crypto, as the
//! documents "QUIC Wire Layout Specification" and "QUIC Crypto" describe them. Nothing encrypted is opened.

use std::borrow::Cow;

use memchr::memmem;
use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::protocols::tls::hello::printable;

/// Most entries of a hello.
const MAX_ENTRIES: u16 = 128;
/// Where a hello starts at the latest: behind header, nonce, hash and the head of a frame.
const MAX_START: usize = 80;
/// Most octets of a value that is kept.
const MAX_VALUE: usize = 255;

/// Version of a datagram with a public header, whose flags say that version and connection id are there.
pub(super) fn version(data: &[u8]) -> Option<Cow<'static, str>> {
    let [flags, .., b'Q', b'0', tens @ b'2'..=b'4', ones @ b'0'..=b'9'] = data.get(..13)? else { return None };
    // Version, no reset, eight octets of connection id, and the two highest bits unused.
    (flags & 0b1100_1011 == 0b0000_1001).then(|| format!("Q0{}{}", char::from(*tens), char::from(*ones)).into())
}

/// True for a server's first answer, which has a short public header and a rejection in clear.
pub(super) fn is_rejection(data: &[u8]) -> bool {
    if data.first().is_none_or(|flags| flags & 0b1100_0011 != 0) {
        return false;
    }
    let start = data.get(..MAX_START).unwrap_or(data);
    let Some(at) = memmem::find(start, b"REJ\0") else { return false };
    // Number of entries, and two octets of padding that are always zero.
    matches!(data.get(at + 4..at + 8), Some([1..=32, 0, 0, 0]))
}

/// Finds a client hello and writes what it says; true if there was one.
pub(super) fn client_hello(data: &[u8], flow: &mut Flow) -> bool {
    let Some(at) = memmem::find(data, b"CHLO") else { return false };
    let mut cursor = Cursor::new(data.get(at..).unwrap_or_default());
    read(&mut cursor, flow).is_ok()
}

fn read(cursor: &mut Cursor<'_>, flow: &mut Flow) -> Result<(), WireError> {
    cursor.skip(4, "chlo.tag")?;
    let count = cursor.u16_le("chlo.entries")?;
    if count > MAX_ENTRIES {
        return Err(cursor.bad(2, "chlo.entries", count.into(), "at most 128"));
    }
    cursor.skip(2, "chlo.padding")?;
    let mut index = cursor.sub(usize::from(count) * 8, "chlo.index")?;
    let mut start = 0;
    while !index.is_empty() {
        let tag = index.array("chlo.entry")?;
        let end = index.u32_le("chlo.end")?;
        let length = end.checked_sub(start).ok_or(index.bad(4, "chlo.end", end.into(), "a rising offset"))?;
        let value = cursor.take(length as usize, "chlo.value")?;
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        match &tag {
            b"SNI\0" if !value.is_empty() => {
                flow.tls.get_or_insert_default().sni = Some(printable(value).to_ascii_lowercase());
            }
            b"UAID" if !value.is_empty() => {
                flow.quic.get_or_insert_default().user_agent = Some(printable(value));
            }
            _ => {}
        }
        start = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hello(entries: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut out = b"CHLO".to_vec();
        out.extend((entries.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        let mut end = 0;
        for (tag, value) in entries {
            end += value.len() as u32;
            out.extend(*tag);
            out.extend(end.to_le_bytes());
        }
        out.extend(entries.iter().flat_map(|(_, value)| *value));
        out
    }

    #[test]
    fn name_and_user_agent() {
        let mut data = vec![0x09, 1, 2, 3, 4, 5, 6, 7, 8];
        data.extend(b"Q035\x01");
        data.extend([0xaa; 12]);
        data.extend(hello(&[(b"PAD\0", &[b'-'; 40]), (b"SNI\0", b"WWW.example.org"), (b"UAID", b"Example/1")]));
        assert_eq!(version(&data).as_deref(), Some("Q035"));
        let mut flow = Flow::default();
        assert!(client_hello(&data, &mut flow));
        assert_eq!(flow.tls.and_then(|tls| tls.sni).as_deref(), Some("www.example.org"));
        assert_eq!(flow.quic.and_then(|quic| quic.user_agent).as_deref(), Some("Example/1"));
    }

    #[test]
    fn a_server_that_rejects() {
        let mut data = vec![0x08];
        data.extend([0x55; 36]);
        assert!(!is_rejection(&data));
        data.extend(b"REJ\0\x07\0\0\0");
        assert!(is_rejection(&data));
    }

    #[test]
    fn other_flags_are_another_protocol() {
        assert_eq!(version(b"\x0b12345678Q035"), None);
        assert_eq!(version(b"\x0912345678Q135"), None);
        assert_eq!(version(b"\x09"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>) {
            client_hello(&[b"CHLO", &data[..]].concat(), &mut Flow::default());
        }
    }
}
