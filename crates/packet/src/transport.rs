// SPDX-License-Identifier: Apache-2.0
//! Transport headers: TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, RFC 4443), SCTP (RFC 9260).

use minamo_base::{Cursor, WireError};

use crate::{Fragment, IpHeader};

/// Bits of the TCP flags octet.
pub mod tcp_flags {
    /// No more data from the sender.
    pub const FIN: u8 = 1;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 2;
    /// Reset.
    pub const RST: u8 = 4;
    /// Push.
    pub const PSH: u8 = 8;
    /// Acknowledgement field is significant.
    pub const ACK: u8 = 16;
}

/// The header above IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp(TcpHeader),
    /// UDP or UDP-Lite: source port, destination port.
    Udp(u16, u16),
    /// SCTP: source port, destination port.
    Sctp(u16, u16),
    /// ICMP or ICMPv6: type, code.
    Icmp(u8, u8),
    /// Something else, or a fragment without its header.
    None,
}

impl Transport {
    /// Ports, or type and code of ICMP, or zeros.
    pub fn ports(&self) -> (u16, u16) {
        match self {
            Self::Tcp(tcp) => (tcp.src_port, tcp.dst_port),
            Self::Udp(src, dst) | Self::Sctp(src, dst) => (*src, *dst),
            Self::Icmp(kind, code) => ((*kind).into(), (*code).into()),
            Self::None => (0, 0),
        }
    }
}

/// True for a query of ICMP, or an answer to one, which have an identifier: echo, time stamp, information (RFC 792), address
/// mask (RFC 950); echo of ICMPv6 (RFC 4443 §4).
pub fn is_icmp_query(proto: u8, kind: u8) -> bool {
    match proto {
        1 => matches!(kind, 0 | 8 | 13..=18),
        58 => matches!(kind, 128 | 129),
        _ => false,
    }
}

/// What the flow needs of a TCP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpHeader {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number of the first octet of data, or of the SYN.
    pub seq: u32,
    /// Next sequence number expected from the other side.
    pub ack: u32,
    /// Flags; see [`tcp_flags`].
    pub flags: u8,
    /// Window, not scaled.
    pub window: u16,
    /// Maximum segment size, on a SYN that has the option.
    pub mss: Option<u16>,
    /// Shift of the window (RFC 7323 §2.2), on a SYN that has the option.
    pub window_scale: Option<u8>,
}

#[inline(always)]
pub(crate) fn decode<'a>(ip: &IpHeader, data: &'a [u8]) -> Result<(Transport, &'a [u8]), WireError> {
    if matches!(ip.fragment, Fragment::Later { .. }) {
        return Ok((Transport::None, data));
    }
    let mut cursor = Cursor::new(data);
    let transport = match ip.proto {
        6 => Transport::Tcp(tcp(&mut cursor)?),
        17 | 136 => {
            let (src, dst) = (cursor.u16("udp.source")?, cursor.u16("udp.destination")?);
            let length = cursor.u16("udp.length")?;
            cursor.skip(2, "udp.checksum")?;
            // What the UDP length leaves out is padding; 0 and impossible lengths are taken as "all".
            let body = usize::from(length).checked_sub(8).unwrap_or(usize::MAX).min(cursor.left());
            return Ok((Transport::Udp(src, dst), cursor.take(body, "udp.payload")?));
        }
        1 | 58 => Transport::Icmp(cursor.u8("icmp.type")?, cursor.u8("icmp.code")?),
        132 => {
            let ports = (cursor.u16("sctp.source")?, cursor.u16("sctp.destination")?);
            cursor.skip(8, "sctp.header")?;
            Transport::Sctp(ports.0, ports.1)
        }
        _ => Transport::None,
    };
    Ok((transport, cursor.rest()))
}

fn tcp(cursor: &mut Cursor<'_>) -> Result<TcpHeader, WireError> {
    let src_port = cursor.u16("tcp.source")?;
    let dst_port = cursor.u16("tcp.destination")?;
    let seq = cursor.u32("tcp.sequence")?;
    let ack = cursor.u32("tcp.acknowledgement")?;
    let offset = cursor.u8("tcp.offset")?;
    let flags = cursor.u8("tcp.flags")?;
    let window = cursor.u16("tcp.window")?;
    cursor.skip(4, "tcp.checksum")?;
    let header = usize::from(offset >> 4) * 4;
    let Some(options) = header.checked_sub(20) else {
        return Err(WireError { at: 12, ..cursor.bad(0, "tcp.offset", header as u64, "at least 20 octets") });
    };
    let options = cursor.sub(options, "tcp.options")?;
    let mut header = TcpHeader { src_port, dst_port, seq, ack, flags, window, mss: None, window_scale: None };
    if flags & tcp_flags::SYN != 0 {
        // Options that make no sense end the search: what was found before them holds.
        read_options(options, &mut header);
    }
    Ok(header)
}

/// What is wanted of the options of a SYN (RFC 9293 §3.2, RFC 7323 §2.2).
fn read_options(mut options: Cursor<'_>, header: &mut TcpHeader) -> Option<()> {
    while !options.is_empty() {
        let kind = options.u8("tcp.option.kind").ok()?;
        match kind {
            0 => return None,
            1 => continue,
            _ => {}
        }
        let length = usize::from(options.u8("tcp.option.length").ok()?);
        let mut value = options.sub(length.saturating_sub(2), "tcp.option").ok()?;
        match (kind, length) {
            (2, 4) => header.mss = Some(value.u16("tcp.option.mss").ok()?),
            (3, 3) => header.window_scale = Some(value.u8("tcp.option.window_scale").ok()?),
            (_, 0 | 1) => return None,
            _ => {}
        }
    }
    Some(())
}
