// SPDX-License-Identifier: Apache-2.0
//! Which protocols are still possible for a flow, and in which order they are asked: sets of registry rows, one bit
//! each, and an index over the registry by transport, first octet and port.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::{PROTOCOLS, Protocol, Transport};

/// Words of a set: one bit per registry row.
const WORDS: usize = PROTOCOLS.len().div_ceil(64);

/// A set of registry rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows([u64; WORDS]);

impl Rows {
    pub(crate) const NONE: Self = Self([0; WORDS]);

    /// The rows that `wanted` says yes to.
    fn of(wanted: impl Fn(&Protocol) -> bool) -> Self {
        let mut rows = Self::NONE;
        for (at, _) in PROTOCOLS.iter().enumerate().filter(|(_, protocol)| wanted(protocol)) {
            rows.insert(at);
        }
        rows
    }

    /// Puts one row in, by its place in the registry.
    pub(crate) fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    /// Takes one row out, by its place in the registry.
    pub(crate) fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    /// The bits of 64 rows each.
    pub(crate) fn words(self) -> [u64; WORDS] {
        self.0
    }

    /// The same, to be written.
    pub(crate) fn words_mut(&mut self) -> &mut [u64; WORDS] {
        &mut self.0
    }

    /// What is in both.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// What is in this one only.
    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    /// What is in either.
    fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    /// The rows with their places, in the registry's order.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, &'static Protocol)> {
        self.0.into_iter().enumerate().flat_map(|(word, mut bits)| {
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros() as usize;
                bits &= bits.checked_sub(1)?;
                let at = word * 64 + bit;
                Some((at, *PROTOCOLS.get(at)?))
            })
        })
    }
}

/// What the registry says of its rows, ready to be looked up.
pub(crate) struct Index {
    stream: Rows,
    datagram: Rows,
    late: Rows,
    first: Vec<Rows>,
    ports: HashMap<u16, Rows>,
}

/// The index over the registry.
pub(crate) static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut ports = HashMap::new();
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        for port in protocol.ports {
            ports.entry(*port).or_insert(Rows::NONE).insert(at);
        }
    }
    Index {
        stream: Rows::of(|protocol| protocol.transport != Transport::Datagram),
        datagram: Rows::of(|protocol| protocol.transport != Transport::Stream),
        late: Rows::of(|protocol| protocol.late),
        first: (0..=u8::MAX).map(|octet| Rows::of(|protocol| protocol.first.allows(octet))).collect(),
        ports,
    }
});

impl Index {
    /// Every protocol that the transport can carry.
    pub(crate) fn carried_by(&self, stream: bool) -> Rows {
        if stream { self.stream } else { self.datagram }
    }

    /// Those whose messages can begin like this.
    pub(crate) fn beginning(&self, data: &[u8]) -> Rows {
        data.first().and_then(|octet| self.first.get(usize::from(*octet))).copied().unwrap_or(Rows::NONE)
    }

    /// Those that usually speak between these ports.
    pub(crate) fn usual(&self, ports: (u16, u16)) -> Rows {
        let of = |port| self.ports.get(&port).unwrap_or(&Rows::NONE);
        of(ports.0).or(of(ports.1))
    }

    /// `open` in the order of asking: those with a hint in the ports, the others, and last those that prove least.
    pub(crate) fn ordered(&self, open: Rows, ports: (u16, u16)) -> [Rows; 3] {
        let hinted = self.usual(ports);
        let early = open.without(&self.late);
        [early.and(&hinted), early.without(&hinted), open.and(&self.late)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_open_row_is_asked_once() {
        let open = INDEX.carried_by(true).and(&INDEX.beginning(b"GET"));
        let asked: Vec<_> =
            INDEX.ordered(open, (80, 40_000)).into_iter().flat_map(Rows::iter).map(|(at, _)| at).collect();
        let all: std::collections::BTreeSet<_> = asked.iter().copied().collect();
        assert_eq!(asked.len(), all.len());
        assert!(open.iter().map(|(at, _)| at).eq(all));
        assert_eq!(PROTOCOLS[asked[0]].name, "HTTP");
    }

    #[test]
    fn what_is_removed_is_gone() {
        let mut rows = Rows::of(|_| true);
        assert_eq!(rows.iter().count(), PROTOCOLS.len());
        rows.remove(PROTOCOLS.len() - 1);
        assert_eq!(rows.iter().count(), PROTOCOLS.len() - 1);
    }
}
