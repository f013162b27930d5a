// SPDX-License-Identifier: Apache-2.0
//! Records in a block: flows, the exporters that they came from, and statistics, which are stepped over.

use std::collections::HashMap;

use minamo_base::{Cursor, Ip, Time, WireError};
use minamo_model::Flow;

use super::Account;
use super::extension::{self, Done};
use crate::cache::Learned;
use crate::finish::{self, Header};
use crate::measure::Measures;

/// Octets of the head of every record: kind and length.
pub(super) const HEAD: usize = 4;
/// Kind of a flow.
pub(super) const FLOW: u16 = 11;
/// Kind of a record that introduces an exporter.
pub(super) const EXPORTER: u16 = 7;
/// Kinds that say nothing about flows: counters of exporters, samplers (whose rate the counters are scaled by already),
/// name and sums of the file.
pub(super) const STATISTICS: [u16; 5] = [8, 9, 15, 0x8001, 0x8002];
/// The flow's counters were scaled by the sampling rate.
const SAMPLED: u8 = 2;

/// Who the records of a file came from, by the numbers that the file gave them: at most 65,536.
#[derive(Default)]
pub(super) struct Exporters(HashMap<u16, Exporter>);

#[derive(Clone, Copy)]
struct Exporter {
    ip: Ip,
    domain: u32,
}

impl Exporters {
    /// Version of the export u32, address u64 u64, address family u16, number in the file u16, domain u32.
    pub(super) fn learn(&mut self, body: &[u8]) -> Result<(), WireError> {
        let mut cursor = Cursor::new(body);
        cursor.skip(4, "exporter.version")?;
        let address = cursor.take(16, "exporter.address")?;
        let family = cursor.u16_le("exporter.family")?;
        let number = cursor.u16_le("exporter.number")?;
        let domain = cursor.u32_le("exporter.domain")?;
        // 2 is AF_INET: the address is the lower four octets of the second number.
        let ip = if family == 2 { address.get(8..).and_then(extension::ip4) } else { extension::ip6(address) };
        self.0.insert(number, Exporter { ip: ip.unwrap_or_default(), domain });
        Ok(())
    }
}

/// The next record: its kind, and its content without the head.
pub(super) fn next<'a>(cursor: &mut Cursor<'a>) -> Result<(u16, &'a [u8]), WireError> {
    let kind = cursor.u16_le("record.kind")?;
    let octets = usize::from(cursor.u16_le("record.octets")?);
    let Some(body) = octets.checked_sub(HEAD) else {
        return Err(cursor.bad(2, "record.octets", octets as u64, "at least 4"));
    };
    Ok((kind, cursor.take(body, "record.content")?))
}

/// A flow's row.
pub(super) fn flow(body: &[u8], exporters: &Exporters, account: &mut Account) -> Result<Flow, WireError> {
    let mut cursor = Cursor::new(body);
    let extensions = cursor.u16_le("flow.extensions")?;
    let engine = cursor.u16_le("flow.engine")?;
    let exporter = cursor.u16_le("flow.exporter")?;
    let flags = cursor.u8("flow.flags")?;
    let version = cursor.u8("flow.version")?;
    let (mut flow, mut measures, mut received) = (Flow::default(), Measures::default(), None);
    let mut unread = Vec::new();
    let mut unfit = 0;
    for _ in 0..extensions {
        let number = cursor.u16_le("extension.number")?;
        let octets = usize::from(cursor.u16_le("extension.octets")?);
        let Some(len) = octets.checked_sub(HEAD) else {
            return Err(cursor.bad(2, "extension.octets", octets as u64, "at least 4"));
        };
        let octets = cursor.take(len, "extension.values")?;
        if number == extension::GENERIC {
            received = octets.get(16..).and_then(|octets| extension::uint(octets, 8)).filter(|millis| *millis > 0);
        }
        match extension::read(number, octets, &mut flow, &mut measures) {
            Done::Read(wrong) => unfit += wrong,
            Done::Unread => unread.push(number),
        }
    }
    for number in unread {
        *account.unread_extensions.entry(number).or_default() += 1;
    }
    account.unfit += unfit;
    account.scaled += u64::from(flags & SAMPLED != 0);
    if flow.core.proto != 6 {
        flow.tcp = None;
    }
    let known = exporters.0.get(&exporter).copied();
    let received = received.and_then(|millis| i64::try_from(millis).ok()).map(Time::from_millis);
    let told = flow.exporter.as_deref().and_then(|exporter| exporter.ip);
    let from = told.or(known.map(|known| known.ip)).filter(|ip| *ip != Ip::default());
    let header = Header {
        source: source(version),
        exporter: from.unwrap_or_default(),
        domain: known.map_or(u32::from(engine.swap_bytes()), |known| known.domain),
        received: received.unwrap_or_default(),
        exported: received.unwrap_or_default(),
        uptime: None,
        rate: None,
    };
    finish::row(&mut flow, &measures, &header, &Learned::default());
    if received.is_none() {
        flow.core.time_received = None;
    }
    if from.is_none() {
        flow.exporter.get_or_insert_default().ip = None;
    }
    Ok(flow)
}

/// What the column `source` says: the export that nfcapd took the flow from, where that is one of ours.
fn source(version: u8) -> &'static str {
    let ours = crate::FORMATS.iter().find(|format| format.version == u16::from(version));
    ours.map_or("nfdump", |format| format.name)
}
