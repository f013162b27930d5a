// SPDX-License-Identifier: Apache-2.0
//! FTP's data connections (RFC 959 §4.1.3): told by a directory's listing in the form of Unix or DOS. Files in
//! transit have no form of their own.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "FTP_DATA",
    title: "FTP data connection",
    category: Category::DownloadFt,
    spec: &["RFC 959"],
    ports: &[20],
    first: First::Of(b"dl-t0123456789"),
    probe,
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
        total || unix && entry && line.len() > 30 || dos && line.len() > 30
    })
}
