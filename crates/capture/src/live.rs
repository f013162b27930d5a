// SPDX-License-Identifier: Apache-2.0
//! Live capture on one interface of Linux: an AF_PACKET socket (packet(7)) read in batches with
//! recvmmsg(2). The kernel's own receive times are used, its drop counter is read, and the VLAN tag that it takes off
//! is put back.

#![allow(unsafe_code)] // the only module that talks to the kernel; each block says why it is sound

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use minamo_base::Time;
use minamo_packet::LinkType;

use crate::{CaptureError, Frame};

/// Frames that one system call fetches at most.
const BATCH: usize = 64;
/// Octets kept of one frame: jumbo frames and receive offload fit.
const SNAPLEN: usize = 65_536;
/// Octets of a VLAN tag (IEEE 802.1Q §9.5); so much room is before each frame.
const TAG: usize = 4;
/// Octets of the two MAC addresses, after which the tag stands.
const MACS: usize = 12;
/// Octets of one frame's place in the buffer.
const SLOT: usize = TAG + SNAPLEN;
/// Words of what the kernel says beside one frame.
const CONTROL: usize = 16;
/// Kernel buffer that is asked for; the system's `rmem_max` can make it smaller.
const KERNEL_BUFFER: libc::c_int = 64 << 20;
/// How long one read waits for traffic, in milliseconds.
const WAIT_MILLIS: libc::c_int = 200;

/// What the kernel counted since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveStats {
    /// Frames that reached the socket, those dropped too.
    pub received: u64,
    /// Frames that the kernel dropped because we did not read fast enough.
    pub dropped: u64,
}

/// A socket on an interface.
pub struct LiveCapture {
    name: String,
    socket: OwnedFd,
    link: LinkType,
    buffers: Vec<u8>,
    /// Where each frame is in its slot.
    places: [(usize, usize); BATCH],
    times: [Time; BATCH],
    filled: usize,
    next: usize,
}

impl LiveCapture {
    /// Opens the interface; needs CAP_NET_RAW.
    pub fn open(name: &str, promiscuous: bool) -> Result<Self, CaptureError> {
        let fail = |what| move |cause| CaptureError::Interface { name: name.to_owned(), what, cause };
        let index = interface_index(name).map_err(fail("want the name of an interface"))?;
        let socket = open_socket().map_err(fail("cannot open a packet socket (needs CAP_NET_RAW)"))?;
        set_option(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1i32).map_err(fail("cannot switch times on"))?;
        // Best effort: the larger buffer needs CAP_NET_ADMIN; without it the default stands and drops are counted.
        if set_option(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &KERNEL_BUFFER).is_err() {
            tracing::warn!(
                interface = name,
                "the kernel buffer stays at its default size: grant CAP_NET_ADMIN to enlarge it"
            );
        }
        set_option(&socket, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1i32).map_err(fail("cannot ask for VLAN tags"))?;
        // Bound without a protocol first: what kind of interface it is decides on an option, and the socket must not
        // take frames before that, nor those of other interfaces.
        bind(&socket, index, 0).map_err(fail("cannot bind to it"))?;
        let kind = interface_kind(&socket).map_err(fail("cannot find out its kind"))?;
        if kind == ARPHRD_LOOPBACK {
            // On loopback every frame passes twice, on its way out and on its way in: the second is enough.
            set_option(&socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &1i32)
                .map_err(fail("cannot leave out outgoing frames"))?;
        }
        if promiscuous {
            // SAFETY: packet_mreq is plain data, for which all zeros are a value.
            let mut request: libc::packet_mreq = unsafe { zeroed() };
            request.mr_ifindex = index;
            request.mr_type = u16::try_from(libc::PACKET_MR_PROMISC).unwrap_or(1);
            set_option(&socket, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
                .map_err(fail("cannot switch to promiscuous mode"))?;
        }
        let link = link_type(kind);
        bind(&socket, index, ETH_P_ALL).map_err(fail("cannot bind to it"))?;
        Ok(Self {
            name: name.to_owned(),
            socket,
            link,
            buffers: vec![0; BATCH * SLOT],
            places: [(0, 0); BATCH],
            times: [Time(0); BATCH],
            filled: 0,
            next: 0,
        })
    }

    /// The next frame; nothing where none came for a while.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if self.next >= self.filled {
            self.next = 0;
            self.filled = 0;
            self.filled = self.receive().map_err(|cause| CaptureError::Interface {
                name: self.name.clone(),
                what: "cannot be read any more",
                cause,
            })?;
            if self.filled == 0 {
                return Ok(None);
            }
        }
        let at = self.next;
        self.next += 1;
        let (start, end) = self.places.get(at).copied().unwrap_or_default();
        let data = self.buffers.get(at * SLOT + start..at * SLOT + end).unwrap_or_default();
        Ok(Some(Frame { time: self.times.get(at).copied().unwrap_or_default(), link: self.link, data }))
    }

    /// What the kernel counted since the last call.
    pub fn stats(&self) -> Result<LiveStats, CaptureError> {
        let mut stats = MaybeUninit::<libc::tpacket_stats>::zeroed();
        let mut length = socklen::<libc::tpacket_stats>();
        // SAFETY: the kernel writes at most `length` octets into `stats`, whose size that is.
        let code = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                stats.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if code != 0 {
            let cause = io::Error::last_os_error();
            return Err(CaptureError::Interface { name: self.name.clone(), what: "cannot read its counters", cause });
        }
        // SAFETY: zeroed before, and plain data.
        let stats = unsafe { stats.assume_init() };
        Ok(LiveStats { received: stats.tp_packets.into(), dropped: stats.tp_drops.into() })
    }

    /// Fetches up to a batch of frames; 0 where none came in time.
    fn receive(&mut self) -> io::Result<usize> {
        let mut poll = libc::pollfd { fd: self.socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        let ready = unsafe { libc::poll(&raw mut poll, 1, WAIT_MILLIS) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) };
        }
        if ready == 0 {
            return Ok(0);
        }
        // Room for a time and for what is said of a tag.
        let mut controls = [[0u64; CONTROL]; BATCH];
        // SAFETY: iovec and mmsghdr are plain data, for which all zeros are a value.
        let (mut slices, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (zeroed(), zeroed()) };
        let parts = self.buffers.chunks_exact_mut(SLOT).zip(&mut slices).zip(&mut messages).zip(&mut controls);
        for (((slot, slice), message), control) in parts {
            let Some(buffer) = slot.get_mut(TAG..) else { continue };
            *slice = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            message.msg_hdr.msg_iov = slice;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_control = control.as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = size_of::<[u64; CONTROL]>();
        }
        // SAFETY: every message points to a buffer and a control area that live until the call returns.
        let count = unsafe {
            libc::recvmmsg(
                self.socket.as_raw_fd(),
                messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else {
            let error = io::Error::last_os_error();
            let quiet = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
            return if quiet { Ok(0) } else { Err(error) };
        };
        let slots = self.buffers.chunks_exact_mut(SLOT).zip(&mut self.places).zip(&mut self.times);
        for (message, ((slot, place), time)) in messages.iter().take(count).zip(slots) {
            let mut notes = Notes::default();
            notes.read(&message.msg_hdr);
            *time = notes.time;
            let end = TAG + (message.msg_len as usize).min(SNAPLEN);
            *place = (if notes.tag.is_some_and(|tag| put_back(slot, end, tag)) { 0 } else { TAG }, end);
        }
        Ok(count)
    }
}

/// Writes the tag between the MAC addresses and the rest; false where the frame has not even the addresses.
fn put_back(slot: &mut [u8], end: usize, tag: [u8; TAG]) -> bool {
    if end < TAG + MACS {
        return false;
    }
    slot.copy_within(TAG..TAG + MACS, 0);
    let Some(place) = slot.get_mut(MACS..MACS + TAG) else { return false };
    place.copy_from_slice(&tag);
    true
}

/// What the kernel says beside a frame.
#[derive(Debug, Default)]
struct Notes {
    /// When it was received; the epoch where that is missing.
    time: Time,
    /// The VLAN tag that was taken off.
    tag: Option<[u8; TAG]>,
}

impl Notes {
    fn read(&mut self, header: &libc::msghdr) {
        // SAFETY: the header was filled by recvmmsg and its control area still lives.
        let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
        while !control.is_null() {
            // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return null or a pointer into the control area.
            let (level, kind) = unsafe { ((*control).cmsg_level, (*control).cmsg_type) };
            if level == libc::SOL_SOCKET && kind == libc::SCM_TIMESTAMPNS {
                // SAFETY: a message of this type carries one timespec; it need not be aligned.
                let time = unsafe { std::ptr::read_unaligned(libc::CMSG_DATA(control).cast::<libc::timespec>()) };
                self.time = Time::from_secs_nanos(time.tv_sec, time.tv_nsec);
            } else if level == libc::SOL_PACKET && kind == libc::PACKET_AUXDATA {
                // SAFETY: a message of this type carries one tpacket_auxdata; it need not be aligned.
                let aux = unsafe { std::ptr::read_unaligned(libc::CMSG_DATA(control).cast::<libc::tpacket_auxdata>()) };
                self.tag = tag(&aux);
            }
            // SAFETY: as above.
            control = unsafe { libc::CMSG_NXTHDR(header, control) };
        }
    }
}

/// The tag as it stood in the frame: its type, and priority with number.
fn tag(aux: &libc::tpacket_auxdata) -> Option<[u8; TAG]> {
    if aux.tp_status & libc::TP_STATUS_VLAN_VALID == 0 {
        return None;
    }
    let typed = aux.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
    let [kind_high, kind_low] = if typed { aux.tp_vlan_tpid } else { ETHERTYPE_VLAN }.to_be_bytes();
    let [high, low] = aux.tp_vlan_tci.to_be_bytes();
    Some([kind_high, kind_low, high, low])
}

/// Type of a tag where the kernel does not say it (IEEE 802.1Q §9.6).
const ETHERTYPE_VLAN: u16 = 0x8100;

fn open_socket() -> io::Result<OwnedFd> {
    // SAFETY: a plain system call; the descriptor is owned from here on.
    unsafe {
        match libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

fn interface_index(name: &str) -> io::Result<libc::c_int> {
    let name = std::ffi::CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: a string that ends with a zero octet.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => libc::c_int::try_from(index).map_err(io::Error::other),
    }
}

/// Every protocol (if_ether.h).
const ETH_P_ALL: u16 = 3;

/// Binds to an interface; with protocol 0 no frames come yet.
fn bind(socket: &OwnedFd, index: libc::c_int, protocol: u16) -> io::Result<()> {
    // SAFETY: sockaddr_ll is plain data, for which all zeros are a value.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or(17);
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = index;
    // SAFETY: the address is valid for its size.
    let code = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), socklen::<libc::sockaddr_ll>()) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn set_option<T>(socket: &OwnedFd, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the value is valid for its size.
    let code = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), socklen::<T>())
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn socklen<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}

/// ARPHRD number of a loopback interface (if_arp.h).
const ARPHRD_LOOPBACK: u16 = 772;

/// ARPHRD number of the interface that the socket is bound to.
fn interface_kind(socket: &OwnedFd) -> io::Result<u16> {
    // SAFETY: sockaddr_ll is plain data, for which all zeros are a value.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    let mut length = socklen::<libc::sockaddr_ll>();
    // SAFETY: the kernel writes at most `length` octets into the address, whose size that is.
    let code = unsafe { libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &raw mut length) };
    if code == 0 { Ok(address.sll_hatype) } else { Err(io::Error::last_os_error()) }
}

/// Ethernet and loopback frames have an Ethernet header; frames of layer-3 tunnels have none.
fn link_type(kind: u16) -> LinkType {
    match kind {
        512 => LinkType::PPP,
        65_534 | 768 | 769 | 776 | 778 => LinkType::RAW,
        _ => LinkType::ETHERNET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_between_addresses_and_type() {
        // SAFETY: plain data, for which all zeros are a value.
        let mut aux: libc::tpacket_auxdata = unsafe { zeroed() };
        assert_eq!(tag(&aux), None);
        (aux.tp_status, aux.tp_vlan_tci) = (libc::TP_STATUS_VLAN_VALID, 0x6007);
        assert_eq!(tag(&aux), Some([0x81, 0, 0x60, 7]));
        (aux.tp_status, aux.tp_vlan_tpid) = (aux.tp_status | libc::TP_STATUS_VLAN_TPID_VALID, 0x88a8);
        assert_eq!(tag(&aux), Some([0x88, 0xa8, 0x60, 7]));
        let mut slot = *b"....destinsource08rest";
        let end = slot.len();
        assert!(put_back(&mut slot, end, *b"TAGS"));
        assert_eq!(&slot, b"destinsourceTAGS08rest");
        assert!(!put_back(&mut slot, TAG + MACS - 1, *b"TAGS"), "a frame that is too short stays");
    }
}
