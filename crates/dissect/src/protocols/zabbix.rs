// SPDX-License-Identifier: Apache-2.0
//! Zabbix (Zabbix manual, "Header and data length"): magic, flags, and the reserved part of the length.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Zabbix",
    title: "Zabbix",
    category: Category::Network,
    spec: &["Zabbix manual, protocols"],
    ports: &[10050, 10051],
    first: First::Of(b"Z"),
    probe,
    sample: &[(Side::Src, b"ZBXD\x01\x0a\x00\x00\x00\x00\x00\x00\x00agent.ping")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"ZBXD") {
        Verdict::Yes => data.get(4).map_or(Verdict::Maybe, |flags| yes_if((1..=7).contains(flags))),
        other => other,
    }
}
