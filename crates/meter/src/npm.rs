// SPDX-License-Identifier: Apache-2.0
//! Network performance of one flow beyond what TCP's own numbers say: the pace of each side's data, and the sentence
//! "network or server" that a person wants first.

use minamo_base::{Cursor, Time, WireError, put_number, put_signed};
use minamo_dissect::Side;
use minamo_model::Flow;

/// The pace of one side: gaps between its packets with data, as long as the other side says nothing between them.
struct Pace {
    /// The gap before, in microseconds; [`NO_GAP`] where there is none.
    before: u32,
    gaps: u32,
    sum: u64,
    /// Sum of the differences between a gap and the one before it.
    differences: u64,
}

/// No gap was before.
const NO_GAP: u32 = u32::MAX;

impl Default for Pace {
    fn default() -> Self {
        Self { before: NO_GAP, gaps: 0, sum: 0, differences: 0 }
    }
}

/// What the first packed octet says: a packet was seen, from the responder; gaps were.
const PACED: u8 = 1;
const FROM_DST: u8 = 2;
const GAPS: u8 = 4;

/// The pace of both sides.
#[derive(Default)]
pub(crate) struct Paces {
    /// Nothing while the sides take turns, as they do in most flows.
    sides: Option<Box<[Pace; 2]>>,
    last: Option<(Side, Time)>,
}

impl Paces {
    /// Takes a packet with data that was not sent before; gives the time of the one before it.
    pub(crate) fn data(&mut self, time: Time, side: Side) -> Option<Time> {
        let before = self.last.replace((side, time));
        let gap = before.filter(|(same, _)| *same == side).map(|(_, then)| time.since(then) / 1_000);
        if gap.is_some() && self.sides.is_none() {
            self.sides = Some(Box::default());
        }
        if let Some(pace) = self.sides.as_mut().and_then(|sides| sides.get_mut(side.index())) {
            match gap {
                Some(gap) => pace.gap(u32::try_from(gap).unwrap_or(0)),
                // It was the other side's turn: that wait is an answer's time, no gap.
                None => pace.before = NO_GAP,
            }
        }
        before.map(|(_, then)| then)
    }

    /// Appends it; `last` is the time of the flow's last packet.
    pub(crate) fn pack(&self, last: Time, out: &mut Vec<u8>) {
        let side = self.last.map_or(0, |(side, _)| if side == Side::Src { PACED } else { PACED | FROM_DST });
        out.push(side | if self.sides.is_some() { GAPS } else { 0 });
        if let Some((_, time)) = self.last {
            put_signed(time.0.wrapping_sub(last.0), out);
        }
        for Pace { before, gaps, sum, differences } in self.sides.iter().flat_map(|sides| sides.iter()) {
            put_number(before.wrapping_add(1).into(), out);
            put_number((*gaps).into(), out);
            put_number(*sum, out);
            put_number(*differences, out);
        }
    }

    /// Reads what [`Self::pack`] wrote.
    pub(crate) fn unpack(last: Time, cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let flags = cursor.u8("paces.flags")?;
        let side = if flags & FROM_DST == 0 { Side::Src } else { Side::Dst };
        let last = match flags & PACED {
            0 => None,
            _ => Some((side, Time(cursor.signed("paces.last")?.wrapping_add(last.0)))),
        };
        let mut pace = || {
            Ok(Pace {
                before: cursor.number_of::<u32>("paces.before")?.wrapping_sub(1),
                gaps: cursor.number_of("paces.gaps")?,
                sum: cursor.number("paces.sum")?,
                differences: cursor.number("paces.differences")?,
            })
        };
        let sides = if flags & GAPS == 0 { None } else { Some(Box::new([pace()?, pace()?])) };
        Ok(Self { sides, last })
    }

    /// Writes delays and jitters into the row.
    pub(crate) fn tell(&self, row: &mut Flow) {
        let Some([src, dst]) = self.sides.as_deref() else { return };
        let npm = row.npm.get_or_insert_default();
        (npm.src_delay_micros, npm.src_jitter_micros) = (src.delay(), src.jitter());
        (npm.dst_delay_micros, npm.dst_jitter_micros) = (dst.delay(), dst.jitter());
    }
}

impl Pace {
    fn gap(&mut self, gap: u32) {
        self.gaps = self.gaps.saturating_add(1);
        self.sum = self.sum.saturating_add(gap.into());
        let before = std::mem::replace(&mut self.before, gap.min(NO_GAP - 1));
        if before != NO_GAP {
            self.differences = self.differences.saturating_add(gap.abs_diff(before).into());
        }
    }

    fn delay(&self) -> Option<u32> {
        let mean = self.sum.checked_div(self.gaps.into())?;
        u32::try_from(mean).ok()
    }

    /// Mean difference of neighbouring gaps, the D of RFC 3550 §6.4.1 with arrival times alone.
    fn jitter(&self) -> Option<u32> {
        let mean = self.differences.checked_div(u64::from(self.gaps).checked_sub(1)?)?;
        u32::try_from(mean).ok()
    }
}

/// Of a hundred segments with data this many sent again are felt: below one in a hundred TCP's throughput is bound by
/// other things, above it falls with the square root of the loss (Mathis and others, 1997).
const LOSS_PERCENT: u64 = 1;
/// Fewer segments sent again prove nothing: a tail-loss probe (RFC 8985 §7) sends one on a network without loss.
const LOSS_LEAST: u64 = 3;
/// Round trip from which a conversation is slow by distance alone, in microseconds: 200 ms is about the path between
/// continents and twice what ITU-T G.114 wants for one direction of a call that people like.
const FAR_MICROS: u64 = 200_000;
/// Time of the server alone from which people wait, in microseconds: half of the second that keeps a train of
/// thought (Nielsen, Usability Engineering, §5.5).
const SLOW_MICROS: u64 = 500_000;

/// Says whether the network or an end is what makes a TCP conversation slow, and by what; nothing where nothing was
/// measured. What was lost comes first, since it lengthens every other time too.
pub(crate) fn judge(row: &mut Flow) {
    let packets = row.core.src_packets.saturating_add(row.core.dst_packets);
    let Some(npm) = &mut row.npm else { return };
    let again = u64::from(npm.src_retransmits.unwrap_or(0)) + u64::from(npm.dst_retransmits.unwrap_or(0));
    let rtt = match (npm.src_rtt_micros, npm.dst_rtt_micros) {
        (None, None) => None,
        (src, dst) => Some(u64::from(src.unwrap_or(0)) + u64::from(dst.unwrap_or(0))),
    };
    // The response was measured here: the way from here to the server and back is in it.
    let server = npm.response_micros.map(|all| u64::from(all.saturating_sub(npm.dst_rtt_micros.unwrap_or(0))));
    if rtt.is_none() && server.is_none() && again == 0 {
        return;
    }
    let (verdict, reason) = if again >= LOSS_LEAST && again.saturating_mul(100) >= packets.saturating_mul(LOSS_PERCENT)
    {
        ("network", "loss")
    } else if npm.dst_zero_windows.is_some() {
        ("server", "full_buffer")
    } else if npm.src_zero_windows.is_some() {
        ("client", "full_buffer")
    } else if server.is_some_and(|server| server >= SLOW_MICROS && server >= rtt.unwrap_or(0)) {
        ("server", "slow_response")
    } else if rtt.is_some_and(|rtt| rtt >= FAR_MICROS) {
        ("network", "long_way")
    } else {
        ("good", "nothing_slow")
    };
    (npm.verdict, npm.verdict_reason) = (Some(verdict.into()), Some(reason.into()));
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Npm;

    use super::*;

    #[test]
    fn gaps_are_those_of_one_side_while_it_talks() {
        let mut paces = Paces::default();
        for (millis, side) in
            [(0, Side::Src), (50, Side::Dst), (60, Side::Dst), (90, Side::Dst), (500, Side::Src), (520, Side::Src)]
        {
            paces.data(Time::from_millis(millis), side);
        }
        let mut row = Flow::default();
        paces.tell(&mut row);
        let npm = row.npm.expect("gaps were seen");
        assert_eq!((npm.dst_delay_micros, npm.dst_jitter_micros), (Some(20_000), Some(20_000)));
        assert_eq!((npm.src_delay_micros, npm.src_jitter_micros), (Some(20_000), None), "one gap has no difference");
    }

    fn verdict(npm: Npm) -> Option<(String, String)> {
        let mut row = Flow::default();
        row.core.src_packets = 100;
        row.core.dst_packets = 100;
        row.npm = Some(Box::new(npm));
        judge(&mut row);
        let npm = row.npm?;
        Some((npm.verdict?.into(), npm.verdict_reason?.into()))
    }

    #[test]
    fn the_sentence_names_what_makes_it_slow() {
        let rtt = Npm { src_rtt_micros: Some(1_000), dst_rtt_micros: Some(9_000), ..Npm::default() };
        let said = |verdict: &str, reason: &str| Some((verdict.to_owned(), reason.to_owned()));
        assert_eq!(verdict(rtt.clone()), said("good", "nothing_slow"));
        let slow = Npm { response_micros: Some(809_000), ..rtt.clone() };
        assert_eq!(verdict(slow.clone()), said("server", "slow_response"));
        assert_eq!(verdict(Npm { dst_retransmits: Some(3), ..slow }), said("network", "loss"));
        assert_eq!(verdict(Npm { dst_retransmits: Some(2), ..rtt.clone() }), said("good", "nothing_slow"));
        assert_eq!(verdict(Npm { dst_zero_windows: Some(1), ..rtt.clone() }), said("server", "full_buffer"));
        assert_eq!(verdict(Npm { src_zero_windows: Some(1), ..rtt.clone() }), said("client", "full_buffer"));
        let far = Npm { dst_rtt_micros: Some(600_000), response_micros: Some(610_000), ..rtt };
        assert_eq!(verdict(far), said("network", "long_way"), "the way is no fault of the server");
        assert_eq!(verdict(Npm::default()), None);
    }
}
