// SPDX-License-Identifier: Apache-2.0
//! A program on this machine that gets the notice as JSON on its standard input. Its arguments are fixed: nothing of what
//! was seen on the network reaches a command line.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{Notice, Notify, NotifyError, PATIENCE};

/// Between two looks whether it has ended.
const PIECE: Duration = Duration::from_millis(20);

/// A program.
pub struct Script {
    path: PathBuf,
}

impl Script {
    /// The program at this path.
    pub fn new(path: PathBuf) -> Result<Self, NotifyError> {
        if !path.is_file() {
            return Err(NotifyError::never(path.display(), "there is no such file"));
        }
        Ok(Self { path })
    }
}

impl Notify for Script {
    fn send(&self, notice: &Notice) -> Result<(), NotifyError> {
        let failed = |what: String| NotifyError::again(self.path.display(), what);
        let started =
            Command::new(&self.path).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = started.map_err(|error| failed(error.to_string()))?;
        if let Some(mut input) = child.stdin.take() {
            // A program that does not read is no failure: its exit code tells.
            if let Err(error) = writeln!(input, "{}", notice.json()) {
                tracing::debug!(%error, "the script does not read its input");
            }
        }
        let mut waited = Duration::ZERO;
        loop {
            match child.try_wait().map_err(|error| failed(error.to_string()))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(failed(format!("ended with {status}"))),
                None if waited > PATIENCE => {
                    let ended = child.kill().and_then(|()| child.wait());
                    return Err(failed(format!(
                        "took longer than {} s ({})",
                        PATIENCE.as_secs(),
                        ended.map_or_else(|e| e.to_string(), |s| s.to_string())
                    )));
                }
                None => {
                    sleep(PIECE);
                    waited += PIECE;
                }
            }
        }
    }
}
