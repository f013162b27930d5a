// SPDX-License-Identifier: Apache-2.0
//! The classifier of one flow: asks the probes, runs the dissector that one of them earned, and names
//! the flow with confidence and reason. Everything it keeps is bounded.

mod resting;

use std::sync::Arc;

use minamo_model::Flow;

use crate::candidates::{INDEX, Rows};
use crate::label::{More, certified_service};
use crate::service::Services;
use crate::signature::{Seen, Signatures};
use crate::{Announced, Dissector, Heard, Input, Label, PROTOCOLS, Protocol, Side, Step, Verdict, magic, risk};

pub use resting::Resting;

/// Most octets of one side's stream, or of undecided datagrams, that probes wait for.
const PROBE_OCTETS: usize = 4_096;
/// Datagrams after which probing ends; streams are bounded by [`PROBE_OCTETS`].
const PROBE_INPUTS: u8 = 12;
/// Segments or datagrams that nobody claims before a flow is given up. A conversation can begin with octets that are
/// not its protocol's: keep-alives (RFC 9293 §3.8.4), what opens a hole in a firewall, the tail of what came before.
const STRAYS: u8 = 2;

/// The classifier of one flow.
pub struct Classifier {
    stream: bool,
    ports: (u16, u16),
    /// Protocols that can be asked for at all; those of the transport where nothing else is said.
    known: Option<Box<Rows>>,
    /// Of those, the ones that are still possible by what each side sent.
    candidates: [Rows; 2],
    inputs: u8,
    strays: u8,
    state: State,
    named: Option<&'static Protocol>,
    exact: Option<&'static str>,
    /// What has the form of a protocol that is usual on one of the ports, and the port; counts where nothing is named.
    likely: Option<(&'static Protocol, u16)>,
    /// Octets of each side that are not yet consumed. Nothing for most flows.
    pending: Option<Box<[Vec<u8>; 2]>>,
    /// Datagrams that no probe was sure of, for the protocol that the next ones decide for.
    waiting: Vec<(Side, Vec<u8>)>,
    /// Octets of each side to skip unseen.
    skip: [u64; 2],
    /// The classifier of the datagrams that this flow's protocol carries.
    carried: Option<Box<Classifier>>,
    /// What the flow showed of a person's signatures; nothing where there are none.
    seen: Option<Box<Seen>>,
    /// What was said of other conversations and not taken yet.
    announced: Vec<Announced>,
    /// A certificate's service was said of the socket; forgotten at rest.
    called: bool,
}

enum State {
    Probing,
    Running(&'static Protocol, Box<dyn Dissector>),
    Done,
}

/// What probing came to.
enum Probed {
    /// A dissector runs.
    Found,
    /// More can tell.
    Open,
    /// Nobody claims the input.
    Unclaimed,
}

impl Classifier {
    /// The classifier of a new flow; none of the registry's protocols is excluded yet.
    pub fn new(stream: bool, src_port: u16, dst_port: u16) -> Self {
        let known = INDEX.carried_by(stream);
        Self {
            stream,
            ports: (src_port, dst_port),
            known: None,
            candidates: [known; 2],
            inputs: 0,
            strays: 0,
            state: State::Probing,
            named: None,
            exact: None,
            likely: None,
            pending: None,
            waiting: Vec::new(),
            skip: [0; 2],
            carried: None,
            seen: None,
            announced: Vec::new(),
            called: false,
        }
    }

    /// Looks for a person's signatures, too. To be called before the first input.
    pub fn look_for(&mut self, signatures: &Arc<Signatures>) {
        self.seen = (!signatures.is_empty()).then(|| Box::new(Seen::new(signatures, self.stream)));
    }

    fn known(&self) -> Rows {
        self.known.as_deref().copied().unwrap_or_else(|| INDEX.carried_by(self.stream))
    }

    /// True where no input can change anything any more: the caller may stop reassembling.
    pub fn is_done(&self) -> bool {
        self.is_over() && self.seen.as_ref().is_none_or(|seen| seen.is_settled())
    }

    /// True where no protocol is asked any more.
    fn is_over(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The protocol, once one was recognised: of a carrier, what it carries.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.carried.as_ref().and_then(|carried| carried.protocol()).or(self.named)
    }

    /// Takes one datagram.
    pub fn datagram(&mut self, side: Side, data: &[u8], flow: &mut Flow) {
        if let Some(seen) = &mut self.seen {
            seen.datagram(side, data);
        }
        self.ask_datagram(side, data, flow);
    }

    fn ask_datagram(&mut self, side: Side, mut data: &[u8], flow: &mut Flow) {
        // Each round excludes a protocol, or hands over to another.
        for _ in 0..PROTOCOLS.len() {
            if data.is_empty() || self.is_over() {
                return;
            }
            if matches!(self.state, State::Probing) {
                match self.probe(side, data) {
                    Probed::Found => self.replay(flow),
                    Probed::Open => return self.wait(side, data),
                    Probed::Unclaimed => return,
                }
            }
            let State::Running(protocol, dissector) = &mut self.state else { continue };
            let (protocol, step) = (*protocol, dissector.feed(side, Input::Data(data), flow));
            self.exact = dissector.name().or(self.exact);
            self.announced.append(&mut dissector.announces());
            self.after(protocol, step);
            match step {
                Step::Mistaken => {}
                Step::Inner(n) => data = data.get(n..).unwrap_or_default(),
                Step::Carried { from, to, .. } => {
                    return self.carry(protocol, side, data.get(from..to).unwrap_or_default(), flow);
                }
                Step::Continue(_) | Step::Done => return,
            }
        }
    }

    /// Keeps an undecided datagram, as far as there is room.
    fn wait(&mut self, side: Side, data: &[u8]) {
        let kept: usize = self.waiting.iter().map(|(_, data)| data.len()).sum();
        if !self.is_over() && kept + data.len() <= PROBE_OCTETS {
            self.waiting.push((side, data.to_vec()));
        }
    }

    /// Feeds the datagrams that came before the one that decided, as far as they are of its protocol.
    fn replay(&mut self, flow: &mut Flow) {
        let found = match &self.state {
            State::Running(protocol, _) => *protocol,
            State::Probing | State::Done => return,
        };
        for (side, data) in std::mem::take(&mut self.waiting) {
            if found.ask(side, &data) != Verdict::No {
                self.ask_datagram(side, &data, flow);
            }
        }
    }

    /// Gives a carried datagram to a classifier of its own, which knows no carrier that it is inside of.
    fn carry(&mut self, carrier: &'static Protocol, side: Side, data: &[u8], flow: &mut Flow) {
        let (ports, outside) = (self.ports, if self.stream { None } else { Some(self.known()) });
        let carried = self.carried.get_or_insert_with(|| {
            let mut carried = Box::new(Self::new(false, ports.0, ports.1));
            let mut known = outside.unwrap_or_else(|| carried.known());
            if let Some(at) = place(carrier) {
                known.remove(at);
            }
            (carried.candidates, carried.known) = ([known; 2], Some(Box::new(known)));
            carried
        });
        carried.datagram(side, data, flow);
        if !self.called && !self.stream {
            // A handshake for media (RFC 5764) whose certificate names a service.
            let service = certified_service(flow);
            self.called = service.is_some();
            self.announced.extend(service.map(|service| Announced::calls(service, true)));
        }
        if carried.is_done() {
            self.finish();
        }
    }

    /// Takes the next octets of one side's stream, or the news that some are missing.
    pub fn stream(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) {
        if let Some(seen) = &mut self.seen {
            match input {
                Input::Data(data) => seen.stream(side, data),
                Input::Gap(_) => seen.gap(side),
            }
        }
        if self.is_over() {
            return;
        }
        match input {
            Input::Gap(n) => self.gap(side, n, flow),
            Input::Data(data) => {
                let data = self.skipped(side, data);
                if !data.is_empty() {
                    self.data(side, data, flow);
                }
            }
        }
    }

    /// What is left of `data` after the octets that the dissector asked to skip.
    fn skipped<'a>(&mut self, side: Side, data: &'a [u8]) -> &'a [u8] {
        let Some(skip) = self.skip.get_mut(side.index()) else { return data };
        let n = usize::try_from(*skip).unwrap_or(usize::MAX).min(data.len());
        *skip -= n as u64;
        data.get(n..).unwrap_or_default()
    }

    fn gap(&mut self, side: Side, n: u64, flow: &mut Flow) {
        let skipped = self.skip.get(side.index()).copied().unwrap_or(0).min(n);
        if let Some(skip) = self.skip.get_mut(side.index()) {
            *skip -= skipped;
        }
        self.take_pending(side);
        if n == skipped {
            return;
        }
        if let State::Running(protocol, dissector) = &mut self.state {
            let (protocol, step) = (*protocol, dissector.feed(side, Input::Gap(n - skipped), flow));
            self.after(protocol, step);
        }
    }

    fn data(&mut self, side: Side, data: &[u8], flow: &mut Flow) {
        if self.inputs == 0 {
            bare_program(side, data, flow);
        }
        let mut pending = self.take_pending(side);
        let mut joined = if pending.is_empty() {
            data
        } else {
            pending.extend_from_slice(data);
            &pending
        };
        if matches!(self.state, State::Probing) {
            let mut probed = self.probe(side, joined);
            if matches!(probed, Probed::Unclaimed) && joined.len() > data.len() {
                // What was kept was not the beginning of anything; this can be.
                joined = data;
                probed = self.probe(side, joined);
            }
            match probed {
                Probed::Found => self.replay_other(side, flow),
                Probed::Open => {}
                Probed::Unclaimed => return,
            }
        }
        let used = self.run(side, joined, flow);
        self.keep(side, joined.get(used..).unwrap_or_default());
    }

    /// Feeds what the other side had sent before this side's octets decided.
    fn replay_other(&mut self, side: Side, flow: &mut Flow) {
        let other = side.other();
        let waiting = self.take_pending(other);
        if !waiting.is_empty() {
            let used = self.run(other, &waiting, flow);
            self.keep(other, waiting.get(used..).unwrap_or_default());
        }
    }

    /// Feeds the running dissector until it wants more; returns how many octets are used up.
    fn run(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> usize {
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            let State::Running(protocol, dissector) = &mut self.state else { return used };
            if rest.is_empty() {
                return used;
            }
            let protocol = *protocol;
            let step = dissector.feed(side, Input::Data(rest), flow);
            self.exact = dissector.name().or(self.exact);
            self.announced.append(&mut dissector.announces());
            self.after(protocol, step);
            match step {
                Step::Continue(0) => return used,
                Step::Continue(n) => used = self.consume(side, used, n, data.len()),
                Step::Inner(n) => {
                    used = self.consume(side, used, n, data.len());
                    let inner = data.get(used..).unwrap_or_default();
                    if !inner.is_empty() && matches!(self.probe(side, inner), Probed::Unclaimed) {
                        return data.len();
                    }
                }
                Step::Carried { from, to, used: n } => {
                    self.carry(protocol, side, rest.get(from..to).unwrap_or_default(), flow);
                    used = self.consume(side, used, n.max(1), data.len());
                }
                Step::Mistaken if matches!(self.probe(side, rest), Probed::Unclaimed) => return data.len(),
                Step::Mistaken => {}
                Step::Done => return data.len(),
            }
        }
    }

    fn consume(&mut self, side: Side, used: usize, n: usize, len: usize) -> usize {
        let end = used.saturating_add(n);
        if let Some(skip) = self.skip.get_mut(side.index()) {
            *skip = end.saturating_sub(len) as u64;
        }
        end.min(len)
    }

    /// Keeps octets for the next call, up to the bound of the state; beyond it the flow is given up.
    fn keep(&mut self, side: Side, rest: &[u8]) {
        let bound = match &self.state {
            State::Probing => PROBE_OCTETS,
            State::Running(protocol, _) => protocol.max_state,
            State::Done => 0,
        };
        if rest.len() > bound {
            self.finish();
        } else if !rest.is_empty()
            && let Some(pending) = self.pending.get_or_insert_default().get_mut(side.index())
        {
            pending.clear();
            pending.extend_from_slice(rest);
        }
    }

    /// Takes out what was kept of a side.
    fn take_pending(&mut self, side: Side) -> Vec<u8> {
        self.pending.as_deref_mut().and_then(|both| both.get_mut(side.index())).map(std::mem::take).unwrap_or_default()
    }

    fn after(&mut self, protocol: &'static Protocol, step: Step) {
        match step {
            Step::Continue(_) | Step::Carried { .. } => {}
            Step::Done => self.finish(),
            Step::Inner(_) => {
                self.inputs = 0;
                self.state = State::Probing;
                self.candidates = [self.known(); 2];
                self.exclude(protocol);
            }
            Step::Mistaken => {
                self.state = State::Probing;
                if self.named.is_some_and(|named| std::ptr::eq(named, protocol)) {
                    self.named = None;
                    self.exact = None;
                }
                self.exclude(protocol);
            }
        }
    }

    fn exclude(&mut self, protocol: &'static Protocol) {
        if let Some(at) = place(protocol) {
            self.candidates.iter_mut().for_each(|rows| rows.remove(at));
        }
    }

    /// What was said of other conversations since this was asked last.
    pub fn take_announced(&mut self) -> Vec<Announced> {
        std::mem::take(&mut self.announced)
    }

    fn finish(&mut self) {
        self.state = State::Done;
        (self.pending, self.waiting) = (None, Vec::new());
        if let Some(carried) = &mut self.carried {
            carried.finish();
        }
    }

    /// Asks every protocol that is still possible, those with a hint in the ports first.
    fn probe(&mut self, side: Side, data: &[u8]) -> Probed {
        self.inputs = self.inputs.saturating_add(1);
        let asked = self.candidates[side.index()];
        let mut open = asked.and(&INDEX.beginning(data));
        let mut possible = false;
        for (at, protocol) in INDEX.ordered(open, self.ports).into_iter().flat_map(Rows::iter) {
            match self.ask(protocol, side, data) {
                Verdict::Yes => {
                    self.named = self.named.or(Some(protocol));
                    self.state = State::Running(protocol, (protocol.start)(self.stream));
                    return Probed::Found;
                }
                Verdict::Maybe => possible = true,
                Verdict::No => open.remove(at),
            }
        }
        self.suppose(side, data);
        // A datagram that proves nothing excludes nothing: the next can begin something else.
        self.candidates[side.index()] = if self.stream { open } else { asked };
        if !possible {
            self.leave();
            return Probed::Unclaimed;
        }
        if !self.stream && self.inputs >= PROBE_INPUTS {
            self.finish();
        }
        Probed::Open
    }

    /// The answer of one protocol, which may want to see more than the latest message.
    fn ask(&self, protocol: &Protocol, side: Side, data: &[u8]) -> Verdict {
        match ((protocol.probe)(side, data), protocol.together) {
            (Verdict::Maybe, Some(together)) => {
                let other = self.pending.as_deref().and_then(|both| both.get(side.other().index()));
                let other = other.map_or(&[][..], Vec::as_slice);
                together(&Heard { side, data, before: &self.waiting, other })
            }
            (verdict, _) => verdict,
        }
    }

    /// Notes which protocol that is usual on one of the ports has messages of this form.
    fn suppose(&mut self, side: Side, data: &[u8]) {
        if self.likely.is_some() || self.named.is_some() {
            return;
        }
        let usual = INDEX.usual(self.ports).and(&self.known());
        let fits = |protocol: &Protocol| protocol.on_port.is_some_and(|fits| fits(side, data));
        self.likely = usual.iter().map(|(_, protocol)| protocol).find(|protocol| fits(protocol)).map(|protocol| {
            let (src, dst) = self.ports;
            (protocol, if protocol.ports.contains(&dst) { dst } else { src })
        });
    }

    /// Leaves aside what nobody claims; the next input is asked about afresh, a few times.
    fn leave(&mut self) {
        self.strays = self.strays.saturating_add(1);
        if self.strays > STRAYS {
            self.finish();
        } else {
            self.candidates = [self.known(); 2];
        }
    }

    /// Writes label, confidence and reason into the row, with the services that the program knows. To be called when the
    /// row is made.
    pub fn label(&self, flow: &mut Flow) {
        self.label_with(&Services::default(), flow);
    }

    /// The same with a person's own services.
    pub fn label_with(&self, own: &Services, flow: &mut Flow) {
        self.verdict().tell(own, self.ports, flow);
    }

    /// What the label is made of: all that is left to keep once [`Classifier::is_done`].
    pub fn verdict(&self) -> Label {
        let protocol = self.protocol();
        let likely = self.likely.filter(|_| protocol.is_none());
        let more = More {
            port: likely.map(|(_, port)| port),
            carrier: self.named.filter(|named| protocol.is_some_and(|protocol| !std::ptr::eq(*named, protocol))),
            name: self.name(),
            relayed: self.relayed(),
            seen: self.seen.as_ref().map(|seen| seen.finished()),
        };
        Label::new(protocol.or(likely.map(|(protocol, _)| protocol)), more)
    }

    /// The service of a carrier, where what it carries gives the flow its name.
    fn relayed(&self) -> Option<&'static str> {
        self.carried.as_ref().filter(|carried| carried.named.is_some())?;
        self.exact?.rsplit_once('.').map(|(_, service)| service)
    }

    /// The exact label of what [`Classifier::protocol`] is.
    fn name(&self) -> Option<&'static str> {
        match self.carried.as_ref().filter(|carried| carried.named.is_some()) {
            Some(carried) => carried.name(),
            None => self.exact,
        }
    }
}

/// Notes a program that a connection begins with and that nothing introduces: FTP's data, and what programs fetch of others.
fn bare_program(side: Side, data: &[u8], flow: &mut Flow) {
    let program = |kind: &magic::Kind| {
        kind.class == magic::Class::Program && matches!(kind.name, "exe" | "elf" | "macho" | "dex")
    };
    if let Some(kind) = magic::kind_of(data).filter(program) {
        let from = if side == Side::Dst { "the server" } else { "the client" };
        risk::note(flow, &risk::EXECUTABLE_TRANSFER, &[kind.name, "a bare file", from]);
    }
}

/// Where a protocol stands in the registry.
fn place(protocol: &Protocol) -> Option<usize> {
    PROTOCOLS.iter().position(|p| std::ptr::eq(*p, protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_unknown_and_costs_nothing() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 50_000, 50_001);
        classifier.stream(Side::Src, Input::Data(&[0xff; 64]), &mut flow);
        classifier.stream(Side::Dst, Input::Data(&[0xfe; 64]), &mut flow);
        classifier.label(&mut flow);
        assert_eq!(flow.core.app, "Unknown");
        assert_eq!(flow.core.app_confidence, "none");
    }

    #[test]
    fn a_program_that_nothing_introduces_is_noticed() {
        let evidence = |first: &[u8]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 50_000, 50_001));
            classifier.stream(Side::Dst, Input::Data(first), &mut flow);
            classifier.stream(Side::Dst, Input::Data(b"\x7fELF"), &mut flow);
            flow.risk.and_then(|risk| risk.risk_evidence)
        };
        let program = [&b"\x7fELF\x02\x01\x01"[..], &[0; 60]].concat();
        assert_eq!(evidence(&program), Some(vec!["elf came as a bare file from the server".to_owned()]));
        assert_eq!(evidence(b"not a program"), None);
    }

    #[test]
    fn waiting_is_bounded() {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 1, 2);
        for _ in 0..10_000 {
            classifier.stream(Side::Src, Input::Data(b"S"), &mut flow);
        }
        assert!(classifier.pending.iter().flat_map(|both| both.iter()).all(|p| p.len() <= PROBE_OCTETS));
    }
}
