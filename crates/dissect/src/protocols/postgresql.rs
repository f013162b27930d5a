// SPDX-License-Identifier: Apache-2.0
//! PostgreSQL (frontend/backend protocol 3.0, §"Message Formats"): start-up message, and the request for TLS, behind
//! which TLS is probed. Queries are not looked at.

use minamo_model::Flow;

use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "PostgreSQL",
    title: "PostgreSQL frontend/backend protocol",
    category: Category::Database,
    spec: &["PostgreSQL documentation, frontend/backend protocol 3.0"],
    ports: &[5432],
    max_state: 1_024,
    probe,
    start: |_| Box::new(PostgreSql),
    sample: &[(Side::Src, b"\x00\x00\x00\x11\x00\x03\x00\x00user\x00me\x00\x00")],
    ..Protocol::STREAM
};

/// SSLRequest and GSSENCRequest: eight octets with fixed numbers.
const TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
const GSS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];

fn probe(_: Side, data: &[u8]) -> Verdict {
    match *data {
        // Length, version 3.0 or 3.2, and the name of the first parameter.
        [0, 0, _, _, 0, 3, 0, 0 | 2, b'a'..=b'z', ..] => Verdict::Yes,
        [0, 0, _, _, 0, 3, 0, 0 | 2] => Verdict::Maybe,
        _ if data.starts_with(&TLS) || data.starts_with(&GSS) => Verdict::Yes,
        _ if TLS.starts_with(data)
            || GSS.starts_with(data)
            || [0, 3, 0].starts_with(data.get(4..).unwrap_or_default()) =>
        {
            if data.iter().take(2).all(|b| *b == 0) && data.len() < 8 { Verdict::Maybe } else { Verdict::No }
        }
        _ => Verdict::No,
    }
}

struct PostgreSql;

impl Dissector for PostgreSql {
    fn feed(&mut self, _: Side, input: Input<'_>, _: &mut Flow) -> Step {
        match input {
            Input::Data(data) if data.starts_with(&TLS) => Step::Continue(8),
            // The server agrees with one letter.
            Input::Data([b'S', ..]) => Step::Inner(1),
            _ => Step::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_asked_for_first() {
        assert_eq!(probe(Side::Src, &TLS), Verdict::Yes);
        assert_eq!(probe(Side::Src, &TLS[..6]), Verdict::Maybe);
        let mut flow = Flow::default();
        assert_eq!(PostgreSql.feed(Side::Src, Input::Data(&TLS), &mut flow), Step::Continue(8));
        assert_eq!(PostgreSql.feed(Side::Dst, Input::Data(b"S"), &mut flow), Step::Inner(1));
    }
}
