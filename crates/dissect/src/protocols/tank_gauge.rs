// SPDX-License-Identifier: Apache-2.0
//! Automatic tank gauges (Veeder-Root TLS-350 serial interface manual): a function code of letters and digits behind
//! SOH.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "ATG",
    title: "Automatic Tank Gauge",
    category: Category::IotScada,
    spec: &["Veeder-Root, TLS Monitoring Systems serial interface"],
    ports: &[10001],
    first: First::Of(&[0x01]),
    probe,
    sample: &[(Side::Src, b"\x01I20100\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match data {
        [1] => Verdict::Maybe,
        [1, b'I' | b'i' | b'S' | b's', code @ ..] => {
            let digits = code.get(..5).unwrap_or(code).iter().all(u8::is_ascii_digit);
            match code.get(5..) {
                Some(rest) => yes_if(digits && matches!(rest.first(), None | Some(b'\r' | b'\n' | 3 | b'0'..=b'9'))),
                None => maybe_if(digits),
            }
        }
        _ => Verdict::No,
    }
}
