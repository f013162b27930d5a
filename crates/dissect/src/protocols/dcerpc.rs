// SPDX-License-Identifier: Apache-2.0
//! DCE/RPC (C706 §12.6.3, §12.5; MS-RPCE): version, type, representation and length of a fragment over a connection;
//! over datagrams the header of version 4. Of a connection the interfaces that are bound to and the operations that are
//! asked for are noted, also where a pipe of SMB carries it; what stands behind them mostly is not, and is often sealed. PROFINET's context manager (IEC 61158-6-10) is told by its interface.

use super::rpc_names;
use super::tell::*;
use crate::{Dissector, Input, Step};
use minamo_model::Flow;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "DCERPC",
    title: "DCE Remote Procedure Call",
    category: Category::Rpc,
    spec: &["C706", "MS-RPCE"],
    ports: &[135, 593, 49152, 49153, 49154, 49155, 49156, 49157, 34964],
    first: First::Of(&[0x04, 0x05]),
    probe,
    start,
    sample: &[(
        Side::Src,
        b"\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00\xb8\x10\xb8\x10\x00\x00\x00\x00\
        \x01\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&4) {
        return yes_if(datagram(data));
    }
    match data {
        [5] | [5, 0 | 1] | [5, 0 | 1, 0..=19] => Verdict::Maybe,
        [5, 0 | 1, 0..=19, ..] => head::<16>(data, |head| {
            let length = if head[4] & 0xf0 == 0x10 { le16(head, 8) } else { be16(head, 8) };
            let authentic = if head[4] & 0xf0 == 0x10 { le16(head, 10) } else { be16(head, 10) };
            matches!(head[4], 0x00 | 0x10)
                && zero(head, 5, 3)
                && within(length, 16, 65_535)
                && authentic < length
                && head[3] & 0x40 == 0
                && head[3] & 0x03 != 0
                && (head[4] == 0x10 || length == Some(data.len()))
        }),
        _ => Verdict::No,
    }
}

/// Version 4: kind, flags, representation, and the length of the body behind eighty octets.
fn datagram(data: &[u8]) -> bool {
    let length = if data.get(4) == Some(&0x10) { le16(data, 74) } else { be16(data, 74) };
    matches!(data, [4, 0..=10, _, 0..=3, 0x00 | 0x10, 0..=3, 0, ..])
        && length.is_some_and(|length| 80 + length <= data.len())
        && data.len() >= 80
        && (!zero(data, 24, 16) && !zero(data, 40, 16))
}

/// The interface of PROFINET, DEA0000x-6C97-11D1-8271-00A02442DF7D, from its second field on in either order.
const PROFINET: [&[u8]; 2] =
    [b"\x97\x6c\xd1\x11\x82\x71\x00\xa0\x24\x42\xdf\x7d", b"\x6c\x97\x11\xd1\x82\x71\x00\xa0\x24\x42\xdf\x7d"];

fn start(_: bool) -> Box<dyn Dissector> {
    Box::new(DceRpc::default())
}

#[derive(Default)]
struct DceRpc {
    profinet: bool,
    fragments: u32,
    calls: Calls,
}

/// Octets of a fragment that are looked at.
const LOOK: usize = 1_024;
/// Fragments after which the connection is left alone.
const FRAGMENTS_MAX: u32 = 256;

impl Dissector for DceRpc {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if data.first() == Some(&4) {
            self.profinet = PROFINET.iter().any(|uuid| at(data, 28, 12) == Some(*uuid));
            return Step::Done;
        }
        let Some(length) = fragment_length(data) else {
            return if data.len() < 16 && data.first().is_none_or(|version| *version == 5) {
                Step::Continue(0)
            } else {
                Step::Done
            };
        };
        // Answers are only walked over.
        if side == Side::Src {
            let Some(fragment) = data.get(..length.min(LOOK)) else { return Step::Continue(0) };
            let _read: Option<()> = self.calls.fragment(0, fragment, flow);
        }
        self.fragments += 1;
        if self.fragments > FRAGMENTS_MAX { Step::Done } else { Step::Continue(length) }
    }

    fn name(&self) -> Option<&'static str> {
        self.profinet.then_some("DCERPC.PROFINET_IO")
    }
}

/// Length of the fragment that begins here, in its own order of octets; nothing where none does.
fn fragment_length(data: &[u8]) -> Option<usize> {
    let [5, 0 | 1, 0..=20, _, order, ..] = data else { return None };
    let length = if order & 0x10 != 0 { le16(data, 8) } else { be16(data, 8) };
    length.filter(|length| data.len() >= 16 && *length >= 16)
}

/// Interfaces that are kept of a flow, and contexts that are known at a time.
const CONTEXTS_MAX: usize = 16;
/// Operations that are kept of a flow.
const OPERATIONS_MAX: usize = 24;

/// What a client asks of a server, over one connection or the pipes of one session.
#[derive(Default)]
pub(super) struct Calls {
    /// Interfaces by their pipe and the number of their context (C706 §12.6.3.1).
    contexts: Vec<(u64, usize, String)>,
}

impl Calls {
    /// Notes what a fragment of a client says; `pipe` tells connections of one session apart. Nothing where it is none.
    pub(super) fn fragment(&mut self, pipe: u64, data: &[u8], flow: &mut Flow) -> Option<()> {
        let length = fragment_length(data)?;
        let little = u8_at(data, 4)? & 0x10 != 0;
        let two = |place| if little { le16(data, place) } else { be16(data, place) };
        match u8_at(data, 2)? {
            // Bind and alter context: contexts with an interface each and the encodings offered for it.
            11 | 14 => {
                let mut place = 28;
                for _ in 0..u8_at(data, 24)? {
                    let interface = rpc_names::interface(at(data, place + 4, 16)?, little);
                    self.bind(pipe, two(place)?, &interface, flow);
                    place += 24 + 20 * u8_at(data, place + 2)?;
                }
            }
            // The first fragment of a request.
            0 if u8_at(data, 3)? & 1 != 0 => {
                let (context, number) = (two(20)?, two(22)?);
                let facts = flow.dcerpc.get_or_insert_default();
                facts.calls = Some(facts.calls.unwrap_or(0).saturating_add(1));
                let known = self.contexts.iter().find(|(on, id, _)| (*on, *id) == (pipe, context));
                let interface = known.map(|(_, _, name)| name.as_str())?;
                let operations = facts.operations.get_or_insert_default();
                let name = rpc_names::operation(interface, number);
                if operations.len() < OPERATIONS_MAX && !operations.contains(&name) {
                    operations.push(name);
                }
                if interface == "netlogon" && length == data.len() && zeros(number, data) {
                    facts.zero_credential = Some(true);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn bind(&mut self, pipe: u64, context: usize, interface: &str, flow: &mut Flow) {
        self.contexts.retain(|(on, id, _)| (*on, *id) != (pipe, context));
        if self.contexts.len() == CONTEXTS_MAX {
            self.contexts.remove(0);
        }
        self.contexts.push((pipe, context, interface.to_owned()));
        let interfaces = flow.dcerpc.get_or_insert_default().interfaces.get_or_insert_default();
        // What is offered beside it to find out how the server encodes is no interface (MS-RPCE §3.3.1.5.3).
        let probing = interface.starts_with("6cb71c2c-9812-4540-");
        if interfaces.len() < CONTEXTS_MAX && !probing && interfaces.iter().all(|known| known != interface) {
            interfaces.push(interface.to_owned());
        }
    }
}

/// Whether the credential of a login in clear is zeros: the last but the flags of NetrServerAuthenticate, its 2 and its 3
/// (MS-NRPC §3.5.4.4.2). A credential is encrypted, so that zeros come by chance once in 2^64. A challenge of zeros
/// alone is allowed.
fn zeros(number: usize, request: &[u8]) -> bool {
    let flags = match number {
        5 => 0,
        15 | 26 => 4,
        _ => return false,
    };
    // Between an odd number of characters and the flags two octets fill up, with whatever is in them.
    let ends = [flags, flags + 2];
    ends.iter()
        .any(|end| request.len().checked_sub(24 + 32 + end).is_some() && zero(request, request.len() - end - 8, 8))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Classifier;

    fn fragment(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(16 + body.len()).expect("short").to_le_bytes();
        [&[5, 0, kind, 3, 0x10, 0, 0, 0][..], &length, &[0, 0, 1, 0, 0, 0], body].concat()
    }

    /// A bind to an interface, whose UUID is written as on the wire.
    pub(crate) fn bind(context: u8, uuid: &[u8; 16]) -> Vec<u8> {
        let head = [0xb8, 0x10, 0xb8, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, context, 0, 1, 0];
        fragment(11, &[&head[..], uuid, &[2, 0, 0, 0], &[7; 16], &[2, 0, 0, 0]].concat())
    }

    pub(crate) fn request(context: u8, operation: u8, stub: &[u8]) -> Vec<u8> {
        fragment(0, &[&[0, 0, 0, 0, context, 0, operation, 0], stub].concat())
    }

    pub(crate) const SVCCTL: &[u8; 16] = b"\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03";
    const NETLOGON: &[u8; 16] = b"\x78\x56\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\xcf\xfb";

    fn facts(said: &[Vec<u8>], cut: usize) -> minamo_model::flow::Dcerpc {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, 49_700));
        let said = said.concat();
        said.chunks(cut).for_each(|piece| classifier.stream(Side::Src, Input::Data(piece), &mut flow));
        *flow.dcerpc.expect("facts")
    }

    #[test]
    fn interfaces_and_operations_by_their_names() {
        let said =
            [bind(0, SVCCTL), request(0, 15, b""), request(0, 12, &[0; 40]), request(0, 12, b""), request(0, 99, b"")];
        for cut in [1, 7, 5_000] {
            let facts = facts(&said, cut);
            assert_eq!(facts.interfaces, Some(vec!["svcctl".into()]));
            let want = ["svcctl.OpenSCManagerW", "svcctl.CreateServiceW", "svcctl.99"].map(String::from);
            assert_eq!((facts.operations, facts.calls), (Some(want.into()), Some(4)));
        }
        let unknown = facts(&[bind(1, &[0xab; 16]), request(1, 3, b""), request(2, 3, b"")], 5_000);
        let uuid = "abababab-abab-abab-abab-abababababab";
        assert_eq!(unknown.interfaces, Some(vec![uuid.to_owned()]));
        assert_eq!((unknown.operations, unknown.calls), (Some(vec![format!("{uuid}.3")]), Some(2)));
    }

    #[test]
    fn a_credential_of_zeros_is_told() {
        let login = |credential: [u8; 8]| {
            let stub = [&[0x41; 60][..], &credential, &[0xff, 0xff, 0x2f, 0x21]].concat();
            facts(&[bind(0, NETLOGON), request(0, 4, &[0; 48]), request(0, 26, &stub)], 5_000).zero_credential
        };
        assert_eq!((login([0; 8]), login([0, 0, 0, 0, 0, 0, 0, 1])), (Some(true), None));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(kind in 0u8..20, body: Vec<u8>) {
            let (mut calls, mut flow) = (Calls::default(), Flow::default());
            calls.fragment(0, &fragment(kind, &body), &mut flow);
            calls.fragment(0, &body, &mut flow);
        }
    }
}
