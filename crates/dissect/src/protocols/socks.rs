// SPDX-License-Identifier: Apache-2.0
//! SOCKS 5 (RFC 1928 §3, §4, §6): greeting and request of the client; what the proxy carries is probed. Only sessions
//! without authentication are told: the others show no request in clear order.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SOCKS",
    title: "SOCKS 5",
    category: Category::Web,
    spec: &["RFC 1928"],
    ports: &[1080],
    max_state: 1_024,
    probe,
    start: |_| Box::new(Socks::default()),
    sample: &[
        (Side::Src, b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"),
        (Side::Dst, b"\x05\x00\x05\x00\x00\x01\xc0\x00\x02\x02\x10\x00"),
    ],
    ..Protocol::STREAM
};

/// The greeting says little; the request behind it, with its zero octet and its kind of address, makes it sure.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match greeting(data) {
        Ok(n) => match data.get(n..).unwrap_or_default() {
            [5, 1..=3, 0, 1 | 3 | 4, ..] => Verdict::Yes,
            [] | [5] | [5, 1..=3] | [5, 1..=3, 0] => Verdict::Maybe,
            _ => Verdict::No,
        },
        Err(error) if error.is_short() && data.first().is_none_or(|v| *v == 5) => Verdict::Maybe,
        // The server's choice and its answer decide nothing.
        Err(_) => match data {
            [5, 0] | [5, 0, 5, ..] => Verdict::Maybe,
            _ => Verdict::No,
        },
    }
}

/// Version, number of methods, methods; returns their length.
fn greeting(data: &[u8]) -> Result<usize, WireError> {
    let mut cursor = Cursor::new(data);
    let version = cursor.u8("socks.version")?;
    let methods = cursor.vec8("socks.methods")?.rest();
    let known = methods.iter().all(|m| *m <= 9 || *m >= 0x80);
    if version == 5 && known && (1..=8).contains(&methods.len()) {
        Ok(cursor.at())
    } else {
        Err(cursor.bad(1, "socks.version", version.into(), "5 with methods in use"))
    }
}

/// Version, command or reply, zero, address, port; returns their length.
fn request(data: &[u8]) -> Result<usize, WireError> {
    let mut cursor = Cursor::new(data);
    cursor.skip(3, "socks.request")?;
    match cursor.u8("socks.address_type")? {
        1 => cursor.skip(4, "socks.address")?,
        3 => cursor.vec8("socks.name").map(|_| ())?,
        4 => cursor.skip(16, "socks.address")?,
        other => return Err(cursor.bad(1, "socks.address_type", other.into(), "1, 3 or 4")),
    }
    cursor.skip(2, "socks.port")?;
    Ok(cursor.at())
}

#[derive(Default)]
struct Socks {
    /// Messages read of each side.
    read: [u8; 2],
    client: Option<Side>,
}

impl Dissector for Socks {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let read = self.read[side.index()];
        // The side that lists methods is the client.
        if read == 0 && self.client.is_none() && probe(side, data) == Verdict::Yes {
            self.client = Some(side);
        }
        let client = self.client == Some(side);
        let length = match (client, read) {
            (true, 0) => greeting(data),
            (false, 0) if data.len() < 2 => return Step::Continue(0),
            (false, 0) => Ok(2),
            (_, 1) => request(data),
            _ => return Step::Done,
        };
        match length {
            Ok(n) => {
                self.read[side.index()] = read + 1;
                if !client && read == 1 { Step::Inner(n) } else { Step::Continue(n) }
            }
            Err(error) if error.is_short() => Step::Continue(0),
            Err(_) => Step::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn what_the_proxy_carries_is_probed() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 40_001);
        for (side, data) in PROTOCOL.sample {
            classifier.stream(*side, Input::Data(data), &mut flow);
        }
        classifier.stream(Side::Src, Input::Data(b"SSH-2.0-x\r\n"), &mut flow);
        classifier.label(&mut flow);
        assert_eq!(flow.core.app, "SOCKS");
        assert!(flow.ssh.is_some());
    }
}
