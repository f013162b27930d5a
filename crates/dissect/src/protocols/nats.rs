// SPDX-License-Identifier: Apache-2.0
//! NATS (NATS client protocol): the server's INFO or the client's CONNECT with their JSON.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Nats",
    title: "NATS",
    category: Category::Rpc,
    spec: &["NATS client protocol"],
    ports: &[4222],
    first: First::Of(b"ICic"),
    probe,
    sample: &[(Side::Dst, b"INFO {\"server_id\":\"A\",\"version\":\"2.10.0\"}\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let (info, connect) = (begins(data, b"INFO {\""), begins_with_any(data, &[b"CONNECT {\"", b"CONNECT {}"]));
    if info == Verdict::Yes {
        let told = contains(data, b"\"server_id\"") || contains(data, b"\"max_payload\"");
        return if told { Verdict::Yes } else { maybe_if(data.len() < 1_500) };
    }
    either(info, connect)
}
