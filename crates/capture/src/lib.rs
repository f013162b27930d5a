// SPDX-License-Identifier: Apache-2.0
//! Where packets come from: capture files (pcap, pcapng; plain, gzip, zstd; standard input) and live
//! interfaces (AF_PACKET); and where recent ones are kept ([`recorder`]). It hands out frames with time and link type, and
//! decodes none but for the recorder's index. Also here, because it talks to the kernel in the same way: datagrams of a UDP
//! socket in batches.

mod ahead;
mod classic;
mod datagrams;
mod expression;
mod file;
mod follow;
mod frames;
mod live;
mod outgoing;
mod privileges;
pub mod recorder;
mod stop;

use std::path::PathBuf;

use minamo_base::Time;
use minamo_packet::LinkType;

pub use datagrams::Datagrams;
pub use expression::{Expression, ExpressionError, Instruction, Program};
pub use file::{CaptureFile, expand};
pub use follow::{Followed, Follower};
pub use frames::Frames;
pub use live::{LiveCapture, LiveSettings, LiveStats, Watched};
pub use outgoing::unacknowledged;
pub use privileges::{become_user, no_new_privileges};
pub use stop::when_interrupted;

/// A captured frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// When it was captured.
    pub time: Time,
    /// What its first octets are.
    pub link: LinkType,
    /// The octets that were captured.
    pub data: &'a [u8],
}

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The file or folder cannot be opened or read.
    #[error("{}: {cause}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file is not a capture.
    #[error("{}: not a capture file: want pcap or pcapng, plain or compressed with gzip or zstd", .path.display())]
    NotACapture {
        /// The file.
        path: PathBuf,
    },
    /// The file ends in the middle of a record.
    #[error("{}: ends in the middle of a record at octet {offset}; the records before it were read", .path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where the unfinished record begins.
        offset: u64,
    },
    /// A record cannot be right.
    #[error("{}: impossible record at octet {offset}: {what}; the records before it were read", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// What is wrong with it, and what was expected.
        what: &'static str,
    },
    /// The filter cannot be used on the interface.
    #[error("interface {name}: {cause}")]
    Filter {
        /// The interface.
        name: String,
        /// What is wrong.
        cause: ExpressionError,
    },
    /// The interface cannot be opened.
    #[error("interface {name}: {what}: {cause}")]
    Interface {
        /// The interface.
        name: String,
        /// What was being done.
        what: &'static str,
        /// What the system said.
        cause: std::io::Error,
    },
}
