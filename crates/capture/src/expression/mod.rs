// SPDX-License-Identifier: Apache-2.0
//! Filters of frames as tcpdump has them (pcap-filter(7)), made into the classic BPF program that the kernel runs on
//! a live interface (Linux, Documentation/networking/filter.rst) and that we run ourselves on a file: one meaning for
//! both.
//!
//! What differs from pcap-filter(7), and why: up to two VLAN tags are looked through, so that `port 443` means the
//! same with and without tags, and `vlan 7` is a test like any other and changes none behind it. Names of hosts are
//! not asked for. Of arithmetic there is `protocol[offset:size] & mask = value`, on IPv6 as on IPv4 where the protocol is above
//! IP. Extension headers of IPv6 end the
//! search for ports. Tunnels are not looked into: the filter sees the frame as it was on the wire.

mod code;
mod machine;
mod parse;

use minamo_packet::LinkType;

pub use code::{Instruction, Program};

/// A filter that was read and is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Option<Node>);

impl Expression {
    /// Reads a filter; an empty one takes every frame.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(Self)
    }

    /// The program for frames of that link type.
    pub fn compile(&self, link: LinkType) -> Result<Program, ExpressionError> {
        Program::new(self.0.as_ref(), link)
    }
}

/// Why a filter is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It cannot be read.
    #[error("capture filter, column {column}: got {got}, want {want}")]
    Syntax {
        /// Where, counted from 1.
        column: usize,
        /// What stands there.
        got: String,
        /// What would fit.
        want: &'static str,
    },
    /// It is longer or deeper than any that a person writes.
    #[error("capture filter: {0}")]
    Bound(&'static str),
    /// Frames of the link type are not looked into.
    #[error("capture filter: link type {0} cannot be filtered")]
    Link(u16),
}

/// What a filter is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
}

/// Which end of a packet is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Src,
    Dst,
    Either,
    Both,
}

/// One question to a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    /// Ethertype.
    Ethertype(u32),
    /// Number of the protocol above IP, in the version of IP or in both.
    Protocol(Option<Version>, u32),
    /// MAC address.
    Mac(End, [u8; 6]),
    /// First octet of the destination's MAC address has the group bit; or all are set.
    Group { all: bool },
    /// IPv4 address and mask, in IP or ARP or both.
    V4(End, Option<V4In>, u32, u32),
    /// IPv6 address and prefix length.
    V6(End, [u32; 4], u8),
    /// Ports from one to another, of a protocol or of all that have ports.
    Ports(End, Option<u32>, u32, u32),
    /// Any tag, or one.
    Vlan(Option<u32>),
    /// Octets of the frame.
    Length(Relation, u32),
    /// Octets of a header, masked.
    Octets { of: Base, at: u32, size: Size, mask: u32, is: Relation, value: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V4,
    V6,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum V4In {
    Ip,
    Arp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    One,
    Two,
    Four,
}

/// Where the octets of [`Test::Octets`] are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Frame,
    /// The header behind an ethertype.
    Network(u32),
    /// The header behind IP, by its protocol number.
    Transport(u32),
}

#[cfg(test)]
mod tests;
