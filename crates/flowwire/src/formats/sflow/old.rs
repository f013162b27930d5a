// SPDX-License-Identifier: Apache-2.0
//! sFlow versions 2 and 4 (RFC 3176; sflow.org, "sFlow Version 4"). Their samples and records have no lengths: what is
//! not known or broken ends the datagram. The versions differ in what a gateway tells.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::record::{self, Fault};
use super::{Samples, compact, counters};

/// True for a version that is read here.
pub(super) fn is(version: u32) -> bool {
    matches!(version, 2 | 4)
}

/// The samples of a datagram.
pub(super) fn samples(
    samples: &mut Samples<'_, '_>,
    cursor: &mut Cursor<'_>,
    version: u32,
    count: u32,
) -> Result<(), WireError> {
    for _ in 0..count {
        match cursor.u32("sflow.sample_type")? {
            1 => packet(samples, cursor, version)?,
            2 => counters::old(cursor, samples.out)?,
            kind => return Err(cursor.bad(4, "sflow.sample_type", kind.into(), "1 or 2")),
        }
    }
    Ok(())
}

/// `flow_sample`: the packet, and what else is known of it.
fn packet(samples: &mut Samples<'_, '_>, cursor: &mut Cursor<'_>, version: u32) -> Result<(), WireError> {
    let head = compact(cursor)?;
    let (mut flow, mut skip) = (Flow::default(), None);
    let read = match cursor.u32("sample.packet_type")? {
        1 => record::sampled_header(cursor, &mut flow, false),
        2 => record::sampled_ip(cursor, &mut flow, false).map_err(Fault::Wire),
        3 => record::sampled_ip(cursor, &mut flow, true).map_err(Fault::Wire),
        kind => return Err(cursor.bad(4, "sample.packet_type", kind.into(), "1, 2 or 3")),
    };
    match read {
        Ok(()) => {}
        Err(Fault::Packet(reason)) => skip = Some(reason),
        Err(Fault::Wire(error)) => return Err(error),
    }
    for _ in 0..cursor.u32("sample.extended")? {
        extended(cursor, version, &mut flow, samples)?;
    }
    samples.end(&head, flow, skip, false);
    Ok(())
}

fn extended(
    cursor: &mut Cursor<'_>,
    version: u32,
    flow: &mut Flow,
    samples: &mut Samples<'_, '_>,
) -> Result<(), WireError> {
    match cursor.u32("extended.type")? {
        1 => {
            record::switch(cursor, flow, samples.tally)?;
            cursor.skip(4, "switch.destination_priority")
        }
        2 => record::router(cursor, flow),
        3 => record::gateway(cursor, version, flow, samples.tally),
        4 => record::user(cursor, false, flow),
        5 => record::url(cursor, false, flow),
        kind => Err(cursor.bad(4, "extended.type", kind.into(), "1 to 5")),
    }
}
