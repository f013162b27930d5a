// SPDX-License-Identifier: Apache-2.0
//! The way from commands on the same machine to the server: a socket in the data folder, over which the whole API is
//! spoken without a login. Who may use it is what the operating system says: only the user that the server runs as, and
//! root. The file has mode 0600, and the user of each connection is asked of the kernel besides; there is no token that
//! could be read, guessed or left in a backup.

mod client;

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{UnixListener, UnixStream};

pub use client::{Client, ClientError};

/// Name of the socket in the data folder.
pub const SOCKET: &str = "server.sock";
/// Octets that the path of a socket may have (`sockaddr_un` has 108, with the closing zero).
const MAX_PATH: usize = 107;
/// Wait after an accept that failed: mostly for want of file descriptors.
const RETRY: Duration = Duration::from_secs(1);

/// The socket of a server. Dropping it removes the file.
pub struct LocalListener {
    listener: UnixListener,
    path: PathBuf,
    /// The user that the server runs as.
    owner: u32,
}

/// The user at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub u32);

impl LocalListener {
    /// Makes the socket in the data folder. The caller has the lake open, so what lies there is left over from a server
    /// that is gone.
    pub fn bind(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (short, _folder) = reachable(folder)?;
        let listener = UnixListener::bind(short)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&path)?.uid();
        Ok(Self { listener, path, owner })
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "the socket stays");
        }
    }
}

impl Listener for LocalListener {
    type Io = UnixStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (UnixStream, Peer) {
        loop {
            match self.listener.accept().await.and_then(|(stream, _)| Ok((stream.peer_cred()?.uid(), stream))) {
                Ok((uid, stream)) if may_ask(uid, self.owner) => return (stream, Peer(uid)),
                Ok((uid, _)) => tracing::warn!(uid, "a command of another user was refused"),
                Err(error) => {
                    tracing::warn!(%error, "a command could not connect");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer(self.owner))
    }
}

/// True where a user may ask a server that runs as `owner`.
fn may_ask(uid: u32, owner: u32) -> bool {
    uid == owner || uid == 0
}

/// A path of the socket that fits into an address: where the folder's is too long, one through the open folder. That is
/// to stay open until the path was used.
fn reachable(folder: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() <= MAX_PATH {
        return Ok((path, None));
    }
    let open = File::open(folder)?;
    Ok((PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(SOCKET), Some(open)))
}

/// Connects to the server of a data folder.
async fn connect(folder: &Path) -> io::Result<UnixStream> {
    let (path, _folder) = reachable(folder)?;
    UnixStream::connect(path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_user_and_root_may_ask() {
        assert!(may_ask(1_000, 1_000) && may_ask(0, 1_000) && may_ask(0, 0));
        assert!(!may_ask(1_001, 1_000) && !may_ask(1_000, 0));
    }

    #[tokio::test]
    async fn the_socket_is_for_its_user_alone_and_goes_with_the_server() {
        let outer = tempfile::tempdir().expect("a folder");
        for folder in [outer.path().to_owned(), outer.path().join("n".repeat(120))] {
            fs::create_dir_all(&folder).expect("made");
            // What a server that was killed leaves behind is in nobody's way.
            fs::write(folder.join(SOCKET), "").expect("written");
            let mut listener = LocalListener::bind(&folder).expect("bound");
            assert_eq!(fs::metadata(folder.join(SOCKET)).expect("there").mode() & 0o777, 0o600);
            let (stream, (_, peer)) = tokio::join!(connect(&folder), listener.accept());
            assert!(stream.is_ok());
            assert_eq!(peer.0, listener.owner);
            drop(listener);
            assert!(!folder.join(SOCKET).exists());
            assert!(connect(&folder).await.is_err());
        }
    }
}
