// SPDX-License-Identifier: Apache-2.0
//! What a protocol is to the classifier: a row in the registry, a probe, and a dissector per flow.

use minamo_model::Flow;

use crate::protocols::Label;
use crate::{Announced, Category};

/// Which side of a flow sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The initiator, as far as it is known when the data arrives.
    Src,
    /// The responder.
    Dst,
}

impl Side {
    /// Position in a pair.
    pub fn index(self) -> usize {
        match self {
            Self::Src => 0,
            Self::Dst => 1,
        }
    }

    /// The other side.
    pub fn other(self) -> Self {
        match self {
            Self::Src => Self::Dst,
            Self::Dst => Self::Src,
        }
    }
}

/// What carries the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A stream of octets: TCP.
    Stream,
    /// Datagrams: UDP.
    Datagram,
    /// Either; a dissector that needs to know gets it from [`Protocol::start`].
    Both,
}

/// What the first octet of a protocol's messages can be: a probe is asked only where it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Anything.
    Any,
    /// One of these.
    Of(&'static [u8]),
    /// From the first to the second, both included.
    Within(u8, u8),
}

impl First {
    /// Whether a message can begin with this octet.
    pub fn allows(self, octet: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Of(octets) => octets.contains(&octet),
            Self::Within(low, high) => (low..=high).contains(&octet),
        }
    }
}

/// What a flow showed so far, for probes that one message is not enough for.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// Who sent the latest message.
    pub side: Side,
    /// The latest datagram, or all octets of that side's stream so far.
    pub data: &'a [u8],
    /// Datagrams that came before and decided nothing; of a stream nothing.
    pub(crate) before: &'a [(Side, Vec<u8>)],
    /// All octets of the other side's stream so far; of datagrams nothing.
    pub other: &'a [u8],
}

impl<'a> Heard<'a> {
    /// Every datagram, in the order of arrival.
    pub fn all(&self) -> impl Iterator<Item = (Side, &'a [u8])> + use<'a> {
        let before = self.before.iter().map(|(side, data)| (*side, data.as_slice()));
        before.chain(std::iter::once((self.side, self.data)))
    }

    /// The datagrams of the side that sent the latest.
    pub fn same(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let latest = self.side;
        self.all().filter(move |(side, _)| *side == latest).map(|(_, data)| data)
    }

    /// The datagrams of the other side.
    pub fn opposite(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let latest = self.side;
        self.all().filter(move |(side, _)| *side != latest).map(|(_, data)| data)
    }
}

/// Answer of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// This is the protocol, beyond reasonable doubt.
    Yes,
    /// It can still be: more octets (stream) or another datagram would tell.
    Maybe,
    /// It is not.
    No,
}

/// A row of the registry: all that is known of a protocol outside its dissector.
pub struct Protocol {
    /// Label, as nDPI prints it.
    pub name: &'static str,
    /// Full name, for documents.
    pub title: &'static str,
    /// What it is for.
    pub category: Category,
    /// Specifications that the code follows.
    pub spec: &'static [&'static str],
    /// What carries it.
    pub transport: Transport,
    /// Usual ports: a hint for the order of asking, never proof.
    pub ports: &'static [u16],
    /// What its messages can begin with.
    pub first: First,
    /// Asked after all others, because what it shows proves least.
    pub late: bool,
    /// True where the content is encrypted, false where it is in clear.
    pub encrypted: bool,
    /// Octets that the classifier keeps for one flow of it, both sides together.
    pub max_state: usize,
    /// Looks at the first octets of one side's stream, or at one whole datagram. Allocates nothing.
    pub probe: fn(Side, &[u8]) -> Verdict,
    /// Judges several messages together where the probe said [`Verdict::Maybe`] to the latest.
    pub together: Option<fn(&Heard<'_>) -> Verdict>,
    /// Whether a message that the probe refuses, or that shows too little, has at least the form of this protocol: damaged
    /// ones, and those of a few octets. Asked on the usual ports only, where nothing else is recognised; the label is
    /// `partial` then.
    pub on_port: Option<fn(Side, &[u8]) -> bool>,
    /// A dissector for a flow that the probe said [`Verdict::Yes`] to; true for a stream.
    pub start: fn(stream: bool) -> Box<dyn Dissector>,
    /// A typical conversation, built by us: the conformance tests run on it.
    pub sample: &'static [(Side, &'static [u8])],
}

impl Protocol {
    /// What rows of streams have in common that are told by their probe: they fill in who they are.
    pub const STREAM: Self = Self {
        name: "",
        title: "",
        category: Category::Unspecified,
        spec: &[],
        transport: Transport::Stream,
        ports: &[],
        first: First::Any,
        late: false,
        encrypted: false,
        max_state: 4_096,
        probe: |_, _| Verdict::No,
        together: None,
        on_port: None,
        start: Label::start,
        sample: &[],
    };

    /// The same for datagrams.
    pub const DATAGRAM: Self = Self { transport: Transport::Datagram, max_state: 64, ..Self::STREAM };

    /// The probe's answer, where the first octet fits; [`Verdict::No`] otherwise.
    pub fn ask(&self, side: Side, data: &[u8]) -> Verdict {
        match data.first() {
            Some(first) if self.first.allows(*first) => (self.probe)(side, data),
            _ => Verdict::No,
        }
    }

    /// The same for what goes over both.
    pub const BOTH: Self = Self { transport: Transport::Both, ..Self::STREAM };
}

/// What a dissector is fed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// Octets of one side: for a stream those not yet consumed, in order; for datagrams one whole datagram.
    Data(&'a [u8]),
    /// So many octets of this side's stream were not seen.
    Gap(u64),
}

/// What a dissector wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many octets of the input are consumed; the rest is shown again with more behind it. A number
    /// beyond the input skips that much of this side's stream unseen. For datagrams the number is not used.
    Continue(usize),
    /// Nothing more to learn; the flow costs nothing from here on.
    Done,
    /// This protocol hands over (STARTTLS, RDP's security): so many octets are consumed, what follows on both sides is
    /// probed afresh, and the flow keeps this protocol's name.
    Inner(usize),
    /// This part of the input is a datagram of another protocol, which runs beside this one or inside it (RFC 7983 §7,
    /// RFC 8656 §12.4). It is probed and dissected apart, and the flow takes its name; this dissector goes on.
    Carried {
        /// Where the datagram begins.
        from: usize,
        /// Where it ends, at most at the end of the input.
        to: usize,
        /// Octets consumed, as with [`Step::Continue`].
        used: usize,
    },
    /// On closer look it is not this protocol: the flow is probed on without it.
    Mistaken,
}

/// State of one protocol in one flow.
pub trait Dissector: Send {
    /// Takes input of one side and writes what it learns into the row.
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step;

    /// A more exact label than [`Protocol::name`], once known (`SMTPS`, `TURN`).
    fn name(&self) -> Option<&'static str> {
        None
    }

    /// What it learnt of other conversations since this was asked last; of one input a few only.
    fn announces(&mut self) -> Vec<Announced> {
        Vec::new()
    }
}
