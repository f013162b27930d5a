// SPDX-License-Identifier: Apache-2.0
//! Datagrams of a bound UDP socket in batches, with recvmmsg(2): one system call for up to 64 of them, each with its
//! sender, and the kernel's own count of what it dropped for lack of buffer (SO_RXQ_OVFL, socket(7)).

#![allow(unsafe_code)] // talks to the kernel; each block says why it is sound

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// Datagrams that one system call fetches at most.
const BATCH: usize = 64;
/// Octets of the largest datagram.
const SLOT: usize = 65_536;
/// Words of what the kernel says beside one datagram.
const CONTROL: usize = 8;

/// Room for a batch of datagrams, used again and again.
pub struct Datagrams {
    buffers: Vec<u8>,
    lengths: [usize; BATCH],
    senders: [Option<SocketAddr>; BATCH],
    filled: usize,
    dropped: u32,
}

impl Default for Datagrams {
    fn default() -> Self {
        let (lengths, senders) = ([0; BATCH], [None; BATCH]);
        Self { buffers: vec![0; BATCH * SLOT], lengths, senders, filled: 0, dropped: 0 }
    }
}

impl Datagrams {
    /// Asks the kernel to tell what it drops at this socket.
    pub fn count_drops(socket: &UdpSocket) -> io::Result<()> {
        let yes: libc::c_int = 1;
        let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
        // SAFETY: the value lives through the call and has that length.
        let code = unsafe {
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_RXQ_OVFL, (&raw const yes).cast(), length)
        };
        if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Asks for a receive buffer above the system's bound for users; false where that needs CAP_NET_ADMIN.
    pub fn enlarge(socket: &impl AsRawFd, octets: usize) -> bool {
        let octets = libc::c_int::try_from(octets).unwrap_or(libc::c_int::MAX);
        let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
        // SAFETY: the value lives through the call and has that length.
        let code = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVBUFFORCE,
                (&raw const octets).cast(),
                length,
            )
        };
        code == 0
    }

    /// Fetches what is there, up to a batch; waits up to `wait_millis` where nothing is. Returns the number.
    pub fn receive(&mut self, socket: &UdpSocket, wait_millis: i32) -> io::Result<usize> {
        self.filled = 0;
        let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid pollfd.
        let ready = unsafe { libc::poll(&raw mut poll, 1, wait_millis) };
        if ready < 0 {
            return quiet(io::Error::last_os_error());
        }
        if ready == 0 {
            return Ok(0);
        }
        let mut controls = [[0u64; CONTROL]; BATCH];
        // SAFETY: these are plain data, for which all zeros are a value.
        let (mut slices, mut messages, mut names): (
            [libc::iovec; BATCH],
            [libc::mmsghdr; BATCH],
            [libc::sockaddr_storage; BATCH],
        ) = unsafe { (zeroed(), zeroed(), zeroed()) };
        let parts = self.buffers.chunks_exact_mut(SLOT).zip(&mut slices).zip(&mut messages);
        for (((buffer, slice), message), (name, control)) in parts.zip(names.iter_mut().zip(&mut controls)) {
            *slice = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            let header = &mut message.msg_hdr;
            header.msg_iov = slice;
            header.msg_iovlen = 1;
            header.msg_name = std::ptr::from_mut(name).cast();
            header.msg_namelen = libc::socklen_t::try_from(size_of::<libc::sockaddr_storage>()).unwrap_or(0);
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size_of::<[u64; CONTROL]>();
        }
        // SAFETY: every message points to a buffer, a name and a control area that live until the call returns.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                messages.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else { return quiet(io::Error::last_os_error()) };
        let places = self.lengths.iter_mut().zip(&mut self.senders);
        for ((message, name), (length, sender)) in messages.iter().zip(&names).take(count).zip(places) {
            *length = (message.msg_len as usize).min(SLOT);
            *sender = address(name);
            if let Some(dropped) = drops(&message.msg_hdr) {
                self.dropped = dropped;
            }
        }
        self.filled = count;
        Ok(count)
    }

    /// The datagrams of the last call with their senders; those whose sender has no IP address are left out.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        let parts = self.buffers.chunks_exact(SLOT).zip(&self.lengths).zip(&self.senders).take(self.filled);
        parts.filter_map(|((buffer, length), sender)| Some(((*sender)?, buffer.get(..*length)?)))
    }

    /// What the kernel has dropped at this socket so far, modulo 2^32.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

fn quiet(error: io::Error) -> io::Result<usize> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
        _ => Err(error),
    }
}

/// The count of drops that the kernel put beside a datagram.
fn drops(header: &libc::msghdr) -> Option<u32> {
    // SAFETY: the header was filled by recvmmsg and its control area still lives.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !control.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR return null or a pointer into the control area.
        let (level, kind) = unsafe { ((*control).cmsg_level, (*control).cmsg_type) };
        if level == libc::SOL_SOCKET && kind == libc::SO_RXQ_OVFL {
            // SAFETY: a message of this type carries a number of 32 bits; it need not be aligned.
            return Some(unsafe { std::ptr::read_unaligned(libc::CMSG_DATA(control).cast::<u32>()) });
        }
        // SAFETY: as above.
        control = unsafe { libc::CMSG_NXTHDR(header, control) };
    }
    None
}

fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says which structure the storage holds; it is large enough and aligned for each.
            let v4 = unsafe { &*std::ptr::from_ref(name).cast::<libc::sockaddr_in>() };
            Some((Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)), u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { &*std::ptr::from_ref(name).cast::<libc::sockaddr_in6>() };
            Some((Ipv6Addr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port)).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_with_their_senders_over_both_families() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let socket = UdpSocket::bind(any).expect("a socket");
            let Ok(sender) = UdpSocket::bind(any) else { continue };
            Datagrams::count_drops(&socket).expect("an option of every kernel since 2.6.33");
            for octets in [&b"one"[..], b"", b"three"] {
                sender.send_to(octets, socket.local_addr().expect("an address")).expect("sent");
            }
            let mut batch = Datagrams::default();
            assert_eq!(batch.receive(&socket, 5_000).expect("received"), 3);
            let got: Vec<_> = batch.iter().collect();
            let from = sender.local_addr().expect("an address");
            assert_eq!(got, [(from, &b"one"[..]), (from, b""), (from, b"three")]);
            assert_eq!(batch.receive(&socket, 1).expect("nothing is no error"), 0);
            assert_eq!((batch.iter().count(), batch.dropped()), (0, 0));
        }
    }

    #[test]
    fn what_the_kernel_drops_is_told() {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small buffer");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
        let socket = UdpSocket::from(socket);
        Datagrams::count_drops(&socket).expect("an option");
        let sender = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let to = socket.local_addr().expect("an address");
        (0..200).for_each(|_| assert_eq!(sender.send_to(&[7; 1_000], to).expect("sent"), 1_000));
        let mut batch = Datagrams::default();
        let mut received = 0;
        while let count @ 1.. = batch.receive(&socket, 1).expect("received") {
            received += count;
        }
        // The count comes with the next datagram that fits.
        sender.send_to(&[7], to).expect("sent");
        assert_eq!(batch.receive(&socket, 5_000).expect("received"), 1);
        assert_eq!(received + batch.dropped() as usize, 200);
    }
}
