// SPDX-License-Identifier: Apache-2.0
//! The packet socket: every system call of live capture but the ring's memory.

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use super::LiveStats;
use crate::Instruction;

/// How long one wait for traffic lasts, in milliseconds.
const WAIT_MILLIS: libc::c_int = 200;
/// Every protocol (if_ether.h).
pub(super) const ETH_P_ALL: u16 = 3;
/// ARPHRD number of a loopback interface (if_arp.h).
pub(super) const ARPHRD_LOOPBACK: u16 = 772;

/// An AF_PACKET socket.
pub(super) struct Socket(OwnedFd);

impl Socket {
    /// A socket that takes no frames yet.
    pub(super) fn open() -> io::Result<Self> {
        // SAFETY: a plain system call; the descriptor is owned from here on.
        unsafe {
            match libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) {
                -1 => Err(io::Error::last_os_error()),
                fd => Ok(Self(OwnedFd::from_raw_fd(fd))),
            }
        }
    }

    /// Binds to an interface; with protocol 0 no frames come yet.
    pub(super) fn bind(&self, index: libc::c_int, protocol: u16) -> io::Result<()> {
        // SAFETY: sockaddr_ll is plain data, for which all zeros are a value.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        address.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or(17);
        address.sll_protocol = protocol.to_be();
        address.sll_ifindex = index;
        // SAFETY: the address is valid for its size.
        let code =
            unsafe { libc::bind(self.0.as_raw_fd(), (&raw const address).cast(), socklen::<libc::sockaddr_ll>()) };
        done(code)
    }

    /// ARPHRD number of the interface that the socket is bound to.
    pub(super) fn interface_kind(&self) -> io::Result<u16> {
        // SAFETY: sockaddr_ll is plain data, for which all zeros are a value.
        let mut address: libc::sockaddr_ll = unsafe { zeroed() };
        let mut length = socklen::<libc::sockaddr_ll>();
        // SAFETY: the kernel writes at most `length` octets into the address, whose size that is.
        let code = unsafe { libc::getsockname(self.0.as_raw_fd(), (&raw mut address).cast(), &raw mut length) };
        done(code).map(|()| address.sll_hatype)
    }

    /// Leaves out frames on their way out.
    pub(super) fn ignore_outgoing(&self) -> io::Result<()> {
        self.set(libc::PACKET_IGNORE_OUTGOING, &1i32)
    }

    /// Has the interface take frames that are for others, as long as the socket lives.
    pub(super) fn promiscuous(&self, index: libc::c_int) -> io::Result<()> {
        // SAFETY: packet_mreq is plain data, for which all zeros are a value.
        let mut request: libc::packet_mreq = unsafe { zeroed() };
        request.mr_ifindex = index;
        request.mr_type = u16::try_from(libc::PACKET_MR_PROMISC).unwrap_or(1);
        self.set(libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    /// Has the kernel drop frames that the program does not let pass.
    pub(super) fn attach(&self, program: &[Instruction]) -> io::Result<()> {
        let mut code: Vec<libc::sock_filter> = program
            .iter()
            .map(|now| libc::sock_filter { code: now.code, jt: now.yes, jf: now.no, k: now.value })
            .collect();
        let length = libc::c_ushort::try_from(code.len()).map_err(io::Error::other)?;
        let program = libc::sock_fprog { len: length, filter: code.as_mut_ptr() };
        self.set_at(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Shares the interface with the other sockets of the group: a symmetric hash of the addresses and ports decides
    /// which of them gets a packet, after fragments were put together.
    pub(super) fn join(&self, group: u16) -> io::Result<()> {
        let kind = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
        self.set(libc::PACKET_FANOUT, &(u32::from(group) | kind << 16))
    }

    /// What must be said before the ring is made: its version, room before each frame, and whose times to use.
    pub(super) fn prepare_ring(&self, room: usize) -> io::Result<()> {
        self.set(libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as libc::c_int))?;
        self.set(libc::PACKET_RESERVE, &libc::c_uint::try_from(room).unwrap_or(0))?;
        // The card's own times where they are switched on, the kernel's elsewhere.
        self.set(libc::PACKET_TIMESTAMP, &libc::SOF_TIMESTAMPING_RAW_HARDWARE)
    }

    /// Asks the driver to stamp all frames that it receives (SIOCSHWTSTAMP, Documentation/networking/timestamping.rst §3);
    /// false where the driver or the card cannot.
    pub(super) fn stamp_by_card(&self, name: &str) -> io::Result<bool> {
        // `hwtstamp_config` (net_tstamp.h): flags, what is stamped of what is sent (nothing), and of what comes in (all).
        let mut config: [libc::c_int; 3] = [0, 0, 1];
        // SAFETY: ifreq is plain data, for which all zeros are a value.
        let mut request: libc::ifreq = unsafe { zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(libc::IFNAMSIZ - 1)) {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_data = (&raw mut config).cast();
        // SAFETY: the request names an interface and points to a configuration that lives until the call returns.
        let code = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SIOCSHWTSTAMP, &raw mut request) };
        match done(code) {
            Ok(()) => Ok(config[2] != 0),
            Err(error) => match error.raw_os_error() {
                Some(libc::EOPNOTSUPP | libc::ERANGE | libc::EINVAL | libc::ENOTTY) => Ok(false),
                _ => Err(error),
            },
        }
    }

    /// Makes a ring of blocks and maps it; frames wait at most `wait_millis` in a block that is not full.
    pub(super) fn map_ring(&self, block: usize, blocks: usize, wait_millis: u32) -> io::Result<NonNull<u8>> {
        // The kernel wants a size of frames although blocks are filled without regard to it.
        const FRAME: usize = 2_048;
        let number = |n: usize| libc::c_uint::try_from(n).map_err(io::Error::other);
        let request = libc::tpacket_req3 {
            tp_block_size: number(block)?,
            tp_block_nr: number(blocks)?,
            tp_frame_size: number(FRAME)?,
            tp_frame_nr: number(block / FRAME * blocks)?,
            tp_retire_blk_tov: wait_millis,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        self.set(libc::PACKET_RX_RING, &request)?;
        // SAFETY: a new mapping at an address of the kernel's choice; no memory of ours is touched.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                block * blocks,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                self.0.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast()).ok_or_else(|| io::Error::other("a mapping at address 0"))
    }

    /// Waits until a block is handed over, or for a while.
    pub(super) fn wait(&self) -> io::Result<()> {
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        let ready = unsafe { libc::poll(&raw mut poll, 1, WAIT_MILLIS) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        if poll.revents & (libc::POLLERR | libc::POLLNVAL) != 0 {
            let code = self.read_option::<libc::c_int>(libc::SOL_SOCKET, libc::SO_ERROR)?;
            if code != 0 {
                return Err(io::Error::from_raw_os_error(code));
            }
        }
        Ok(())
    }

    /// What the kernel counted since the last call.
    pub(super) fn stats(&self) -> io::Result<LiveStats> {
        let stats = self.read_option::<libc::tpacket_stats_v3>(libc::SOL_PACKET, libc::PACKET_STATISTICS)?;
        Ok(LiveStats {
            received: stats.tp_packets.into(),
            dropped: stats.tp_drops.into(),
            full: stats.tp_freeze_q_cnt.into(),
        })
    }

    fn read_option<T: Copy>(&self, level: libc::c_int, option: libc::c_int) -> io::Result<T> {
        let mut value = MaybeUninit::<T>::zeroed();
        let mut length = socklen::<T>();
        // SAFETY: the kernel writes at most `length` octets into `value`, whose size that is.
        let code =
            unsafe { libc::getsockopt(self.0.as_raw_fd(), level, option, value.as_mut_ptr().cast(), &raw mut length) };
        // SAFETY: zeroed before, and plain numbers wherever this is called.
        done(code).map(|()| unsafe { value.assume_init() })
    }

    fn set<T>(&self, option: libc::c_int, value: &T) -> io::Result<()> {
        self.set_at(libc::SOL_PACKET, option, value)
    }

    fn set_at<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
        let value = std::ptr::from_ref(value).cast();
        // SAFETY: the value is valid for its size, and what it points to lives until the call returns.
        done(unsafe { libc::setsockopt(self.0.as_raw_fd(), level, option, value, socklen::<T>()) })
    }
}

/// The kernel's number of an interface.
pub(super) fn interface_index(name: &str) -> io::Result<libc::c_int> {
    let name = std::ffi::CString::new(name).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: a string that ends with a zero octet.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => libc::c_int::try_from(index).map_err(io::Error::other),
    }
}

fn done(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn socklen<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0)
}
