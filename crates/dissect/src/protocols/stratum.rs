// SPDX-License-Identifier: Apache-2.0
//! Mining over Stratum (Stratum mining protocol; NiceHash EthereumStratum): JSON whose method belongs to mining.
//! Monero's miners log in with a name for their agent.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Mining",
    title: "Stratum mining protocol",
    category: Category::CryptoCurrency,
    spec: &["Stratum mining protocol", "EthereumStratum 1.0.0"],
    ports: &[3333, 4444, 5555, 8333, 14433, 14444, 45700],
    first: First::Of(b"{"),
    probe,
    sample: &[(Side::Src, b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[\"miner/1.0\"]}\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first().is_some_and(|first| *first != b'{') {
        return Verdict::No;
    }
    if is_mining(data) { Verdict::Yes } else { maybe_if(data.len() < 200 && printable(data)) }
}

/// Whether JSON asks for what only miners ask for.
pub(super) fn is_mining(data: &[u8]) -> bool {
    let start = data.get(..512).unwrap_or(data);
    let login = contains(start, b"\"login\"") && contains(start, b"\"agent\"") && contains(start, b"\"pass\"");
    WORDS.iter().any(|word| contains(start, word)) || login
}

const WORDS: &[&[u8]] =
    &[b"\"mining.", b"\"eth_submitLogin\"", b"\"eth_getWork\"", b"\"eth_submitWork\"", b"\"eth_login\"", b"\"mining_"];
