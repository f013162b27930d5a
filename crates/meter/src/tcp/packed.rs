// SPDX-License-Identifier: Apache-2.0
//! TCP state in few octets, while the flow is silent. Sequence numbers stand as their distance from one another and times as
//! that from the flow's last packet, most of which are small.

use minamo_base::{Cursor, Time, WireError, put_number, put_signed};

use super::{Beginning, Count, Latest, Moment, TcpSide, TcpState, Trouble, distance};

/// What the first octet says; of each side, what the octet in front of it says.
mod flag {
    pub(super) const OPENED: u8 = 1;
    pub(super) const ANSWERED: u8 = 2;
    pub(super) const REQUESTED: u8 = 4;

    pub(super) const BEGUN: u8 = 1;
    pub(super) const ZERO_WINDOW: u8 = 2;
    pub(super) const TROUBLE: u8 = 4;
}

/// The sum of what holds.
fn flags<const N: usize>(of: [(bool, u8); N]) -> u8 {
    of.into_iter().filter(|(is, _)| *is).fold(0, |flags, (_, flag)| flags | flag)
}

impl TcpState {
    /// True where octets wait for earlier ones: these are not packed.
    pub(crate) fn holds(&self) -> bool {
        self.sides.iter().any(|side| !side.held().is_empty())
    }

    /// Appends it; `last` is the time of the flow's last packet.
    pub(crate) fn pack(&self, last: Time, out: &mut Vec<u8>) {
        let Self { sides: [src, dst], opened, answered, last_request, src_rtt, dst_rtt, response } = self;
        out.push(flags([
            (*opened != Moment::NONE, flag::OPENED),
            (*answered, flag::ANSWERED),
            (*last_request != Moment::NONE, flag::REQUESTED),
        ]));
        for moment in [opened, last_request].into_iter().filter(|moment| **moment != Moment::NONE) {
            put_signed(moment.0.wrapping_sub(last.0), out);
        }
        [src_rtt, dst_rtt, response].into_iter().for_each(|count| count.pack(out));
        src.pack(dst.end, out);
        dst.pack(src.end, out);
    }

    /// Reads what [`Self::pack`] wrote.
    pub(crate) fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let flags = cursor.u8("tcp.flags")?;
        let mut moment = |flag| match flags & flag {
            0 => Ok(Moment::NONE),
            _ => cursor.signed("tcp.time").map(|since| Moment(since.wrapping_add(last.0))),
        };
        let (opened, last_request) = (moment(flag::OPENED)?, moment(flag::REQUESTED)?);
        let [src_rtt, dst_rtt, response] = [Count::unpack(cursor)?, Count::unpack(cursor)?, Count::unpack(cursor)?];
        let (mut src, mut dst) = (TcpSide::unpack(cursor)?, TcpSide::unpack(cursor)?);
        src.acknowledged = src.acknowledged.wrapping_add(dst.end);
        dst.acknowledged = dst.acknowledged.wrapping_add(src.end);
        let answered = flags & flag::ANSWERED != 0;
        Ok(Self { sides: [src, dst], opened, answered, last_request, src_rtt, dst_rtt, response })
    }
}

impl TcpSide {
    fn pack(&self, others_end: u32, out: &mut Vec<u8>) {
        let Self { begun, zero_window, window, acknowledged, next, end, trouble } = self;
        out.push(flags([(*begun, flag::BEGUN), (*zero_window, flag::ZERO_WINDOW), (trouble.is_some(), flag::TROUBLE)]));
        out.extend(window.to_be_bytes());
        out.extend(end.to_be_bytes());
        put_signed(distance(*acknowledged, others_end).into(), out);
        put_signed(distance(*next, *end).into(), out);
        if let Some(trouble) = trouble {
            let Trouble {
                held: _,
                retransmits,
                out_of_order,
                zero_windows,
                duplicate_acks,
                conflicts,
                after_reset,
                missing,
            } = &**trouble;
            let counts = [retransmits, out_of_order, zero_windows, duplicate_acks, conflicts, after_reset, missing];
            counts.into_iter().for_each(|count| count.pack(out));
        }
    }

    /// The side; what it acknowledged still counts from the other side's end.
    fn unpack(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let flags = cursor.u8("tcp.side")?;
        let (window, end) = (cursor.u16("tcp.window")?, cursor.u32("tcp.end")?);
        let mut ahead = || Ok(i32::try_from(cursor.signed("tcp.distance")?).unwrap_or(0).cast_unsigned());
        let (acknowledged, next) = (ahead()?, ahead()?.wrapping_add(end));
        let trouble = match flags & flag::TROUBLE {
            0 => None,
            _ => Some(Box::new(Trouble {
                held: Vec::new(),
                retransmits: Count::unpack(cursor)?,
                out_of_order: Count::unpack(cursor)?,
                zero_windows: Count::unpack(cursor)?,
                duplicate_acks: Count::unpack(cursor)?,
                conflicts: Count::unpack(cursor)?,
                after_reset: Count::unpack(cursor)?,
                missing: Count::unpack(cursor)?,
            })),
        };
        let (begun, zero_window) = (flags & flag::BEGUN != 0, flags & flag::ZERO_WINDOW != 0);
        Ok(Self { begun, zero_window, window, acknowledged, next, end, trouble })
    }
}

impl Latest {
    /// Appends it.
    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        put_number(self.start.into(), out);
        put_number(self.beginning.0.into(), out);
    }

    /// Reads what [`Self::pack`] wrote.
    pub(crate) fn unpack(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let start = cursor.number_of("latest.start")?;
        Ok(Self { start, beginning: Beginning(cursor.number_of("latest.beginning")?) })
    }
}

impl Count {
    fn pack(self, out: &mut Vec<u8>) {
        put_number(self.0.wrapping_add(1).into(), out);
    }

    fn unpack(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        Ok(Self(cursor.number_of::<u32>("tcp.count")?.wrapping_sub(1)))
    }
}
