// SPDX-License-Identifier: Apache-2.0
//! Ethernet Global Data (GE GFK-2225, "EGD"): type 13 and version 1 of the data's header with its producer and status.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "EthernetGlobalData",
    title: "Ethernet Global Data",
    category: Category::IotScada,
    spec: &["GE Fanuc GFK-2225"],
    ports: &[18246],
    first: First::Of(&[0x0d]),
    probe,
    sample: &[(
        Side::Src,
        b"\x0d\x01\x01\x00\x0a\x00\x00\x01\x01\x00\x00\x00\x5e\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04",
    )],
    ..Protocol::DATAGRAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    // Reserved fields at the header's end are zero; the production status is small.
    yes_if(
        data.starts_with(&[13, 1])
            && data.len() >= 32
            && !zero(data, 4, 4)
            && !zero(data, 8, 4)
            && zero(data, 28, 4)
            && within(le32(data, 20), 0, 31),
    )
}
