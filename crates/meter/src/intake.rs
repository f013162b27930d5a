// SPDX-License-Identifier: Apache-2.0
//! From frames to what is metered, in the order of arrival: chooses the sample, decodes, puts fragments together. What
//! comes out is a [`Unit`], which belongs to one flow: several [`Flows`](crate::Flows) can share them by
//! [`Unit::shard`], each with its part of the flows, and together they give the rows that one alone gives.

use minamo_base::{FiveTuple, Ip, Mac, Time};
use minamo_dissect::link_protocol;
use minamo_packet::{Closed, Fragment, LinkFrame, LinkType, Packet, Skip, Transport, decode_parts, glance};

use crate::fragments::{Fragments, Part};
use crate::sampling::Sampler;
use crate::table::{Key, share_of};
use crate::{Counters, Settings};

/// Packets put together out of fragments inside one another. Deeper nesting is an attack, not a network.
const DEPTH: u8 = 4;

/// What one packet or frame, or a packet put together, is to its flow.
pub struct Unit<'a> {
    /// Its time.
    pub time: Time,
    /// The latest time of all units so far.
    pub now: Time,
    /// Its number.
    pub order: u64,
    pub(crate) key: Key,
    /// True where its source is the higher end of the key.
    pub(crate) flipped: bool,
    pub(crate) what: What<'a>,
}

pub(crate) enum What<'a> {
    Packet(FiveTuple, &'a Packet<'a>, Role),
    Frame(&'a LinkFrame<'a>),
}

/// What is done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Counted and looked into.
    Whole,
    /// Counted: a fragment.
    Counted,
    /// Looked into: what fragments carried; true where they contradicted each other.
    Joined(bool),
}

impl<'a> Unit<'a> {
    /// Which of so many parts its flow belongs to. The same for both directions, and wherever it is asked.
    pub fn shard(&self, of: usize) -> usize {
        part_of(self.key.share(), of)
    }

    /// The unit without its octets, and these, so that they can be kept apart: the payload, with the headers of a packet
    /// in front of it.
    pub fn detach(&self) -> (Detached, &'a [u8]) {
        let (what, octets, headers) = match self.what {
            What::Packet(tuple, packet, role) => {
                let kept = Kept::Packet(tuple, packet.headers(), role);
                match packet.whole.len().checked_sub(packet.payload.len()) {
                    Some(headers) if !packet.payload.is_empty() => (kept, packet.whole, headers),
                    _ => (kept, packet.payload, 0),
                }
            }
            What::Frame(frame) => (Kept::Frame(LinkFrame { payload: &[], ..*frame }), frame.payload, 0),
        };
        let Self { time, now, order, key, flipped, .. } = *self;
        (Detached { time, now, order, key, flipped, what, headers }, octets)
    }
}

/// Which of so many parts an evenly spread number belongs to. The table uses other bits of its own hash.
fn part_of(spread: u64, of: usize) -> usize {
    usize::try_from((u128::from(spread) * of as u128) >> 64).unwrap_or(0)
}

/// A whole packet that was taken in and not decoded: its frame, decoded, is its unit.
#[derive(Debug, Clone, Copy)]
pub struct Dealt {
    time: Time,
    now: Time,
    order: u64,
    /// The part that its flow belongs to.
    pub part: usize,
}

impl Dealt {
    /// The unit, from the frame that was dealt.
    #[inline]
    pub fn unit(&self, link: LinkType, data: &[u8], run: impl FnOnce(&Unit<'_>)) -> Result<(), Skip> {
        let packet = decode_parts(link, data)?;
        let tuple = endpoints(&packet);
        let (key, flipped) = Key::of(tuple, &packet);
        let Self { time, now, order, .. } = *self;
        run(&Unit { time, now, order, key, flipped, what: What::Packet(tuple, &packet, Role::Whole) });
        Ok(())
    }
}

/// A unit without its octets.
pub struct Detached {
    time: Time,
    now: Time,
    order: u64,
    key: Key,
    flipped: bool,
    what: Kept,
    /// Octets in front of the payload.
    headers: usize,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are packets")]
enum Kept {
    Packet(FiveTuple, Packet<'static>, Role),
    Frame(LinkFrame<'static>),
}

impl Detached {
    /// Gives the unit as it was.
    pub fn with<T>(&self, octets: &[u8], run: impl FnOnce(&Unit<'_>) -> T) -> T {
        let Self { time, now, order, key, flipped, headers, .. } = *self;
        let payload = octets.get(headers..).unwrap_or_default();
        match &self.what {
            Kept::Packet(tuple, packet, role) => {
                let whole = if headers > 0 { octets } else { &[] };
                let packet = Packet { whole, payload, ..*packet };
                run(&Unit { what: What::Packet(*tuple, &packet, *role), time, now, order, key, flipped })
            }
            Kept::Frame(frame) => {
                let frame = LinkFrame { payload, ..*frame };
                run(&Unit { what: What::Frame(&frame), time, now, order, key, flipped })
            }
        }
    }
}

/// Takes frames and gives units.
pub struct Intake {
    sampler: Sampler,
    fragments: Fragments,
    now: Time,
    order: u64,
    counters: Counters,
}

impl Intake {
    /// An intake that has seen nothing.
    pub fn new(settings: &Settings) -> Self {
        Self {
            sampler: Sampler::new(settings.sampling),
            fragments: Fragments::default(),
            now: Time(i64::MIN),
            order: 0,
            counters: Counters::default(),
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The latest time so far.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Takes one frame; an error where it is not metered, and why.
    #[inline]
    pub fn frame(
        &mut self,
        time: Time,
        link: LinkType,
        data: &[u8],
        out: &mut dyn FnMut(&Unit<'_>),
    ) -> Result<(), Skip> {
        if !self.sampler.packet() {
            self.counters.unsampled += 1;
            return Ok(());
        }
        self.decoded(time, link, data, out)
    }

    fn decoded(&mut self, time: Time, link: LinkType, data: &[u8], out: &mut dyn FnMut(&Unit<'_>)) -> Result<(), Skip> {
        match decode_parts(link, data) {
            Ok(packet) => self.packet(time, &packet, out),
            Err(skip) => match LinkFrame::read(link, data).filter(|_| skip.is_not_ip()) {
                Some(frame) => self.link_frame(time, &frame, out),
                None => return Err(skip),
            },
        }
        Ok(())
    }

    /// Takes one frame as [`frame`](Self::frame) does, for one of so many parts. Of most packets it is enough to say which: whoever
    /// has the part decodes them. The units of others, and those that came due, go to `out`.
    #[inline]
    pub fn deal(
        &mut self,
        time: Time,
        (link, data): (LinkType, &[u8]),
        parts: usize,
        out: &mut dyn FnMut(&Unit<'_>),
    ) -> Result<Option<Dealt>, Skip> {
        if !self.sampler.packet() {
            self.counters.unsampled += 1;
            return Ok(None);
        }
        let Some(told) = glance(link, data) else {
            return self.decoded(time, link, data, out).map(|()| None);
        };
        self.advance(time, out);
        if !self.sampler.flow(|| Key::of_ends(told.tuple(), told.vlan, 0).0.spread()) {
            self.counters.unsampled += 1;
            return Ok(None);
        }
        self.counters.packets += 1;
        self.counters.octets += u64::from(told.octets);
        self.order += 1;
        Ok(Some(Dealt { time, now: self.now, order: self.order, part: part_of(share_of(&told), parts) }))
    }

    /// Takes one packet that was decoded down to the first fragment.
    #[inline]
    pub(crate) fn packet(&mut self, time: Time, packet: &Packet<'_>, out: &mut dyn FnMut(&Unit<'_>)) {
        self.advance(time, out);
        if packet.ip.fragment == Fragment::Whole {
            self.emit(time, endpoints(packet), packet, Role::Whole, out);
        } else {
            self.fragment(time, packet, 0, out);
        }
    }

    /// Takes one frame without IP. Its conversation is that of the two MAC addresses, of ARP that of the two
    /// hosts which it names; tag, type and the number behind it keep others apart.
    pub(crate) fn link_frame(&mut self, time: Time, frame: &LinkFrame<'_>, out: &mut dyn FnMut(&Unit<'_>)) {
        self.advance(time, out);
        let ends = frame.arp_addresses().unwrap_or_else(|| (mac_end(frame.macs.0), mac_end(frame.macs.1)));
        let number = link_protocol(frame.kind).and_then(|protocol| protocol.number(frame.payload));
        let (key, flipped) = Key::of_frame(frame, ends, number);
        if !self.sampler.flow(|| key.spread()) {
            self.counters.unsampled += 1;
            return;
        }
        self.counters.frames += 1;
        self.order += 1;
        out(&Unit { time, now: self.now, order: self.order, key, flipped, what: What::Frame(frame) });
    }

    /// Gives what fragments came to by `now` although no frame says so.
    pub fn advance(&mut self, now: Time, out: &mut dyn FnMut(&Unit<'_>)) {
        self.now = self.now.max(now);
        if self.fragments.is_due(self.now) {
            let now = self.now;
            self.with_fragments(0, out, |fragments, counters, part| fragments.advance(now, counters, part));
        }
    }

    /// Gives what fragments came to.
    pub fn finish(&mut self, out: &mut dyn FnMut(&Unit<'_>)) {
        self.with_fragments(0, out, |fragments, counters, part| fragments.finish(counters, part));
    }

    #[cold]
    fn fragment(&mut self, time: Time, packet: &Packet<'_>, depth: u8, out: &mut dyn FnMut(&Unit<'_>)) {
        self.with_fragments(depth, out, |fragments, counters, part| fragments.take(time, packet, counters, part));
    }

    /// Runs something on the fragments and takes in what comes of it.
    fn with_fragments(
        &mut self,
        depth: u8,
        out: &mut dyn FnMut(&Unit<'_>),
        run: impl FnOnce(&mut Fragments, &mut Counters, &mut dyn FnMut(Part<'_>, bool)),
    ) {
        // Apart from the rest while it runs: what it gives goes through the rest.
        let mut fragments = std::mem::take(&mut self.fragments);
        let mut counters = Counters::default();
        // A packet inside that is a fragment itself comes after the borrow of the fragments has ended.
        let mut inner: Vec<(Time, Packet<'static>, Vec<u8>)> = Vec::new();
        run(&mut fragments, &mut counters, &mut |part, overlapped| match part {
            Part::Counted(time, tuple, packet) => self.emit(time, tuple, &packet, Role::Counted, out),
            Part::Joined(time, tuple, packet) => self.emit(time, tuple, &packet, Role::Joined(overlapped), out),
            Part::Carrier(time, mut packet) => {
                packet.open();
                if packet.ip.fragment != Fragment::Whole && depth < DEPTH {
                    inner.push((time, packet.headers(), packet.part.to_vec()));
                } else {
                    self.emit(time, endpoints(&packet), &packet, Role::Whole, out);
                }
            }
        });
        self.counters += counters;
        self.fragments = fragments;
        for (time, packet, part) in inner {
            self.fragment(time, &Packet { part: &part, part_len: packet.part_len, ..packet }, depth + 1, out);
        }
    }

    #[inline]
    fn emit(&mut self, time: Time, tuple: FiveTuple, packet: &Packet<'_>, role: Role, out: &mut dyn FnMut(&Unit<'_>)) {
        let (key, flipped) = Key::of(tuple, packet);
        let counted = !matches!(role, Role::Joined(_));
        if !self.sampler.flow(|| key.spread()) {
            self.counters.unsampled += u64::from(counted);
            return;
        }
        if counted {
            self.count(packet);
        }
        self.order += 1;
        let what = What::Packet(tuple, packet, role);
        out(&Unit { time, now: self.now, order: self.order, key, flipped, what });
    }

    fn count(&mut self, packet: &Packet<'_>) {
        self.counters.packets += 1;
        self.counters.octets += packet.ip_octets();
        self.counters.tunnelled += u64::from(!packet.tunnels.is_empty());
        match packet.closed {
            None => {}
            Some(Closed::Deep) => self.counters.closed_deep += 1,
            Some(Closed::NotIp) => self.counters.closed_not_ip += 1,
            Some(Closed::Unreadable) => self.counters.closed_unreadable += 1,
        }
    }
}

/// Endpoints of a packet as its flow has them.
pub(crate) fn endpoints(packet: &Packet<'_>) -> FiveTuple {
    let tuple = packet.tuple();
    match packet.transport {
        // Request and answer differ in type: the flow is the pair of hosts and the identifier of the query.
        Transport::Icmp(..) => {
            let id = packet.icmp_id().unwrap_or(0);
            FiveTuple { src_port: id, dst_port: id, ..tuple }
        }
        _ => tuple,
    }
}

/// A MAC address as an end of a conversation.
fn mac_end(mac: Mac) -> Ip {
    let mut octets = [0; 16];
    octets.iter_mut().skip(10).zip(mac.0).for_each(|(to, from)| *to = from);
    Ip(octets)
}
