// SPDX-License-Identifier: Apache-2.0
//! What one flow showed of the signatures that were in force when it began. Of a stream the first octets of each message are
//! kept until there are enough, the other side answers or the flow ends, so that it does not matter how it was cut: a message
//! is what a side says up to the other's answer. Each datagram is one.

use std::sync::Arc;

use super::{Found, LOOK, Signatures};
use crate::Side;

/// Inputs after which nothing more is waited for.
const PATIENCE: u8 = 64;

/// The state of one flow.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    signatures: Arc<Signatures>,
    stream: bool,
    hits: Vec<u16>,
    ears: [Ear; 2],
    patience: u8,
}

/// What is heard of one side.
#[derive(Debug, Clone)]
struct Ear {
    /// The message that comes or goes on, the first of which is 0.
    message: usize,
    /// How many are looked at.
    messages: usize,
    /// Its first octets so far.
    waiting: Vec<u8>,
    /// True once they were searched.
    searched: bool,
}

impl Ear {
    fn is_open(&self) -> bool {
        self.message < self.messages
    }

    fn close(&mut self) {
        (self.message, self.waiting) = (self.messages, Vec::new());
    }
}

impl Seen {
    /// Nothing was seen yet.
    pub(crate) fn new(signatures: &Arc<Signatures>, stream: bool) -> Self {
        let ears = [Side::Src, Side::Dst].map(|side| {
            let messages = signatures.messages(stream, side);
            Ear { message: 0, messages, waiting: Vec::new(), searched: false }
        });
        Self { signatures: Arc::clone(signatures), stream, hits: Vec::new(), ears, patience: PATIENCE }
    }

    /// True once no payload can change anything.
    pub(crate) fn is_settled(&self) -> bool {
        !self.ears.iter().any(Ear::is_open)
    }

    /// True where a payload fulfils a condition.
    pub(crate) fn has_hits(&self) -> bool {
        !self.hits.is_empty()
    }

    /// Takes one datagram.
    pub(crate) fn datagram(&mut self, side: Side, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let ear = &mut self.ears[side.index()];
        if ear.is_open() {
            self.signatures.search(self.stream, side, ear.message, data, &mut self.hits);
            ear.message += 1;
        }
        self.lose_patience();
    }

    /// Takes the next octets of a stream.
    pub(crate) fn stream(&mut self, side: Side, data: &[u8]) {
        let ear = &mut self.ears[side.index()];
        if ear.is_open() && !ear.searched {
            ear.waiting.extend_from_slice(data.get(..LOOK - ear.waiting.len().min(LOOK)).unwrap_or(data));
            if ear.waiting.len() >= LOOK {
                self.search(side);
            }
        }
        self.answered(side.other());
        self.lose_patience();
    }

    /// Octets are missing: what came before them is all there is.
    pub(crate) fn gap(&mut self, side: Side) {
        self.search(side);
        self.ears[side.index()].close();
    }

    /// A side's message is over, if it has begun: the other one speaks.
    fn answered(&mut self, side: Side) {
        if !self.ears[side.index()].waiting.is_empty() {
            self.search(side);
            let ear = &mut self.ears[side.index()];
            (ear.message, ear.searched) = (ear.message + 1, false);
            ear.waiting.clear();
        }
    }

    /// Gives up waiting for a side that stays silent, or for one that does not stop.
    fn lose_patience(&mut self) {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            [Side::Src, Side::Dst].into_iter().for_each(|side| self.gap(side));
        }
    }

    /// Searches what is there of a side's message, once; nothing more is waited for behind the last one.
    fn search(&mut self, side: Side) {
        let ear = &mut self.ears[side.index()];
        if !ear.is_open() || ear.searched || ear.waiting.is_empty() {
            return;
        }
        self.signatures.search(self.stream, side, ear.message, &ear.waiting, &mut self.hits);
        ear.searched = true;
        if ear.message + 1 == ear.messages {
            ear.close();
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
