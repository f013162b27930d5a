// SPDX-License-Identifier: Apache-2.0
//! What an exporter says of itself, beside its flows.

/// Something that an exporter said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// Counters of an interface (sFlow).
    Interface(Box<InterfaceCounters>),
    /// Counters of the device itself (sFlow).
    Device(Box<DeviceCounters>),
    /// Counters of something else that it has (sFlow).
    Other(Box<OtherCounters>),
}

/// Counters of a VLAN, a radio, a virtual machine, an optical module …, by the names that the structure of sFlow has for
/// them. What the agent does not tell is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OtherCounters {
    /// What they are of, a word: `vlan`, `wlan`, `radio`, `optics`, `lane`, `vm_cpu` …
    pub kind: &'static str,
    /// Index of the data source: of the interface, or of the virtual machine.
    pub source: u32,
    /// Number of the VLAN or lane; 0 where there is one of the kind per source.
    pub number: u32,
    /// Name of the virtual machine, where its sample tells it.
    pub name: Option<String>,
    /// Names and values.
    pub values: Vec<(&'static str, i64)>,
}

/// How a device is doing, as an sFlow agent tells it (sFlow v5 `processor`, sFlow Host Structures). What the agent does
/// not tell is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceCounters {
    /// Name of the host.
    pub name: Option<String>,
    /// Load of the processor over five seconds, one and five minutes, in percent.
    pub load_percent: [Option<u32>; 3],
    /// Octets of memory.
    pub memory: Option<u64>,
    /// Octets of it that are free.
    pub memory_free: Option<u64>,
}

/// Counters of one interface since its start, as an sFlow agent sends them (sFlow v5, `if_counters` and
/// `ethernet_counters`; RFC 2863, RFC 3635). A counter that the agent does not have is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InterfaceCounters {
    /// Interface index.
    pub index: u32,
    /// Kind of interface (IANA ifType).
    pub kind: Option<u32>,
    /// Bits per second.
    pub speed: Option<u64>,
    /// True in full duplex, false in half duplex.
    pub full_duplex: Option<bool>,
    /// True where it shall be up.
    pub admin_up: Option<bool>,
    /// True where it is up.
    pub up: Option<bool>,
    /// Octets that came in.
    pub in_octets: Option<u64>,
    /// Packets that came in: to one receiver, to groups, to all.
    pub in_packets: [Option<u32>; 3],
    /// Packets that came in and were discarded.
    pub in_discards: Option<u32>,
    /// Packets that came in with errors.
    pub in_errors: Option<u32>,
    /// Packets that came in of an unknown protocol.
    pub in_unknown: Option<u32>,
    /// Octets that went out.
    pub out_octets: Option<u64>,
    /// Packets that went out: to one receiver, to groups, to all.
    pub out_packets: [Option<u32>; 3],
    /// Packets that were to go out and were discarded.
    pub out_discards: Option<u32>,
    /// Packets that could not go out because of errors.
    pub out_errors: Option<u32>,
    /// True where it takes all frames.
    pub promiscuous: Option<bool>,
    /// Frames whose checksum was wrong.
    pub checksum_errors: Option<u32>,
    /// Frames of a wrong alignment.
    pub alignment_errors: Option<u32>,
    /// Frames that met one collision, and several.
    pub collisions: [Option<u32>; 2],
    /// Frames that were too long.
    pub too_long: Option<u32>,
}
