// SPDX-License-Identifier: Apache-2.0
//! Live capture on one interface of Linux: an AF_PACKET socket (packet(7)) whose frames the kernel writes into a ring
//! that is shared with it (TPACKET_V3, Documentation/networking/packet_mmap.rst): no system call and no copy for a
//! frame. The kernel's own receive times are used, those of the card where it stamps; its drop counter is read, and
//! the VLAN tag that it takes off is put back. Several captures may share an interface, each with its part of the
//! conversations.

#![allow(unsafe_code)] // the only module that talks to the kernel; each block says why it is sound

mod ring;
mod socket;
mod watched;

use minamo_packet::LinkType;

use crate::{CaptureError, Expression, Frame};
use ring::Ring;
use socket::Socket;

pub use watched::Watched;

/// How an interface is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSettings {
    /// Also take frames that are for others.
    pub promiscuous: bool,
    /// Octets of the ring; the kernel drops what does not fit. Rounded to whole mebibytes, at least two; less where
    /// the system does not give so much.
    pub ring_bytes: usize,
    /// Number of a group of captures that share the interface's conversations: all packets of a conversation, both
    /// directions, go to the same one. Alone without.
    pub group: Option<u16>,
    /// Frames that the kernel hands over; all without.
    pub filter: Option<Expression>,
    /// Have the card stamp what it receives, for all programs; where it cannot the kernel's times are used.
    pub hardware_times: bool,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self { promiscuous: true, ring_bytes: 64 << 20, group: None, filter: None, hardware_times: false }
    }
}

/// What the kernel counted since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveStats {
    /// Frames that reached the socket, those dropped too.
    pub received: u64,
    /// Frames that the kernel dropped because we did not read fast enough.
    pub dropped: u64,
    /// Times that the ring was full.
    pub full: u64,
}

impl std::ops::AddAssign for LiveStats {
    fn add_assign(&mut self, other: Self) {
        let Self { received, dropped, full } = other;
        self.received += received;
        self.dropped += dropped;
        self.full += full;
    }
}

/// A socket on an interface.
pub struct LiveCapture {
    name: String,
    index: libc::c_int,
    socket: Socket,
    ring: Ring,
    link: LinkType,
}

impl LiveCapture {
    /// Opens the interface; needs CAP_NET_RAW.
    pub fn open(name: &str, settings: &LiveSettings) -> Result<Self, CaptureError> {
        let fail = |what| move |cause| CaptureError::Interface { name: name.to_owned(), what, cause };
        let index = socket::interface_index(name).map_err(fail("want the name of an interface"))?;
        let socket = Socket::open().map_err(fail("cannot open a packet socket (needs CAP_NET_RAW)"))?;
        let ring = Ring::map(&socket, settings.ring_bytes).map_err(fail("cannot share a ring of frames with it"))?;
        if ring.octets() < settings.ring_bytes {
            tracing::warn!(
                interface = name,
                wanted = settings.ring_bytes,
                got = ring.octets(),
                "the kernel gave a smaller ring: it may drop frames in a burst"
            );
        }
        // Bound without a protocol first: what kind of interface it is decides on an option, and the socket must not
        // take frames before that, nor those of other interfaces.
        socket.bind(index, 0).map_err(fail("cannot bind to it"))?;
        let kind = socket.interface_kind().map_err(fail("cannot find out its kind"))?;
        if kind == socket::ARPHRD_LOOPBACK {
            // On loopback every frame passes twice, on its way out and on its way in: the second is enough.
            socket.ignore_outgoing().map_err(fail("cannot leave out outgoing frames"))?;
        }
        if settings.promiscuous {
            socket.promiscuous(index).map_err(fail("cannot switch to promiscuous mode"))?;
        }
        let link = link_type(kind);
        if let Some(filter) = &settings.filter {
            let program = filter.compile(link);
            let program = program.map_err(|cause| CaptureError::Filter { name: name.to_owned(), cause })?;
            socket.attach(program.instructions()).map_err(fail("cannot attach the filter"))?;
        }
        socket.bind(index, socket::ETH_P_ALL).map_err(fail("cannot bind to it"))?;
        if let Some(group) = settings.group {
            socket.join(group).map_err(fail("cannot share it with the other captures of its group"))?;
        }
        let capture = Self { name: name.to_owned(), index, socket, ring, link };
        if settings.hardware_times && !capture.stamp_by_card()? {
            tracing::warn!(interface = name, "the card does not stamp what it receives: the kernel does");
        }
        Ok(capture)
    }

    /// Has the card stamp what it receives, for all programs; false where it cannot, and the kernel's times are used.
    pub fn stamp_by_card(&self) -> Result<bool, CaptureError> {
        let told = self.socket.stamp_by_card(&self.name);
        told.map_err(|cause| self.error("cannot switch on the card's times", cause))
    }

    /// What the first octets of its frames are.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// The next frame; nothing where none came for a while.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        self.wait()?;
        Ok(self.ready_frame())
    }

    /// Waits for a frame for a while; true where there is one.
    fn wait(&mut self) -> Result<bool, CaptureError> {
        if self.ring.is_ready() {
            return Ok(true);
        }
        let waited = self.socket.wait();
        waited.map_err(|cause| self.error("cannot be read any more", cause))?;
        Ok(self.ring.is_ready())
    }

    /// The next frame, where one is there.
    fn ready_frame(&mut self) -> Option<Frame<'_>> {
        let link = self.link;
        self.ring.next().map(|(time, data)| Frame { time, link, data })
    }

    /// True as long as the interface of its name is the one that was opened.
    fn is_current(&self) -> bool {
        socket::interface_index(&self.name).is_ok_and(|index| index == self.index)
    }

    /// What the kernel counted since the last call.
    pub fn stats(&self) -> Result<LiveStats, CaptureError> {
        self.socket.stats().map_err(|cause| self.error("cannot read its counters", cause))
    }

    fn error(&self, what: &'static str, cause: std::io::Error) -> CaptureError {
        CaptureError::Interface { name: self.name.clone(), what, cause }
    }
}

/// Ethernet and loopback frames have an Ethernet header; frames of layer-3 tunnels have none.
fn link_type(kind: u16) -> LinkType {
    match kind {
        512 => LinkType::PPP,
        65_534 | 768 | 769 | 776 | 778 => LinkType::RAW,
        _ => LinkType::ETHERNET,
    }
}
