// SPDX-License-Identifier: Apache-2.0
//! An interface that may come later, or go and come back: a line that is dialled, a tunnel, a card that is plugged in.
//! One that is only down is kept open: the kernel goes on when it comes up. One that was removed is opened anew, which
//! needs the privileges of the first time.

use std::io;
use std::time::Duration;

use minamo_packet::LinkType;

use super::{LiveCapture, LiveSettings, LiveStats};
use crate::{CaptureError, Frame};

/// Time between two looks for an interface that is not there.
const PAUSE: Duration = Duration::from_millis(500);

/// A capture on an interface, as long as there is one.
pub struct Watched {
    name: String,
    settings: LiveSettings,
    capture: Option<LiveCapture>,
    /// True where it went down: it may have been removed since.
    down: bool,
    /// What the kernel had counted of captures that are gone.
    left: LiveStats,
}

impl Watched {
    /// Opens the interface; where it is not there it is waited for if that is wanted, and an error otherwise.
    pub fn open(name: &str, settings: LiveSettings, wait: bool) -> Result<Self, CaptureError> {
        let mut watched =
            Self { name: name.to_owned(), settings, capture: None, down: false, left: LiveStats::default() };
        match LiveCapture::open(name, &watched.settings) {
            Ok(capture) => watched.capture = Some(capture),
            Err(error) if wait && is_absence(&error) => tracing::info!(interface = name, "waiting until it is there"),
            Err(error) => return Err(error),
        }
        Ok(watched)
    }

    /// What the first octets of its frames are, while it is there.
    pub fn link(&self) -> Option<LinkType> {
        self.capture.as_ref().map(LiveCapture::link)
    }

    /// The next frame; nothing where none came for a while, or the interface is not there. An error ends it.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        let Some(capture) = &mut self.capture else { return self.look().map(|()| None) };
        match capture.wait() {
            // What waits in its ring is read before it is let go.
            Ok(false) if self.down && !capture.is_current() => self.close(),
            Ok(_) => {}
            Err(error) if is_absence(&error) => {
                tracing::warn!(interface = self.name, "it is down");
                self.down = true;
            }
            Err(error) => return Err(error),
        }
        let frame = self.capture.as_mut().and_then(LiveCapture::ready_frame);
        self.down &= frame.is_none();
        Ok(frame)
    }

    /// What the kernel counted since the last call.
    pub fn stats(&mut self) -> Result<LiveStats, CaptureError> {
        let mut stats = std::mem::take(&mut self.left);
        if let Some(capture) = &self.capture {
            stats += capture.stats()?;
        }
        Ok(stats)
    }

    /// Looks whether the interface has come.
    fn look(&mut self) -> Result<(), CaptureError> {
        std::thread::sleep(PAUSE);
        match LiveCapture::open(&self.name, &self.settings) {
            Ok(capture) => {
                tracing::info!(interface = self.name, "it is there");
                (self.capture, self.down) = (Some(capture), false);
                Ok(())
            }
            Err(error) if is_absence(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Lets go of an interface that was removed.
    fn close(&mut self) {
        tracing::warn!(interface = self.name, "it was removed: waiting until it is there again");
        let Some(capture) = self.capture.take() else { return };
        match capture.stats() {
            Ok(stats) => self.left += stats,
            Err(error) => tracing::warn!(interface = self.name, %error, "its last drops are not counted"),
        }
    }
}

/// True where the interface is not there, or down.
fn is_absence(error: &CaptureError) -> bool {
    let CaptureError::Interface { cause, .. } = error else { return false };
    let absent = |cause: &io::Error| matches!(cause.raw_os_error(), Some(libc::ENODEV | libc::ENXIO | libc::ENETDOWN));
    absent(cause)
}
