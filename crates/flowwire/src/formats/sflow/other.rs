// SPDX-License-Identifier: Apache-2.0
//! Counters that are shown under the names that their structure has: "sFlow Version 5" (types 5, VLANs, and 1002, radios),
//! "sFlow 802.11 Structures" (6), "sFlow LAG Port Statistics Structures" (7), "sFlow Optical Interface Structures" (10),
//! "sFlow Host Structures" (2003 to 2104). A kind is a row of [`KINDS`].

use minamo_base::{Cursor, WireError};

use crate::OtherCounters;

/// Counter data type of VLANs.
pub(super) const VLAN: u32 = 5;
/// Lanes of an optical module that are read.
const MAX_LANES: u32 = 16;

/// What stands where in a structure.
enum Part {
    /// Four octets; all bits set say that the agent does not have it.
    Word(&'static str),
    /// Eight octets, in the same way.
    Wide(&'static str),
    /// A real number of four octets, told in hundredths.
    Real(&'static str),
    /// The number of what the counters are of.
    Number,
    /// So many octets that are not told.
    Skip(usize),
}

struct Kind {
    /// Counter data type of enterprise 0.
    format: u32,
    /// The word for it.
    name: &'static str,
    parts: &'static [Part],
}

use Part::{Number, Real, Skip, Wide, Word};

#[rustfmt::skip]
static KINDS: &[Kind] = &[
    Kind { format: VLAN, name: "vlan", parts: &[
        Number, Wide("octets"), Word("ucastPkts"), Word("multicastPkts"), Word("broadcastPkts"), Word("discards"),
    ] },
    Kind { format: 6, name: "wlan", parts: &[
        Word("dot11TransmittedFragmentCount"), Word("dot11MulticastTransmittedFrameCount"), Word("dot11FailedCount"),
        Word("dot11RetryCount"), Word("dot11MultipleRetryCount"), Word("dot11FrameDuplicateCount"),
        Word("dot11RTSSuccessCount"), Word("dot11RTSFailureCount"), Word("dot11ACKFailureCount"),
        Word("dot11ReceivedFragmentCount"), Word("dot11MulticastReceivedFrameCount"), Word("dot11FCSErrorCount"),
        Word("dot11TransmittedFrameCount"), Word("dot11WEPUndecryptableCount"),
        Word("dot11QoSDiscardedFragmentCount"), Word("dot11AssociatedStationCount"),
        Word("dot11QoSCFPollsReceivedCount"), Word("dot11QoSCFPollsUnusedCount"),
        Word("dot11QoSCFPollsUnusableCount"), Word("dot11QoSCFPollsLostCount"),
    ] },
    // Two hardware addresses with their padding, and the states of both sides, stand before the counters.
    Kind { format: 7, name: "lag", parts: &[
        Skip(16), Word("attachedAggID"), Skip(4), Word("LACPDUsRx"), Word("markerPDUsRx"), Word("markerResponsePDUsRx"),
        Word("unknownRx"), Word("illegalRx"), Word("LACPDUsTx"), Word("markerPDUsTx"), Word("markerResponsePDUsTx"),
    ] },
    Kind { format: 1_002, name: "radio", parts: &[
        Word("elapsed_time"), Word("on_channel_time"), Word("on_channel_busy_time"),
    ] },
    Kind { format: 2_003, name: "cpu", parts: &[
        Real("load_one_hundredths"), Real("load_five_hundredths"), Real("load_fifteen_hundredths"), Word("proc_run"),
        Word("proc_total"), Word("cpu_num"), Word("cpu_speed"), Word("uptime"), Word("cpu_user"), Word("cpu_nice"),
        Word("cpu_system"), Word("cpu_idle"), Word("cpu_wio"), Word("cpu_intr"), Word("cpu_sintr"), Word("interrupts"),
        Word("contexts"),
    ] },
    Kind { format: 2_005, name: "disk", parts: &[
        Wide("disk_total"), Wide("disk_free"), Word("part_max_used"), Word("reads"), Wide("bytes_read"),
        Word("read_time"), Word("writes"), Wide("bytes_written"), Word("write_time"),
    ] },
    Kind { format: 2_006, name: "network", parts: &[
        Wide("bytes_in"), Word("pkts_in"), Word("errs_in"), Word("drops_in"), Wide("bytes_out"), Word("pkts_out"),
        Word("errs_out"), Word("drops_out"),
    ] },
    Kind { format: 2_100, name: "hypervisor", parts: &[
        Word("mhz"), Word("cpus"), Wide("memory"), Wide("memory_free"), Word("num_domains"),
    ] },
    Kind { format: 2_101, name: "vm_cpu", parts: &[Word("state"), Word("cpuTime"), Word("nrVirtCpu")] },
    Kind { format: 2_102, name: "vm_memory", parts: &[Wide("memory"), Wide("maxMemory")] },
    Kind { format: 2_103, name: "vm_disk", parts: &[
        Wide("capacity"), Wide("allocation"), Wide("available"), Word("rd_req"), Wide("rd_bytes"), Word("wr_req"),
        Wide("wr_bytes"), Word("errs"),
    ] },
    Kind { format: 2_104, name: "vm_network", parts: &[
        Wide("rx_bytes"), Word("rx_packets"), Word("rx_errs"), Word("rx_drops"), Wide("tx_bytes"), Word("tx_packets"),
        Word("tx_errs"), Word("tx_drops"),
    ] },
];

#[rustfmt::skip]
static LANE: &[Part] = &[
    Number, Word("tx_bias_current"), Word("tx_power"), Word("tx_power_min"), Word("tx_power_max"),
    Word("tx_wavelength"), Word("rx_power"), Word("rx_power_min"), Word("rx_power_max"), Word("rx_wavelength"),
];

/// The counters of a record; nothing where its kind is not known.
pub(super) fn read(format: u32, cursor: &mut Cursor<'_>, source: u32) -> Result<Option<OtherCounters>, WireError> {
    let Some(kind) = KINDS.iter().find(|kind| kind.format == format) else { return Ok(None) };
    parts(kind.name, kind.parts, cursor, source).map(Some)
}

/// An optical module, and its lanes: temperature in thousandths of a degree Celsius, which may be below zero, voltage in
/// millivolts, currents in microamperes, powers in microwatts, wavelengths in nanometres.
pub(super) fn optics(cursor: &mut Cursor<'_>, source: u32, others: &mut Vec<OtherCounters>) -> Result<(), WireError> {
    let number = cursor.u32("optics.module")?;
    cursor.skip(4, "optics.lanes_of_module")?;
    let mut module = OtherCounters { kind: "optics", source, number, ..OtherCounters::default() };
    if let Some(millivolts) = word(cursor)? {
        module.values.push(("module_supply_voltage", millivolts));
    }
    let temperature = cursor.u32("optics.temperature")?.cast_signed();
    module.values.push(("module_temperature", temperature.into()));
    others.push(module);
    for _ in 0..cursor.u32("optics.lanes")?.min(MAX_LANES) {
        others.push(parts("lane", LANE, cursor, source)?);
    }
    Ok(())
}

fn parts(kind: &'static str, parts: &[Part], cursor: &mut Cursor<'_>, source: u32) -> Result<OtherCounters, WireError> {
    let mut counters = OtherCounters { kind, source, ..OtherCounters::default() };
    for part in parts {
        let (name, value) = match part {
            Word(name) => (*name, word(cursor)?),
            Wide(name) => (*name, i64::try_from(cursor.u64("counters.value")?).ok()),
            Real(name) => (*name, hundredths(f32::from_bits(cursor.u32("counters.value")?))),
            Number => {
                counters.number = cursor.u32("counters.number")?;
                continue;
            }
            Skip(octets) => {
                cursor.skip(*octets, "counters.octets")?;
                continue;
            }
        };
        counters.values.extend(value.map(|value| (name, value)));
    }
    Ok(counters)
}

fn word(cursor: &mut Cursor<'_>) -> Result<Option<i64>, WireError> {
    let value = cursor.u32("counters.value")?;
    Ok((value != u32::MAX).then_some(value.into()))
}

/// A load in hundredths; −1 says that the agent does not know it.
fn hundredths(load: f32) -> Option<i64> {
    // What is no load is beyond any bound.
    (0.0..1e9).contains(&load).then(|| (f64::from(load) * 100.0).round() as i64)
}
