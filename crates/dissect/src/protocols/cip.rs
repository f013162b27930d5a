// SPDX-License-Identifier: Apache-2.0
//! CIP implicit messages (ODVA volume 2, §2-6): items of an address with sequence number and of connected data.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "CIP",
    title: "Common Industrial Protocol",
    category: Category::IotScada,
    spec: &["ODVA, The CIP Networks Library volume 2"],
    ports: &[2222],
    first: First::Of(&[0x02]),
    probe,
    sample: &[(Side::Src, b"\x02\x00\x02\x80\x08\x00\x01\x00\x00\x00\x05\x00\x00\x00\xb1\x00\x02\x00\x01\x00")],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let told = data.starts_with(b"\x02\x00\x02\x80\x08\x00") && at(data, 14, 2) == Some(b"\xb1\x00");
    yes_if(told && le16(data, 16) == data.len().checked_sub(18))
}
