// SPDX-License-Identifier: Apache-2.0
//! Sequence numbers: how much was lost between exporter and here (RFC 3954 §5.1, RFC 7011 §3.1). Counted
//! in datagrams for NetFlow v9, in records for v5 and IPFIX.

/// A step ahead of more than this is a restarted exporter, not a loss.
const MAX_GAP: u32 = 1 << 20;
/// A step back of at most this is a datagram that was overtaken, not a restart.
const MAX_LATE: u32 = 1 << 10;

/// The number that the next message of a session should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sequence {
    next: Option<u32>,
}

impl Sequence {
    /// Takes the number of a message; returns what is missing before it. True where the message was not
    /// overtaken, so that its content moves the count.
    pub(crate) fn arrive(&mut self, number: u32) -> (u32, bool) {
        let Some(next) = self.next else { return (0, true) };
        let ahead = number.wrapping_sub(next);
        let late = next.wrapping_sub(number);
        if ahead != 0 && late <= MAX_LATE {
            return (0, false);
        }
        (if ahead <= MAX_GAP { ahead } else { 0 }, true)
    }

    /// Says what follows a message with this number that counts for `units`; nothing where its units could
    /// not be counted, and then the next message starts anew.
    pub(crate) fn follow(&mut self, number: u32, units: Option<u32>) {
        self.next = units.map(|units| number.wrapping_add(units));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_counted_and_restarts_are_not() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.arrive(100), (0, true));
        sequence.follow(100, Some(10));
        assert_eq!(sequence.arrive(110), (0, true));
        assert_eq!(sequence.arrive(115), (5, true));
        assert_eq!(sequence.arrive(105), (0, false), "overtaken");
        assert_eq!(sequence.arrive(3_000_000), (0, true), "a jump is a restart");
        sequence.follow(u32::MAX, Some(1));
        assert_eq!(sequence.arrive(2), (2, true), "the number wraps");
        sequence.follow(5, None);
        assert_eq!(sequence.arrive(999), (0, true));
    }
}
