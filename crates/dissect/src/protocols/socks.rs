// SPDX-License-Identifier: Apache-2.0
//! SOCKS 5 (RFC 1928 §3, §4, §6) with a password (RFC 1929) or without, and SOCKS 4 (Koblas; Lee, "SOCKS 4A"): greeting and request of
//! the client and the server's answers; what the proxy carries is probed. Other ways to authenticate show no request in clear.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::tell::{First, Heard, maybe_if};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SOCKS",
    title: "SOCKS",
    category: Category::Web,
    spec: &["RFC 1928", "RFC 1929", "SOCKS 4", "SOCKS 4A"],
    ports: &[1080],
    first: First::Of(&[0x00, 0x04, 0x05]),
    max_state: 1_024,
    probe,
    together: Some(together),
    start: |_| Box::new(Socks::default()),
    sample: &[
        (Side::Src, b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"),
        (Side::Dst, b"\x05\x00\x05\x00\x00\x01\xc0\x00\x02\x02\x10\x00"),
    ],
    ..Protocol::STREAM
};

/// The greeting says little; the request behind it, with its zero octet and its kind of address, makes it sure, or the server's
/// answer does.
fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [] => Verdict::Maybe,
        [4, ..] => match older(data) {
            Ok(Older { length, named }) => {
                if named && length == data.len() {
                    Verdict::Yes
                } else {
                    maybe_if(length == data.len())
                }
            }
            Err(error) => maybe_if(error.is_short()),
        },
        // The server's choice, and its answer to the older request.
        [5] | [5, 0 | 2 | 0xff] | [5, 0, 5, ..] | [0] | [0, 0x5a..=0x5d] => Verdict::Maybe,
        [0, 0x5a..=0x5d, rest @ ..] => maybe_if(rest.len() <= 6),
        [5, ..] => match greeting(data) {
            Ok(n) => match data.get(n..).unwrap_or_default() {
                [5, 1..=3, 0, 1 | 3 | 4, ..] => Verdict::Yes,
                [] | [5] | [5, 1..=3] | [5, 1..=3, 0] | [1, ..] => Verdict::Maybe,
                _ => Verdict::No,
            },
            Err(error) => maybe_if(error.is_short()),
        },
        _ => Verdict::No,
    }
}

/// A greeting and the choice of a method that it offers, or a request of version 4 and its answer of eight octets.
fn together(heard: &Heard<'_>) -> Verdict {
    let told = [(heard.data, heard.other), (heard.other, heard.data)].into_iter().any(|(client, server)| {
        match (client, server) {
            ([5, ..], [5, method]) => {
                let offered = client.get(2..).and_then(|methods| methods.get(..usize::from(*client.get(1)?)));
                greeting(client) == Ok(client.len())
                    && offered.is_some_and(|offered| offered.contains(method) || *method == 0xff)
            }
            ([4, ..], [0, 0x5a..=0x5d, ..]) => {
                server.len() == 8 && older(client).is_ok_and(|older| older.length == client.len())
            }
            _ => false,
        }
    });
    if told { Verdict::Yes } else { Verdict::Maybe }
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

/// A request of version 4.
struct Older {
    length: usize,
    /// With the name of a host (4A).
    named: bool,
}

/// Version, command, port, address, a user and a zero; where the address is 0.0.0.x, a name and a zero.
fn older(data: &[u8]) -> Result<Older, WireError> {
    let mut cursor = Cursor::new(data);
    let (version, command) = (cursor.u8("socks.version")?, cursor.u8("socks.command")?);
    let port = cursor.u16("socks.port")?;
    let [a, b, c, d] = cursor.array("socks.address")?;
    let named = (a, b, c) == (0, 0, 0) && d != 0;
    if version != 4 || !matches!(command, 1 | 2) || port == 0 || a == 0 && !named {
        return Err(cursor.bad(8, "socks.version", version.into(), "4 with a command, a port and an address"));
    }
    text(&mut cursor)?;
    if named && text(&mut cursor)? < 3 {
        return Err(cursor.bad(1, "socks.name", 0, "a name"));
    }
    Ok(Older { length: cursor.at(), named })
}

/// Visible letters up to a zero; how many.
fn text(cursor: &mut Cursor<'_>) -> Result<usize, WireError> {
    for length in 0..=255 {
        match cursor.u8("socks.text")? {
            0 => return Ok(length),
            letter if letter.is_ascii_graphic() => {}
            other => return Err(cursor.bad(1, "socks.text", other.into(), "a visible letter or zero")),
        }
    }
    Err(cursor.bad(0, "socks.text", 256, "at most 255 letters"))
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

/// Version, user and password (RFC 1929 §2); returns their length.
fn password(data: &[u8]) -> Result<usize, WireError> {
    let mut cursor = Cursor::new(data);
    cursor.skip(1, "socks.password_version")?;
    cursor.vec8("socks.user")?;
    cursor.vec8("socks.password")?;
    Ok(cursor.at())
}

/// What a side says next.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A greeting, or the answer to it.
    #[default]
    Greeting,
    /// A password, or whether it is right.
    Password,
    /// A request, or its answer.
    Request,
    Nothing,
}

#[derive(Default)]
struct Socks {
    next: [Next; 2],
    client: Option<Side>,
    /// Version 4.
    older: bool,
}

impl Dissector for Socks {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let next = self.next[side.index()];
        // The side that lists methods or asks in the older way is the client.
        if self.client.is_none() && next == Next::Greeting {
            if data.first() == Some(&4) || greeting(data).is_ok() {
                self.client = Some(side);
            }
            self.older = matches!(data, [4 | 0, ..]);
        }
        let client = self.client == Some(side);
        let read = match (client, next) {
            (true, Next::Greeting) if self.older => older(data).map(|older| older.length),
            (false, Next::Greeting) if self.older => fixed(data, 8),
            (true, Next::Greeting) => greeting(data),
            (false, Next::Greeting) => fixed(data, 2),
            (true, Next::Password) => password(data),
            (false, Next::Password) => fixed(data, 2),
            (_, Next::Request) => request(data),
            (_, Next::Nothing) => return Step::Done,
        };
        match read {
            Ok(length) => self.said(side, client, next, data, length, flow),
            Err(error) if error.is_short() => Step::Continue(0),
            Err(_) => Step::Done,
        }
    }
}

/// So many octets, whatever they are.
fn fixed(data: &[u8], length: usize) -> Result<usize, WireError> {
    Cursor::new(data).skip(length, "socks.answer").map(|()| length)
}

impl Socks {
    /// A side has said what was expected, in so many octets.
    fn said(&mut self, side: Side, client: bool, next: Next, data: &[u8], length: usize, flow: &mut Flow) -> Step {
        let follows = match next {
            Next::Greeting if self.older => Next::Nothing,
            Next::Greeting => Next::Request,
            Next::Password => Next::Request,
            Next::Request | Next::Nothing => Next::Nothing,
        };
        self.next[side.index()] = follows;
        if !client && next == Next::Greeting && !self.older && data.get(1) == Some(&2) {
            self.next = [Next::Password; 2];
        }
        if client && next == Next::Password {
            risk::note(flow, &risk::CLEAR_TEXT_CREDENTIALS, &["SOCKS", "a password"]);
        }
        if !client && follows == Next::Nothing { Step::Inner(length) } else { Step::Continue(length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classifier;

    #[test]
    fn older_requests_and_passwords_are_walked_through() {
        let label = |said: &[(Side, &[u8])]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, 40_001));
            for (side, data) in said {
                classifier.stream(*side, Input::Data(data), &mut flow);
            }
            classifier.stream(Side::Src, Input::Data(b"SSH-2.0-x\r\n"), &mut flow);
            classifier.label(&mut flow);
            (flow.core.app.into_owned(), flow.ssh.is_some(), flow.risk.is_some())
        };
        let granted = (Side::Dst, &b"\x00\x5a\x00\x50\xc0\x00\x02\x01"[..]);
        let named = (Side::Src, &b"\x04\x01\x00\x50\x00\x00\x00\x01user\x00www.example.com\x00"[..]);
        assert_eq!(label(&[named, granted]), ("SOCKS".into(), true, false));
        let address = (Side::Src, &b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00"[..]);
        assert_eq!(label(&[address, granted]), ("SOCKS".into(), true, false));
        assert_ne!(label(&[address]).0, "SOCKS", "a request of nine octets alone is nothing");
        let with_password = [
            (Side::Src, &b"\x05\x02\x00\x02"[..]),
            (Side::Dst, b"\x05\x02"),
            (Side::Src, b"\x01\x04user\x04pass"),
            (Side::Dst, b"\x01\x00"),
            (Side::Src, b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"),
            (Side::Dst, b"\x05\x00\x00\x01\xc0\x00\x02\x02\x10\x00"),
        ];
        assert_eq!(label(&with_password), ("SOCKS".into(), true, true));
    }

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
