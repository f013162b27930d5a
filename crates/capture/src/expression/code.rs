// SPDX-License-Identifier: Apache-2.0
//! From the tree to a classic BPF program. It begins with a part that is the same for all: where the headers are goes
//! into scratch memory, so that each test is a load and a comparison. Jumps go forward only, as the kernel wants it.

use minamo_packet::LinkType;

use super::{Base, End, ExpressionError, Node, Relation, Size, Test, V4In, Version, machine};

/// One instruction, as the kernel has it (linux/filter.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// Operation.
    pub code: u16,
    /// Instructions to skip where the comparison holds.
    pub yes: u8,
    /// Instructions to skip where it does not.
    pub no: u8,
    /// Value, offset, or place in scratch memory.
    pub value: u32,
}

/// A program that says of a frame whether it passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(Vec<Instruction>);

/// Instructions that the kernel takes (`BPF_MAXINSNS`).
const MAX_INSTRUCTIONS: usize = 4_096;

// Operations (linux/bpf_common.h): class, size and mode, or class and operation.
pub(super) const LOAD_WORD: u16 = 0x20;
pub(super) const LOAD_HALF: u16 = 0x28;
pub(super) const LOAD_BYTE: u16 = 0x30;
/// Behind the place that X holds.
pub(super) const LOAD_WORD_AT: u16 = 0x40;
pub(super) const LOAD_HALF_AT: u16 = 0x48;
pub(super) const LOAD_BYTE_AT: u16 = 0x50;
pub(super) const LOAD_VALUE: u16 = 0x00;
pub(super) const LOAD_MEMORY: u16 = 0x60;
pub(super) const LOAD_LENGTH: u16 = 0x80;
pub(super) const LOAD_X_MEMORY: u16 = 0x61;
pub(super) const STORE: u16 = 0x02;
pub(super) const AND: u16 = 0x54;
pub(super) const SHIFT_LEFT: u16 = 0x64;
pub(super) const ADD: u16 = 0x04;
pub(super) const ADD_X: u16 = 0x0c;
pub(super) const GOTO: u16 = 0x05;
pub(super) const IF_EQUAL: u16 = 0x15;
pub(super) const IF_GREATER: u16 = 0x25;
pub(super) const IF_AT_LEAST: u16 = 0x35;
pub(super) const RETURN: u16 = 0x06;

/// What the kernel says beside a frame (linux/filter.h, `SKF_AD_OFF`): the tag that it took off, and whether it did.
const TAG: u32 = 0xffff_f000 + 44;
const TAG_PRESENT: u32 = 0xffff_f000 + 48;

// Places in scratch memory.
/// Where the header behind the ethertype is.
const NETWORK_AT: u32 = 0;
const ETHERTYPE: u32 = 1;
/// Number of the protocol above IP, or [`NONE`].
const PROTOCOL: u32 = 2;
/// Where the header behind IP is; 0 where it is in another fragment.
const TRANSPORT_AT: u32 = 3;
/// Number of the outermost tag, or [`NONE`].
const VLAN: u32 = 4;
/// More than any number of a protocol or tag.
const NONE: u32 = 0xffff_ffff;

const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const ARP: u32 = 0x0806;
/// Octets that a frame which passes is cut to: all.
const ALL: u32 = 0x0004_0000;

impl Program {
    pub(super) fn new(node: Option<&Node>, link: LinkType) -> Result<Self, ExpressionError> {
        let mut builder = Builder::default();
        let (pass, drop) = (builder.label(), builder.label());
        if let Some(node) = node {
            builder.headers(link)?;
            builder.node(node, link, pass, drop);
        }
        builder.place(pass);
        builder.op(RETURN, ALL);
        builder.place(drop);
        builder.op(RETURN, 0);
        let code = builder.resolve();
        if code.len() > MAX_INSTRUCTIONS {
            return Err(ExpressionError::Bound("it needs more instructions than the kernel takes (4,096)"));
        }
        Ok(Self(code))
    }

    /// True where the frame passes. `data` is what was captured of it, `length` what was sent.
    pub fn passes(&self, data: &[u8], length: usize) -> bool {
        machine::run(&self.0, data, length) != 0
    }

    /// The instructions, for the kernel.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }
}

#[derive(Clone, Copy)]
struct Label(usize);

enum Item {
    Op(u16, u32),
    If(u16, u32, Label, Label),
    Goto(Label),
}

#[derive(Default)]
struct Builder {
    items: Vec<Item>,
    /// Item that each label stands before.
    places: Vec<usize>,
}

impl Builder {
    fn label(&mut self) -> Label {
        self.places.push(usize::MAX);
        Label(self.places.len() - 1)
    }

    fn place(&mut self, label: Label) {
        if let Some(place) = self.places.get_mut(label.0) {
            *place = self.items.len();
        }
    }

    fn op(&mut self, code: u16, value: u32) {
        self.items.push(Item::Op(code, value));
    }

    fn test(&mut self, code: u16, value: u32, yes: Label, no: Label) {
        self.items.push(Item::If(code, value, yes, no));
    }

    /// Instructions. A comparison jumps at most 255 of them far: behind each stand two jumps without that limit.
    fn resolve(&self) -> Vec<Instruction> {
        let size = |item: &Item| if matches!(item, Item::If(..)) { 3 } else { 1 };
        let mut starts = Vec::with_capacity(self.items.len() + 1);
        let mut at = 0;
        for item in &self.items {
            starts.push(at);
            at += size(item);
        }
        let mut code = Vec::with_capacity(at);
        let goto = |from: usize, label: &Label| {
            let place = self.places.get(label.0).and_then(|item| starts.get(*item)).copied().unwrap_or(from + 1);
            let far = u32::try_from(place.saturating_sub(from + 1)).unwrap_or(u32::MAX);
            Instruction { code: GOTO, yes: 0, no: 0, value: far }
        };
        for item in &self.items {
            let at = code.len();
            match item {
                Item::Op(op, value) => code.push(Instruction { code: *op, yes: 0, no: 0, value: *value }),
                Item::Goto(label) => code.push(goto(at, label)),
                Item::If(op, value, yes, no) => {
                    code.push(Instruction { code: *op, yes: 0, no: 1, value: *value });
                    code.push(goto(at + 1, yes));
                    code.push(goto(at + 2, no));
                }
            }
        }
        code
    }

    /// Puts where the headers are into scratch memory.
    fn headers(&mut self, link: LinkType) -> Result<(), ExpressionError> {
        let (network_at, ethertype_at) = match link {
            LinkType::ETHERNET => (14, Some(12)),
            LinkType::LINUX_SLL => (16, Some(14)),
            LinkType::LINUX_SLL2 => (20, Some(0)),
            LinkType(12 | 14 | 101 | 228 | 229) => (0, None),
            LinkType(other) => return Err(ExpressionError::Link(other)),
        };
        for (place, value) in [(NETWORK_AT, network_at), (PROTOCOL, NONE), (TRANSPORT_AT, 0), (VLAN, NONE)] {
            self.op(LOAD_VALUE, value);
            self.op(STORE, place);
        }
        match ethertype_at {
            Some(at) => {
                self.op(LOAD_HALF, at);
                self.op(STORE, ETHERTYPE);
                self.tags();
            }
            None => self.version_as_ethertype(),
        }
        self.ip();
        Ok(())
    }

    /// The tag that the kernel took off, and up to two that are in the frame.
    fn tags(&mut self) {
        let (taken, frame) = (self.label(), self.label());
        self.op(LOAD_WORD, TAG_PRESENT);
        self.test(IF_EQUAL, 0, frame, taken);
        self.place(taken);
        self.op(LOAD_WORD, TAG);
        self.op(AND, 0x0fff);
        self.op(STORE, VLAN);
        self.place(frame);
        for _ in 0..2 {
            let (second, third, tagged, first_tag, next, done) =
                (self.label(), self.label(), self.label(), self.label(), self.label(), self.label());
            self.op(LOAD_MEMORY, ETHERTYPE);
            self.test(IF_EQUAL, 0x8100, tagged, second);
            self.place(second);
            self.test(IF_EQUAL, 0x88a8, tagged, third);
            self.place(third);
            self.test(IF_EQUAL, 0x9100, tagged, done);
            self.place(tagged);
            self.op(LOAD_MEMORY, VLAN);
            self.test(IF_EQUAL, NONE, first_tag, next);
            self.place(first_tag);
            self.op(LOAD_X_MEMORY, NETWORK_AT);
            self.op(LOAD_HALF_AT, 0);
            self.op(AND, 0x0fff);
            self.op(STORE, VLAN);
            self.place(next);
            self.op(LOAD_X_MEMORY, NETWORK_AT);
            self.op(LOAD_HALF_AT, 2);
            self.op(STORE, ETHERTYPE);
            self.op(LOAD_MEMORY, NETWORK_AT);
            self.op(ADD, 4);
            self.op(STORE, NETWORK_AT);
            self.place(done);
        }
    }

    /// Of raw IP the version says what an ethertype would.
    fn version_as_ethertype(&mut self) {
        let (six, four, done) = (self.label(), self.label(), self.label());
        self.op(LOAD_BYTE, 0);
        self.op(AND, 0xf0);
        self.test(IF_EQUAL, 0x60, six, four);
        self.place(six);
        self.op(LOAD_VALUE, IPV6);
        self.op(STORE, ETHERTYPE);
        self.items.push(Item::Goto(done));
        self.place(four);
        self.op(LOAD_VALUE, IPV4);
        self.op(STORE, ETHERTYPE);
        self.place(done);
    }

    /// Protocol and place of the header above IP.
    fn ip(&mut self) {
        let [four, not_four, six, first, later, done] = std::array::from_fn(|_| self.label());
        self.op(LOAD_MEMORY, ETHERTYPE);
        self.test(IF_EQUAL, IPV4, four, not_four);
        self.place(four);
        self.op(LOAD_X_MEMORY, NETWORK_AT);
        self.op(LOAD_BYTE_AT, 9);
        self.op(STORE, PROTOCOL);
        self.op(LOAD_HALF_AT, 6);
        self.op(AND, 0x1fff);
        self.test(IF_EQUAL, 0, first, later);
        self.place(first);
        self.op(LOAD_BYTE_AT, 0);
        self.op(AND, 0x0f);
        self.op(SHIFT_LEFT, 2);
        self.op(ADD_X, 0);
        self.op(STORE, TRANSPORT_AT);
        self.place(later);
        self.items.push(Item::Goto(done));
        self.place(not_four);
        self.test(IF_EQUAL, IPV6, six, done);
        self.place(six);
        self.op(LOAD_X_MEMORY, NETWORK_AT);
        self.op(LOAD_BYTE_AT, 6);
        self.op(STORE, PROTOCOL);
        self.op(LOAD_MEMORY, NETWORK_AT);
        self.op(ADD, 40);
        self.op(STORE, TRANSPORT_AT);
        self.place(done);
    }

    fn node(&mut self, node: &Node, link: LinkType, yes: Label, no: Label) {
        match node {
            Node::Not(inner) => self.node(inner, link, no, yes),
            Node::All(nodes) => self.chain(nodes, yes, |builder, node, next| builder.node(node, link, next, no)),
            Node::Any(nodes) => self.chain(nodes, no, |builder, node, next| builder.node(node, link, yes, next)),
            Node::Test(test) => self.one(test, link, yes, no),
        }
    }

    /// Parts one after the other, each with the label of the next; the last has `end`.
    fn chain(&mut self, parts: &[Node], end: Label, part: impl Fn(&mut Self, &Node, Label)) {
        let Some((last, before)) = parts.split_last() else { return };
        for node in before {
            let next = self.label();
            part(self, node, next);
            self.place(next);
        }
        part(self, last, end);
    }

    fn one(&mut self, test: &Test, link: LinkType, yes: Label, no: Label) {
        match *test {
            Test::Ethertype(kind) => self.memory(ETHERTYPE, kind, yes, no),
            Test::Protocol(version, number) => {
                if let Some(version) = version {
                    self.need(ETHERTYPE, if version == Version::V4 { IPV4 } else { IPV6 }, no);
                }
                self.memory(PROTOCOL, number, yes, no);
            }
            Test::Mac(..) | Test::Group { .. } if link != LinkType::ETHERNET => self.items.push(Item::Goto(no)),
            Test::Mac(end, mac) => self.mac(end, mac, yes, no),
            Test::Group { all } => {
                let rest = self.label();
                self.op(LOAD_BYTE, 0);
                self.op(AND, 1);
                self.test(IF_EQUAL, 1, if all { rest } else { yes }, no);
                self.place(rest);
                if all {
                    self.six_octets(0, [0xff; 6], yes, no);
                }
            }
            Test::V4(end, inside, address, mask) => self.v4(end, inside, address, mask, yes, no),
            Test::V6(end, words, length) => {
                self.need(ETHERTYPE, IPV6, no);
                self.ends(end, yes, no, |builder, dst, yes, no| {
                    builder.v6(if dst { 24 } else { 8 }, words, length, yes, no);
                });
            }
            Test::Ports(end, protocol, from, to) => self.ports(end, protocol, from, to, yes, no),
            Test::Vlan(Some(id)) => self.memory(VLAN, id, yes, no),
            Test::Vlan(None) => self.memory(VLAN, NONE, no, yes),
            Test::Length(is, length) => {
                self.op(LOAD_LENGTH, 0);
                self.relation(is, length, yes, no);
            }
            Test::Octets { of, at, size, mask, is, value } => {
                self.octets(of, at, size, no);
                self.op(AND, mask);
                self.relation(is, value, yes, no);
            }
        }
    }

    /// A comparison with a place in scratch memory.
    fn memory(&mut self, place: u32, value: u32, yes: Label, no: Label) {
        self.op(LOAD_MEMORY, place);
        self.test(IF_EQUAL, value, yes, no);
    }

    /// Goes on only where a place in scratch memory has the value.
    fn need(&mut self, place: u32, value: u32, no: Label) {
        let on = self.label();
        self.memory(place, value, on, no);
        self.place(on);
    }

    /// Asks one end, either or both: `ask` gets true for the destination.
    fn ends(&mut self, end: End, yes: Label, no: Label, ask: impl Fn(&mut Self, bool, Label, Label)) {
        let second = self.label();
        match end {
            End::Src => return ask(self, false, yes, no),
            End::Dst => return ask(self, true, yes, no),
            End::Either => ask(self, false, yes, second),
            End::Both => ask(self, false, second, no),
        }
        self.place(second);
        ask(self, true, yes, no);
    }

    fn mac(&mut self, end: End, mac: [u8; 6], yes: Label, no: Label) {
        self.ends(end, yes, no, |builder, dst, yes, no| builder.six_octets(if dst { 0 } else { 6 }, mac, yes, no));
    }

    fn six_octets(&mut self, at: u32, [a, b, c, d, e, f]: [u8; 6], yes: Label, no: Label) {
        let rest = self.label();
        self.op(LOAD_WORD, at);
        self.test(IF_EQUAL, u32::from_be_bytes([a, b, c, d]), rest, no);
        self.place(rest);
        self.op(LOAD_HALF, at + 4);
        self.test(IF_EQUAL, u32::from_be_bytes([0, 0, e, f]), yes, no);
    }

    fn v4(&mut self, end: End, inside: Option<V4In>, address: u32, mask: u32, yes: Label, no: Label) {
        let arp = self.label();
        let kinds = [(V4In::Ip, IPV4, 12, 16), (V4In::Arp, ARP, 14, 24)];
        for (which, ethertype, src, dst) in kinds {
            if inside.is_some_and(|inside| inside != which) {
                continue;
            }
            let last = inside.is_some() || which == V4In::Arp;
            self.need(ETHERTYPE, ethertype, if last { no } else { arp });
            self.ends(end, yes, no, |builder, is_dst, yes, no| {
                builder.op(LOAD_X_MEMORY, NETWORK_AT);
                builder.op(LOAD_WORD_AT, if is_dst { dst } else { src });
                builder.op(AND, mask);
                builder.test(IF_EQUAL, address, yes, no);
            });
            if !last {
                self.place(arp);
            }
        }
    }

    fn v6(&mut self, at: u32, words: [u32; 4], length: u8, yes: Label, no: Label) {
        let mut left = u32::from(length);
        for (place, word) in (at..).step_by(4).zip(words) {
            if left == 0 {
                break;
            }
            let mask = u32::MAX.checked_shl(32 - left.min(32)).unwrap_or(0);
            left -= left.min(32);
            let on = self.label();
            self.op(LOAD_X_MEMORY, NETWORK_AT);
            self.op(LOAD_WORD_AT, place);
            self.op(AND, mask);
            self.test(IF_EQUAL, word & mask, on, no);
            self.place(on);
        }
        self.items.push(Item::Goto(yes));
    }

    fn ports(&mut self, end: End, protocol: Option<u32>, from: u32, to: u32, yes: Label, no: Label) {
        let [known, second, third, here] = std::array::from_fn(|_| self.label());
        self.op(LOAD_MEMORY, PROTOCOL);
        match protocol {
            Some(number) => self.test(IF_EQUAL, number, known, no),
            None => {
                self.test(IF_EQUAL, 6, known, second);
                self.place(second);
                self.test(IF_EQUAL, 17, known, third);
                self.place(third);
                self.test(IF_EQUAL, 132, known, no);
            }
        }
        self.place(known);
        self.memory(TRANSPORT_AT, 0, no, here);
        self.place(here);
        self.ends(end, yes, no, |builder, dst, yes, no| {
            let low = builder.label();
            builder.op(LOAD_X_MEMORY, TRANSPORT_AT);
            builder.op(LOAD_HALF_AT, if dst { 2 } else { 0 });
            builder.test(IF_AT_LEAST, from, low, no);
            builder.place(low);
            builder.test(IF_GREATER, to, no, yes);
        });
    }

    /// Loads octets of a header, where the frame has it.
    fn octets(&mut self, of: Base, at: u32, size: Size, no: Label) {
        let place = match of {
            Base::Frame => None,
            Base::Network(ethertype) => {
                self.need(ETHERTYPE, ethertype, no);
                Some(NETWORK_AT)
            }
            Base::Transport(number) => {
                self.need(PROTOCOL, number, no);
                let here = self.label();
                self.memory(TRANSPORT_AT, 0, no, here);
                self.place(here);
                Some(TRANSPORT_AT)
            }
        };
        match place {
            None => self.op(
                match size {
                    Size::One => LOAD_BYTE,
                    Size::Two => LOAD_HALF,
                    Size::Four => LOAD_WORD,
                },
                at,
            ),
            Some(place) => {
                self.op(LOAD_X_MEMORY, place);
                self.op(
                    match size {
                        Size::One => LOAD_BYTE_AT,
                        Size::Two => LOAD_HALF_AT,
                        Size::Four => LOAD_WORD_AT,
                    },
                    at,
                );
            }
        }
    }

    fn relation(&mut self, is: Relation, value: u32, yes: Label, no: Label) {
        match is {
            Relation::Equal => self.test(IF_EQUAL, value, yes, no),
            Relation::Unequal => self.test(IF_EQUAL, value, no, yes),
            Relation::Less => self.test(IF_AT_LEAST, value, no, yes),
            Relation::LessOrEqual => self.test(IF_GREATER, value, no, yes),
            Relation::Greater => self.test(IF_GREATER, value, yes, no),
            Relation::GreaterOrEqual => self.test(IF_AT_LEAST, value, yes, no),
        }
    }
}
