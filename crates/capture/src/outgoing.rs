// SPDX-License-Identifier: Apache-2.0
//! What the kernel still holds of a stream: octets that were written and not acknowledged by the other side's kernel.

#![allow(unsafe_code)] // talks to the kernel; the block says why it is sound

use std::io;
use std::os::fd::AsRawFd;

/// Octets of a TCP connection that the other side has not acknowledged (SIOCOUTQ, tcp(7)); the end of the stream
/// counts as one. After a reset they stay what they were: what was never acknowledged is told.
pub fn unacknowledged(stream: &impl AsRawFd) -> io::Result<usize> {
    let mut octets: libc::c_int = 0;
    // SAFETY: the kernel writes one integer, which lives through the call. SIOCOUTQ is TIOCOUTQ by definition
    // (linux/sockios.h).
    let code = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut octets) };
    if code == 0 { Ok(usize::try_from(octets).unwrap_or(usize::MAX)) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_nobody_has_room_for_is_unacknowledged() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut sender = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
        let (mut receiver, _) = listener.accept().expect("a connection");
        sender.set_nonblocking(true).expect("set");
        let block = vec![7; 1 << 20];
        let mut written = 0;
        // Until the buffers of both sides are full.
        while let Ok(count) = sender.write(&block) {
            written += count;
        }
        assert!(unacknowledged(&sender).expect("told") > 0);
        sender.shutdown(std::net::Shutdown::Write).expect("ended");
        let mut all = Vec::new();
        receiver.read_to_end(&mut all).expect("read");
        assert_eq!(all.len(), written);
        for _ in 0..500 {
            if unacknowledged(&sender).expect("told") == 0 {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("all was read, and not acknowledged");
    }
}
