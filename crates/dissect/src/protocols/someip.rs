// SPDX-License-Identifier: Apache-2.0
//! SOME/IP (AUTOSAR PRS_SOMEIPProtocol §4.1): length, version, type and return code of a message, which ends with the
//! input.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SOMEIP",
    title: "Scalable service-Oriented MiddlewarE over IP",
    category: Category::Rpc,
    spec: &["AUTOSAR PRS_SOMEIPProtocol"],
    ports: &[30490, 30491, 30501],
    probe,
    sample: &[(
        Side::Src,
        b"\xff\xff\x81\x00\x00\x00\x00\x10\x00\x00\x00\x01\x01\x01\x02\x00\xc0\x00\x00\x00\x00\x00\x00\x00",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let message = |rest: &[u8]| {
        let kind = *rest.get(14)?;
        let code = *rest.get(15)?;
        let known = matches!(kind, 0x00..=0x02 | 0x20..=0x22 | 0x40..=0x42 | 0x80 | 0x81 | 0xa0 | 0xa1 | 0xc0 | 0xc1);
        let answer = kind & 0x80 != 0;
        let fits = rest.get(12) == Some(&1) && known && code <= 0x5e && (answer || code == 0) && !zero(rest, 0, 4);
        fits.then_some(8 + be32(rest, 4).filter(|length| *length >= 8)?)
    };
    if fills(data, 32, message) {
        return Verdict::Yes;
    }
    // A stream can be cut in a message.
    let whole = match (data.len() >= 16, data) {
        (true, _) => message(data).is_some_and(|length| (17..65_536).contains(&length) && data.len() < length),
        (false, [_, _, _, _, high, ..]) => *high == 0,
        (false, _) => true,
    };
    maybe_if(whole)
}
