// SPDX-License-Identifier: Apache-2.0
//! What one flow showed of the signatures that were in force when it began. Of a stream each side's first octets are kept
//! until there are enough, the other side answers or the flow ends, so that it does not matter how it was cut.

use std::sync::Arc;

use super::{Found, LOOK, Signatures};
use crate::Side;

/// Inputs of one side for which the other's first octets are waited for.
const PATIENCE: u8 = 32;

/// The state of one flow.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    signatures: Arc<Signatures>,
    stream: bool,
    hits: Vec<u16>,
    /// Each side's first octets so far; nothing once they were searched, or where nothing is looked for in them.
    waiting: [Option<Vec<u8>>; 2],
    patience: u8,
}

impl Seen {
    /// Nothing was seen yet.
    pub(crate) fn new(signatures: &Arc<Signatures>, stream: bool) -> Self {
        let waiting = [Side::Src, Side::Dst].map(|side| signatures.looks_at(stream, side).then(Vec::new));
        Self { signatures: Arc::clone(signatures), stream, hits: Vec::new(), waiting, patience: PATIENCE }
    }

    /// True once no payload can change anything.
    pub(crate) fn is_settled(&self) -> bool {
        self.waiting.iter().all(Option::is_none)
    }

    /// True where a payload fulfils a condition.
    pub(crate) fn has_hits(&self) -> bool {
        !self.hits.is_empty()
    }

    /// Takes one datagram: the first of each side counts.
    pub(crate) fn datagram(&mut self, side: Side, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        if self.waiting[side.index()].take().is_some() {
            self.signatures.search(self.stream, side, data, &mut self.hits);
        }
        self.wait_for(side.other());
    }

    /// Takes the next octets of a stream.
    pub(crate) fn stream(&mut self, side: Side, data: &[u8]) {
        if let Some(first) = &mut self.waiting[side.index()] {
            first.extend_from_slice(data.get(..LOOK - first.len().min(LOOK)).unwrap_or(data));
            if first.len() >= LOOK {
                self.search(side);
            }
        }
        // The other side has said its first, if it has said anything.
        if self.waiting[side.other().index()].as_ref().is_some_and(|first| !first.is_empty()) {
            self.search(side.other());
        }
        self.wait_for(side.other());
    }

    /// Octets are missing: what came before them is all there is.
    pub(crate) fn gap(&mut self, side: Side) {
        self.search(side);
    }

    /// Gives up waiting for a side that stays silent.
    fn wait_for(&mut self, side: Side) {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            self.search(side);
        }
    }

    fn search(&mut self, side: Side) {
        if let Some(first) = self.waiting[side.index()].take() {
            self.signatures.search(self.stream, side, &first, &mut self.hits);
        }
    }

    /// What is known once nothing more comes.
    pub(crate) fn finished(&self) -> Self {
        let mut seen = self.clone();
        [Side::Src, Side::Dst].into_iter().for_each(|side| seen.search(side));
        seen
    }

    /// The signature that holds for the flow, with the name that it asked for.
    pub(crate) fn conclude(&self, host: Option<&str>, ports: (u16, u16)) -> Option<Found<'_>> {
        let mut hits = self.hits.clone();
        if let Some(host) = host {
            self.signatures.search_host(host, &mut hits);
        }
        self.signatures.conclude(self.stream, ports, hits)
    }
}
