// SPDX-License-Identifier: Apache-2.0
//! What a protocol is to the classifier: a row in the registry, a probe, and a dissector per flow.

use minamo_model::Flow;

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
    /// Specifications that the code follows.
    pub spec: &'static [&'static str],
    /// What carries it.
    pub transport: Transport,
    /// Usual ports: a hint for the order of asking, never proof.
    pub ports: &'static [u16],
    /// True where the content is encrypted, false where it is in clear.
    pub encrypted: bool,
    /// Octets that the classifier keeps for one flow of it, both sides together.
    pub max_state: usize,
    /// Looks at the first octets of one side's stream, or at one whole datagram. Allocates nothing.
    pub probe: fn(Side, &[u8]) -> Verdict,
    /// A dissector for a flow that the probe said [`Verdict::Yes`] to; true for a stream.
    pub start: fn(stream: bool) -> Box<dyn Dissector>,
    /// A typical conversation, built by us: the conformance tests run on it.
    pub sample: &'static [(Side, &'static [u8])],
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
}
