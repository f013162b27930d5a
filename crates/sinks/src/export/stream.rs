// SPDX-License-Identifier: Apache-2.0
//! A stream to a collector, over TCP or TLS, and its end: what tells that everything was read.
//!
//! IPFIX has no acknowledgement of its own. What does tell is the end of a connection: after our end of the stream a
//! collector reads what is left, sees the end, and closes. Its kernel answers with FIN where the program had read
//! everything, and with RST where octets were left unread (RFC 9293 §3.6.1, RFC 2525 §2.17); what our kernel never saw
//! acknowledged stays in its count. So: FIN came, and nothing is unacknowledged = the program has read every octet.

use std::io::{self, Read as _, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use minamo_capture::unacknowledged;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::Target;

/// Longest that connecting, one write or a handshake may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for the other side's end, while it reads what is on the way.
const FAREWELL: Duration = Duration::from_secs(30);
/// Pieces of that wait.
const PIECE: Duration = Duration::from_millis(20);

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The collector has read everything.
    Read,
    /// Its kernel has everything, and it did not close: nothing more can be known.
    Unsaid,
}

/// An open connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    /// Connects to the target's address, as it is now.
    pub(super) fn connect(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&target.current_address()?, PATIENCE)?;
        refuse_self(&stream)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let Some(files) = target.tls_files() else { return Ok(Self::Plain(stream)) };
        let name = ServerName::try_from(target.host().to_owned()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(files.config()?, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self::Tls(Box::new(stream)))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Ends our side and waits for the other's, as long as it makes progress.
    pub(super) fn finish(mut self) -> io::Result<Ended> {
        if let Self::Tls(stream) = &mut self {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        self.socket().shutdown(Shutdown::Write)?;
        self.socket().set_read_timeout(Some(PIECE))?;
        let (mut waited, mut left) = (Duration::ZERO, usize::MAX);
        let ended = loop {
            match self.read_end()? {
                true => break true,
                false if waited >= FAREWELL => break false,
                false => {}
            }
            let now = unacknowledged(self.socket())?;
            waited = if now < left { Duration::ZERO } else { waited + PIECE };
            left = left.min(now);
        };
        self.settled()?;
        Ok(if ended { Ended::Read } else { Ended::Unsaid })
    }

    /// True once the other side has closed.
    fn read_end(&mut self) -> io::Result<bool> {
        let mut octets = [0; 4_096];
        let read = match self {
            Self::Plain(stream) => stream.read(&mut octets),
            Self::Tls(stream) => stream.read(&mut octets),
        };
        match read {
            Ok(0) => Ok(true),
            Ok(_) => Ok(false),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => Ok(false),
                // A TLS server that closes without saying so first: TCP's end is the same.
                io::ErrorKind::UnexpectedEof => Ok(true),
                _ => Err(error),
            },
        }
    }

    /// An error where something stays unacknowledged or the connection was reset.
    fn settled(&self) -> io::Result<()> {
        for _ in 0..100 {
            if let Some(error) = self.socket().take_error()? {
                return Err(error);
            }
            if unacknowledged(self.socket())? == 0 {
                return Ok(());
            }
            std::thread::sleep(PIECE);
        }
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "the collector closed before it had everything"))
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// On loopback a connection to a port that nobody listens at may meet itself (RFC 9293 §3.5, simultaneous open).
fn refuse_self(stream: &TcpStream) -> io::Result<()> {
    let own: SocketAddr = stream.local_addr()?;
    if own == stream.peer_addr()? {
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens"));
    }
    Ok(())
}
