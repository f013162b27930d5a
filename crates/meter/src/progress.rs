// SPDX-License-Identifier: Apache-2.0
//! How far a flow has come: state of TCP, lengths and times; or, while the flow is silent and many others are open, the same in
//! a few octets.

use minamo_base::{Cursor, Time, WireError};

use crate::pace::Pace;
use crate::tcp::TcpState;

/// How far a flow has come.
pub(crate) enum Progress {
    Awake { tcp: Option<Box<TcpState>>, pace: Option<Box<Pace>> },
    Asleep(Box<[u8]>),
}

impl Default for Progress {
    fn default() -> Self {
        Self::Awake { tcp: None, pace: None }
    }
}

/// What the first octet says is packed.
const HAS_TCP: u8 = 1;
const HAS_PACE: u8 = 2;

impl Progress {
    /// At the beginning of a flow.
    pub(crate) fn new(tcp: Option<Box<TcpState>>) -> Self {
        Self::Awake { tcp, pace: None }
    }

    /// State of TCP; nothing while it is asleep.
    pub(crate) fn tcp(&self) -> Option<&TcpState> {
        match self {
            Self::Awake { tcp, .. } => tcp.as_deref(),
            Self::Asleep(_) => None,
        }
    }

    pub(crate) fn tcp_mut(&mut self) -> Option<&mut TcpState> {
        match self {
            Self::Awake { tcp, .. } => tcp.as_deref_mut(),
            Self::Asleep(_) => None,
        }
    }

    /// Lengths and times; nothing while it is asleep.
    pub(crate) fn pace(&self) -> Option<&Pace> {
        match self {
            Self::Awake { pace, .. } => pace.as_deref(),
            Self::Asleep(_) => None,
        }
    }

    /// The same, from here on of every flow that has it.
    pub(crate) fn pace_mut(&mut self) -> Option<&mut Pace> {
        match self {
            Self::Awake { pace, .. } => Some(pace.get_or_insert_default()),
            Self::Asleep(_) => None,
        }
    }

    /// State of TCP together with lengths and times, from here on of every flow of TCP; nothing while it is asleep.
    pub(crate) fn stream_mut(&mut self) -> Option<(&mut TcpState, &mut Pace)> {
        match self {
            Self::Awake { tcp, pace } => Some((tcp.as_deref_mut()?, pace.get_or_insert_default())),
            Self::Asleep(_) => None,
        }
    }

    /// Packs it, where it has nothing that cannot be; `last` is the time of the flow's last packet.
    pub(crate) fn sleep(&mut self, last: Time) {
        let Self::Awake { tcp, pace } = self else { return };
        let stays = tcp.as_ref().is_some_and(|tcp| tcp.holds()) || pace.as_ref().is_some_and(|pace| pace.is_long());
        if stays || (tcp.is_none() && pace.is_none()) {
            return;
        }
        let mut out = Vec::with_capacity(256);
        out.push(if tcp.is_some() { HAS_TCP } else { 0 } | if pace.is_some() { HAS_PACE } else { 0 });
        if let Some(tcp) = tcp {
            tcp.pack(last, &mut out);
        }
        if let Some(pace) = pace {
            pace.pack(last, &mut out);
        }
        *self = Self::Asleep(out.as_slice().into());
    }

    /// Unpacks it where it was packed; `last` is the time of the flow's last packet.
    #[inline]
    pub(crate) fn wake(&mut self, last: Time) {
        if let Self::Asleep(packed) = self {
            let read = unpack(last, &mut Cursor::new(packed));
            debug_assert!(read.is_ok(), "{:?}", read.as_ref().err());
            *self = read.unwrap_or_default();
        }
    }
}

#[cold]
fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Progress, WireError> {
    let has = cursor.u8("progress.has")?;
    let tcp = if has & HAS_TCP == 0 { None } else { Some(Box::new(TcpState::unpack(last, cursor)?)) };
    let pace = if has & HAS_PACE == 0 { None } else { Some(Box::new(Pace::unpack(last, cursor)?)) };
    debug_assert!(cursor.is_empty(), "{} octets are left", cursor.left());
    Ok(Progress::Awake { tcp, pace })
}
