// SPDX-License-Identifier: Apache-2.0
//! FTP's data connections (RFC 959 §4.1.3): told by a directory's listing in the form of Unix or DOS. Files in
//! transit have no form of their own.

use super::tell::*;
use crate::magic;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FTP_DATA",
    title: "FTP data connection",
    category: Category::DownloadFt,
    spec: &["RFC 959"],
    ports: &[20],
    first: First::Of(b"dl-t0123456789TmMsSpPuUcC"),
    probe,
    // A server that opens the connection does so from this port (RFC 959 §5.2): a file whose kind is known, or lines of text.
    on_port: Some(|_, data| {
        magic::kind_of(data).is_some()
            || contains(data, b"\n") && data.iter().all(|octet| matches!(octet, b'\r' | b'\n') || printable(&[*octet]))
    }),
    sample: &[(Side::Dst, b"drwxr-xr-x   2 ftp      ftp          4096 Jan  1 00:00 pub\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    first_line(data, 512, |line| {
        let unix = line.get(1..10).is_some_and(|mode| {
            mode.chunks(3).all(|one| matches!(one, [b'r' | b'-', b'w' | b'-', b'x' | b'-' | b's' | b'S' | b't' | b'T']))
        });
        let total = line
            .strip_prefix(b"total ")
            .is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit));
        let dos = matches!(line, [a, b, b'-', c, d, b'-', e, f, b' ', b' ', ..] 
            if [a, b, c, d, e, f].iter().all(|octet| octet.is_ascii_digit()));
        let entry =
            matches!(line.first(), Some(b'd' | b'l' | b'-')) && matches!(line.get(10), Some(b' ' | b'+' | b'.'));
        machine(line) || total || unix && entry && line.len() > 30 || dos && line.len() > 30
    })
}

/// A line of MLSD (RFC 3659 §7.2): facts with their values, each ended by a semicolon, a blank, and a name.
fn machine(line: &[u8]) -> bool {
    let Some(blank) = memchr::memchr(b' ', line) else { return false };
    let facts = line.get(..blank).and_then(|facts| facts.strip_suffix(b";")).unwrap_or_default();
    let known = |fact: &[u8]| {
        [&b"type="[..], b"modify=", b"size=", b"perm=", b"unique=", b"create="]
            .iter()
            .any(|word| after(fact, word).is_some())
    };
    let mut all = facts.split(|octet| *octet == b';');
    facts.split(|octet| *octet == b';').filter(|fact| known(fact)).count() >= 2
        && all.all(|fact| contains(fact, b"=") && graphic(fact))
        && line.len() > blank + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_for_machines_have_facts() {
        let line = b"type=file;size=1024;modify=20260101120000;perm=adfrw; a file.txt\r\n";
        assert_eq!(probe(Side::Dst, line), Verdict::Yes);
        assert_eq!(probe(Side::Dst, b"type=file; a\r\n"), Verdict::No);
        assert_eq!(probe(Side::Dst, b"To: someone; with=a size=1\r\n"), Verdict::No);
    }

    #[test]
    fn files_are_told_with_the_port() {
        let told = PROTOCOL.on_port.expect("told by form");
        assert!(told(Side::Dst, b"%PDF-1.7\n") && told(Side::Dst, b"some text\nand more\n"));
        assert!(!told(Side::Dst, b"\x01\x02\x03\n") && !told(Side::Dst, b"onlyletters"));
    }
}
