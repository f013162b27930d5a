// SPDX-License-Identifier: Apache-2.0
//! DHCP for IPv4 (RFC 2131 §2, RFC 2132): told by its magic cookie. BOOTP without the cookie is not recognised;
//! options that overflow into other fields are not read.

use minamo_base::{Cursor, Ip, WireError};
use minamo_model::Flow;

use super::text::some_text;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DHCP",
    title: "Dynamic Host Configuration Protocol",
    category: Category::Network,
    spec: &["RFC 2131", "RFC 2132"],
    ports: &[67, 68],
    max_state: 64,
    probe: |_, data| if Message::read(data).is_ok() { Verdict::Yes } else { Verdict::No },
    // BOOTP (RFC 951 §3) without the cookie, and messages that a capture cut: operation, Ethernet, its addresses, few hops.
    on_port: Some(|_, data| data.len() >= 34 && matches!(data, [1 | 2, 1, 6, 0..=16, ..])),
    start: |_| Box::new(Dhcp),
    sample: &[(Side::Src, &SAMPLE)],
    ..Protocol::DATAGRAM
};

/// The fixed part of the message (RFC 2131 figure 1).
struct Message<'a> {
    client: [u8; 4],
    yours: [u8; 4],
    options: Cursor<'a>,
}

impl<'a> Message<'a> {
    fn read(data: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(data);
        let op = cursor.u8("dhcp.op")?;
        cursor.skip(1, "dhcp.htype")?;
        let length = cursor.u8("dhcp.hlen")?;
        cursor.skip(9, "dhcp.xid")?;
        let (client, yours) = (cursor.array("dhcp.ciaddr")?, cursor.array("dhcp.yiaddr")?);
        cursor.skip(216, "dhcp.chaddr")?;
        let cookie = cursor.u32("dhcp.cookie")?;
        if !matches!(op, 1 | 2) || length > 16 || cookie != 0x6382_5363 {
            return Err(cursor.bad(4, "dhcp.cookie", cookie.into(), "the magic cookie"));
        }
        Ok(Self { client, yours, options: cursor })
    }
}

/// The next option that is not padding.
fn option<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    loop {
        match cursor.u8("dhcp.option").ok()? {
            0 => {}
            255 => return None,
            code => return Some((code, cursor.vec8("dhcp.option").ok()?.rest())),
        }
    }
}

struct Dhcp;

impl Dissector for Dhcp {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        let Ok(Message { client, yours, mut options }) = Message::read(data) else {
            return Step::Continue(data.len());
        };
        let dhcp = flow.dhcp.get_or_insert_default();
        let (mut kind, mut asked) = (0, None);
        while let Some((code, value)) = option(&mut options) {
            match code {
                12 => dhcp.host_name = dhcp.host_name.take().or(some_text(value, 255)),
                50 => asked = <[u8; 4]>::try_from(value).ok(),
                53 => kind = value.first().copied().unwrap_or(0),
                55 => dhcp.fingerprint = dhcp.fingerprint.take().or(Some(joined(value))),
                60 => dhcp.vendor_class = dhcp.vendor_class.take().or(some_text(value, 255)),
                _ => {}
            }
        }
        dhcp.message = dhcp.message.take().or(message_name(kind).map(Into::into));
        let told = [Some(yours), asked, Some(client)].into_iter().flatten().find(|a| *a != [0; 4]);
        let leased = yours != [0; 4];
        if dhcp.address.is_none() || leased {
            dhcp.address = told.map(Ip::v4).or(dhcp.address.take());
        }
        // ACK and NAK end an exchange.
        if matches!(kind, 5 | 6) { Step::Done } else { Step::Continue(data.len()) }
    }
}

fn joined(list: &[u8]) -> String {
    let numbers: Vec<_> = list.iter().map(u8::to_string).collect();
    numbers.join(",")
}

/// Name of a message type (RFC 2132 §9.6, RFC 4388, RFC 3203).
fn message_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "discover",
        2 => "offer",
        3 => "request",
        4 => "decline",
        5 => "ack",
        6 => "nak",
        7 => "release",
        8 => "inform",
        9 => "forcerenew",
        10 => "leasequery",
        11 => "leaseunassigned",
        12 => "leaseunknown",
        13 => "leaseactive",
        _ => return None,
    })
}

const SAMPLE: [u8; 264] = {
    let mut message = [0; 264];
    let start = [1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78];
    let options = *b"\x63\x82\x53\x63\x35\x01\x03\x32\x04\xc0\x00\x02\x07\x0c\x02pc\x37\x03\x01\x03\x06\xff\x00";
    let mut at = 0;
    while at < start.len() {
        message[at] = start[at];
        at += 1;
    }
    at = 0;
    while at < options.len() {
        message[236 + at] = options[at];
        at += 1;
    }
    message
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_facts() {
        let mut flow = Flow::default();
        Dhcp.feed(Side::Src, Input::Data(&SAMPLE), &mut flow);
        let facts = flow.dhcp.expect("facts");
        assert_eq!((facts.message.as_deref(), facts.host_name.as_deref()), (Some("request"), Some("pc")));
        assert_eq!(facts.fingerprint.as_deref(), Some("1,3,6"));
        assert_eq!(facts.address, Some(Ip::v4([192, 0, 2, 7])));
    }
}
