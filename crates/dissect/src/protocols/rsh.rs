// SPDX-License-Identifier: Apache-2.0
//! The remote shell (BSD rsh(1), rshd(8)): port for errors, two names and a command, each ended by zero.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RSH",
    title: "Remote Shell",
    category: Category::RemoteAccess,
    spec: &["4.4BSD rshd(8)"],
    ports: &[513, 514],
    first: First::Of(b"0123456789\0"),
    probe,
    sample: &[(Side::Src, b"1022\0alice\0bob\0ls -l\0")],
    ..Protocol::STREAM
};

/// The port may come on its own, and the zeros of rlogin's names (RFC 1282) look alike.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let mut parts = data.split(|octet| *octet == 0);
    let port = parts.next().unwrap_or_default();
    let login = port.is_empty();
    if !port.iter().all(u8::is_ascii_digit) || port.len() > 5 || port.len() < 2 && !login {
        return maybe_if(data.len() == 1);
    }
    let name = |name: &[u8]| name.is_empty() || name.len() <= 32 && graphic(name);
    let (one, two, third) = (parts.next(), parts.next(), parts.next());
    match (one, two, third) {
        (Some(one), Some(two), Some(third)) => {
            let command = if login { contains(third, b"/") } else { !third.is_empty() };
            let text = name(one) && name(two) && !one.is_empty() && !two.is_empty() && printable(third);
            match parts.next() {
                Some(behind) => yes_if(text && command && behind.is_empty()),
                None => maybe_if(text && data.len() < 512),
            }
        }
        (one, two, None) => maybe_if(data.len() < 64 && name(one.unwrap_or_default()) && name(two.unwrap_or_default())),
        _ => Verdict::No,
    }
}
