// SPDX-License-Identifier: Apache-2.0
//! Bitcoin's peers (Bitcoin developer reference, "Message headers"): a network's magic and a command in text,
//! filled up with zeros. Coins with the same form have the same label.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "BITCOIN",
    title: "Bitcoin peer to peer",
    category: Category::CryptoCurrency,
    spec: &["Bitcoin developer reference"],
    ports: &[8333, 18333],
    probe,
    sample: &[(Side::Src, b"\xf9\xbe\xb4\xd9version\x00\x00\x00\x00\x00\x66\x00\x00\x00\x00\x00\x00\x00")],
    ..Protocol::STREAM
};

/// Each network has a magic of its own (coins of the same form add theirs); the command behind it tells.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(behind) = data.get(4..) else { return Verdict::Maybe };
    let named = COMMANDS.iter().fold(Verdict::No, |verdict, command| either(verdict, begins(behind, command)));
    if named != Verdict::Yes {
        return named;
    }
    head::<20>(data, |head| {
        let letters =
            head[4..16].iter().take_while(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit()).count();
        head[4 + letters..16].iter().all(|octet| *octet == 0) && within(le32(head, 16), 0, 1 << 25)
    })
}

/// Commands that conversations begin with, and those that are seen in the middle of them.
const COMMANDS: &[&[u8]] = &[
    b"version\0",
    b"verack\0",
    b"getaddr\0",
    b"addr\0",
    b"addrv2\0",
    b"sendaddrv2\0",
    b"sendheaders\0",
    b"sendcmpct\0",
    b"getheaders\0",
    b"headers\0",
    b"getblocks\0",
    b"getdata\0",
    b"inv\0",
    b"block\0",
    b"cmpctblock\0",
    b"tx\0",
    b"ping\0",
    b"pong\0",
    b"feefilter\0",
    b"wtxidrelay\0",
    b"mempool\0",
    b"reject\0",
    b"alert\0",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_have_a_magic_of_their_own() {
        let zcash = b"\x24\xe9\x27\x64version\x00\x00\x00\x00\x00\x66\x00\x00\x00\x00\x00\x00\x00";
        assert_eq!(probe(Side::Src, zcash), Verdict::Yes);
        assert_eq!(probe(Side::Src, &zcash[..9]), Verdict::Maybe);
        assert_eq!(probe(Side::Src, b"\x24\xe9\x27\x64other\x00\x00\x00"), Verdict::No);
    }
}
