// SPDX-License-Identifier: Apache-2.0
//! Reports of Gaijin's games (as observed from their clients): datagrams that begin with the name of what is counted.
//! Their sessions are ENet's and called so.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "GaijinEntertainment",
    title: "Gaijin Entertainment reports",
    category: Category::Game,
    spec: &["Gaijin Entertainment, reports as observed"],
    first: First::Of(b"ae"),
    probe,
    sample: &[(
        Side::Src,
        b"embeddedupdater.finished:1|c|#project:warthunder,circuit:production,platform:linux64,version:2.33.0.97,\
        result:true",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let known: [&[u8]; 3] = [b"embeddedupdater.", b"app.start", b"app.stage"];
    yes_if(data.len() > 100 && printable(data) && known.iter().any(|word| data.starts_with(word)))
}
