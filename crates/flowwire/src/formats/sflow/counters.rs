// SPDX-License-Identifier: Apache-2.0
//! Counter samples ("sFlow Version 5", counter data types 1, 2 and 1001 of enterprise 0; "sFlow Host Structures", types
//! 2000 and 2004; RFC 3176 for the versions before). Those that are told by name only are in [`super::other`].

use minamo_base::{Cursor, WireError};

use super::{block, other};
use crate::options::text;
use crate::{DeviceCounters, Fact, InterfaceCounters, OtherCounters, Output};

/// What a sample is of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// 0 an interface, 1 a VLAN, 2 the device, 3 something that it runs.
    pub(super) class: u32,
    pub(super) index: u32,
}

/// Class of virtual machines and the like ("sFlow Host Structures").
const LOGICAL: u32 = 3;

/// Reads the records of a counter sample. Those of vendors are stepped over.
pub(super) fn read(cursor: &mut Cursor<'_>, source: Source, out: &mut Output<'_>) -> Result<(), WireError> {
    let count = cursor.u32("counters.records")?;
    let mut others: Vec<OtherCounters> = Vec::new();
    let mut counters: Option<InterfaceCounters> = None;
    let mut link: Option<InterfaceCounters> = None;
    let mut device = DeviceCounters::default();
    for _ in 0..count {
        let format = cursor.u32("counters.format")?;
        let mut body = Cursor::new(block(cursor, "counters.octets")?);
        match format {
            1 => counters = Some(interface(&mut body)?),
            2 => link = Some(ethernet(&mut body)?),
            1_001 => processor(&mut body, &mut device)?,
            2_000 => device.name = text(block(&mut body, "host.name")?),
            2_004 => {
                device.memory = wide(&mut body, "host.memory_total")?;
                device.memory_free = wide(&mut body, "host.memory_free")?;
            }
            10 => other::optics(&mut body, source.index, &mut others)?,
            _ => others.extend(other::read(format, &mut body, source.index)?),
        }
    }
    tell(counters, link, out);
    if source.class == LOGICAL {
        // The name is that of a virtual machine, and not the device's.
        let name = std::mem::take(&mut device).name;
        others.iter_mut().for_each(|one| one.name.clone_from(&name));
    }
    others.into_iter().for_each(|one| out.fact(Fact::Other(Box::new(one))));
    if device != DeviceCounters::default() {
        out.fact(Fact::Device(Box::new(device)));
    }
    Ok(())
}

/// Tells the counters of an interface together with those of its link.
fn tell(counters: Option<InterfaceCounters>, link: Option<InterfaceCounters>, out: &mut Output<'_>) {
    let Some(mut counters) = counters else { return };
    if let Some(link) = link {
        (counters.checksum_errors, counters.alignment_errors) = (link.checksum_errors, link.alignment_errors);
        (counters.collisions, counters.too_long) = (link.collisions, link.too_long);
    }
    out.fact(Fact::Interface(Box::new(counters)));
}

/// Reads a counter sample of version 2 or 4: one block of a kind that says what follows the counters of the interface.
pub(super) fn old(cursor: &mut Cursor<'_>, out: &mut Output<'_>) -> Result<(), WireError> {
    cursor.skip(12, "counters.source")?;
    let kind = cursor.u32("counters.kind")?;
    if kind == 7 {
        let vlan = other::read(other::VLAN, cursor, 0)?;
        vlan.into_iter().for_each(|one| out.fact(Fact::Other(Box::new(one))));
        return Ok(());
    }
    let counters = interface(cursor)?;
    let mut link = None;
    match kind {
        1 | 4 | 6 => {}
        2 => {
            link = Some(ethernet(cursor)?);
            cursor.skip(8, "ethernet.counters")?;
        }
        3 => cursor.skip(72, "token_ring.counters")?,
        5 => cursor.skip(80, "vg.counters")?,
        _ => return Err(cursor.bad(4, "counters.kind", kind.into(), "1 to 7")),
    }
    tell(Some(counters), link, out);
    Ok(())
}

/// `processor`: loads over five seconds, one and five minutes in percent, and memory.
fn processor(cursor: &mut Cursor<'_>, device: &mut DeviceCounters) -> Result<(), WireError> {
    device.load_percent = three(cursor, "processor.load")?;
    device.memory = wide(cursor, "processor.memory_total")?;
    device.memory_free = wide(cursor, "processor.memory_free")?;
    Ok(())
}

/// A counter; all bits set say that the agent does not have it.
fn counter(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Option<u32>, WireError> {
    cursor.u32(field).map(|value| Some(value).filter(|value| *value != u32::MAX))
}

fn wide(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Option<u64>, WireError> {
    cursor.u64(field).map(|value| Some(value).filter(|value| *value != u64::MAX))
}

fn three(cursor: &mut Cursor<'_>, field: &'static str) -> Result<[Option<u32>; 3], WireError> {
    Ok([counter(cursor, field)?, counter(cursor, field)?, counter(cursor, field)?])
}

/// `if_counters`.
fn interface(cursor: &mut Cursor<'_>) -> Result<InterfaceCounters, WireError> {
    let index = cursor.u32("interface.index")?;
    let kind = Some(cursor.u32("interface.type")?);
    let speed = wide(cursor, "interface.speed")?;
    let full_duplex = match cursor.u32("interface.direction")? {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    };
    let status = cursor.u32("interface.status")?;
    let mut counters = InterfaceCounters {
        index,
        kind,
        speed,
        full_duplex,
        admin_up: Some(status & 1 != 0),
        up: Some(status & 2 != 0),
        ..InterfaceCounters::default()
    };
    counters.in_octets = wide(cursor, "interface.in_octets")?;
    counters.in_packets = three(cursor, "interface.in_packets")?;
    counters.in_discards = counter(cursor, "interface.in_discards")?;
    counters.in_errors = counter(cursor, "interface.in_errors")?;
    counters.in_unknown = counter(cursor, "interface.in_unknown")?;
    counters.out_octets = wide(cursor, "interface.out_octets")?;
    counters.out_packets = three(cursor, "interface.out_packets")?;
    counters.out_discards = counter(cursor, "interface.out_discards")?;
    counters.out_errors = counter(cursor, "interface.out_errors")?;
    // A truth value: 1 is true, 2 is false.
    counters.promiscuous = match cursor.u32("interface.promiscuous")? {
        1 => Some(true),
        0 | 2 => Some(false),
        _ => None,
    };
    Ok(counters)
}

/// `ethernet_counters`: the first four, and the eleventh.
fn ethernet(cursor: &mut Cursor<'_>) -> Result<InterfaceCounters, WireError> {
    let alignment_errors = counter(cursor, "ethernet.alignment")?;
    let checksum_errors = counter(cursor, "ethernet.checksum")?;
    let collisions = [counter(cursor, "ethernet.collision")?, counter(cursor, "ethernet.collisions")?];
    cursor.skip(24, "ethernet.counters")?;
    let too_long = counter(cursor, "ethernet.too_long")?;
    Ok(InterfaceCounters { alignment_errors, checksum_errors, collisions, too_long, ..InterfaceCounters::default() })
}
