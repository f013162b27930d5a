// SPDX-License-Identifier: Apache-2.0
//! Many frames together with the octets that they are in, so that they can be handed to another thread as they were read.

use minamo_base::Time;
use minamo_packet::LinkType;

use crate::Frame;

/// Octets of a block; a larger frame has a block of its own. A block, and the rows that come of it, shall fit into a processor's
/// cache of its own.
pub(crate) const BLOCK: usize = 1 << 17;

/// Frames of a block: empty ones fill no octets.
const FRAMES: usize = 1 << 14;

/// Frames in the order of the capture. Used again, it keeps its room.
#[derive(Default)]
pub struct Frames {
    pub(crate) octets: Vec<u8>,
    places: Vec<Place>,
    /// Octets that copied frames fill.
    used: usize,
}

/// A frame, and where its octets are.
struct Place {
    time: Time,
    link: LinkType,
    from: u32,
    to: u32,
}

impl Frames {
    /// The frames.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        self.places.iter().map(|place| self.at(place))
    }

    /// One of them.
    #[must_use]
    pub fn frame(&self, number: usize) -> Option<Frame<'_>> {
        self.places.get(number).map(|place| self.at(place))
    }

    fn at(&self, place: &Place) -> Frame<'_> {
        let data = self.octets.get(place.from as usize..place.to as usize).unwrap_or_default();
        Frame { time: place.time, link: place.link, data }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// True where it has as much as a block shall have.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.used >= BLOCK || self.places.len() >= FRAMES
    }

    /// Without frames.
    pub fn clear(&mut self) {
        self.places.clear();
        self.used = 0;
    }

    /// Adds a frame that is elsewhere.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.octets.truncate(self.used);
        self.octets.extend_from_slice(frame.data);
        self.place(frame.time, frame.link, self.used, self.octets.len());
        self.used = self.octets.len();
    }

    /// Adds a frame that is in the octets.
    pub(crate) fn place(&mut self, time: Time, link: LinkType, from: usize, to: usize) {
        // Records are of at most 16 MiB, and blocks not much more.
        let (from, to) = (u32::try_from(from).unwrap_or(u32::MAX), u32::try_from(to).unwrap_or(u32::MAX));
        self.places.push(Place { time, link, from, to });
    }
}
