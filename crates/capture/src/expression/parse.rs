// SPDX-License-Identifier: Apache-2.0
//! From the text of a capture filter to its tree.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Base, End, ExpressionError, Node, Relation, Size, Test, V4In, Version};

/// Octets of text that are read at most.
const MAX_TEXT: usize = 16_384;
/// Parentheses and negations inside one another.
const MAX_DEPTH: usize = 64;

/// Reads a filter; nothing where it is empty.
pub(super) fn parse(text: &str) -> Result<Option<Node>, ExpressionError> {
    if text.len() > MAX_TEXT {
        return Err(ExpressionError::Bound("want at most 16 KiB"));
    }
    let mut parser = Parser { words: words(text), at: 0, end: text.len(), depth: 0, last: None };
    if parser.words.is_empty() {
        return Ok(None);
    }
    let node = parser.any()?;
    match parser.peek() {
        None => Ok(Some(node)),
        Some(_) => Err(parser.wrong("`and`, `or`, or the end")),
    }
}

struct Word<'a> {
    text: &'a str,
    at: usize,
}

/// Words and signs. `-` and `:` are part of words: ranges of ports, names of constants, addresses. Inside brackets
/// `:` divides.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut at, mut inside) = (0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let space = rest.len() - rest.trim_start().len();
        if space > 0 {
            at += space;
            continue;
        }
        let two = ["&&", "||", "!=", "<=", ">=", "=="].into_iter().find(|sign| rest.starts_with(sign));
        let is_sign = |c: char| "()[]!&|=<>".contains(c) || (inside && c == ':');
        let length = two.map(str::len).unwrap_or_else(|| match rest.chars().next() {
            Some(c) if is_sign(c) => c.len_utf8(),
            _ => rest.find(|c: char| c.is_whitespace() || is_sign(c)).unwrap_or(rest.len()),
        });
        let Some(word) = rest.get(..length) else { break };
        match word {
            "[" => inside = true,
            "]" => inside = false,
            _ => {}
        }
        words.push(Word { text: word, at });
        at += length;
    }
    words
}

/// What stands before an identifier, and counts on for those that follow it without.
#[derive(Clone, Copy, PartialEq)]
struct Qualifiers {
    protocol: Option<&'static Named>,
    end: Option<End>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Host,
    Net,
    Port,
    PortRange,
    Protocol,
}

/// A name of a protocol in filters.
#[derive(PartialEq)]
struct Named {
    name: &'static str,
    layer: Layer,
}

#[derive(Clone, Copy, PartialEq)]
enum Layer {
    Ether,
    Ethertype(u32),
    /// Version of IP where only one carries it, and number.
    Ip(Option<Version>, u32),
}

const IPV4: u32 = 0x0800;
const IPV6: u32 = 0x86dd;
const ARP: u32 = 0x0806;

static PROTOCOLS: &[Named] = &[
    Named { name: "ether", layer: Layer::Ether },
    Named { name: "ip", layer: Layer::Ethertype(IPV4) },
    Named { name: "ip6", layer: Layer::Ethertype(IPV6) },
    Named { name: "arp", layer: Layer::Ethertype(ARP) },
    Named { name: "rarp", layer: Layer::Ethertype(0x8035) },
    Named { name: "tcp", layer: Layer::Ip(None, 6) },
    Named { name: "udp", layer: Layer::Ip(None, 17) },
    Named { name: "sctp", layer: Layer::Ip(None, 132) },
    Named { name: "icmp", layer: Layer::Ip(Some(Version::V4), 1) },
    Named { name: "icmp6", layer: Layer::Ip(Some(Version::V6), 58) },
    Named { name: "igmp", layer: Layer::Ip(Some(Version::V4), 2) },
    Named { name: "pim", layer: Layer::Ip(None, 103) },
    Named { name: "vrrp", layer: Layer::Ip(None, 112) },
    Named { name: "ah", layer: Layer::Ip(None, 51) },
    Named { name: "esp", layer: Layer::Ip(None, 50) },
    Named { name: "gre", layer: Layer::Ip(None, 47) },
    Named { name: "ospf", layer: Layer::Ip(None, 89) },
];

/// Names of ports that people write in filters (IANA's registry of service names).
static PORTS: &[(&str, u32)] = &[
    ("bgp", 179),
    ("domain", 53),
    ("ftp", 21),
    ("ftp-data", 20),
    ("http", 80),
    ("https", 443),
    ("imap", 143),
    ("imaps", 993),
    ("kerberos", 88),
    ("ldap", 389),
    ("ldaps", 636),
    ("ntp", 123),
    ("pop3", 110),
    ("pop3s", 995),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmp-trap", 162),
    ("ssh", 22),
    ("syslog", 514),
    ("telnet", 23),
    ("tftp", 69),
];

/// Names of octets and bits of TCP and ICMP (pcap-filter(7)).
static CONSTANTS: &[(&str, u32)] = &[
    ("icmpcode", 1),
    ("icmp6code", 1),
    ("icmptype", 0),
    ("icmp6type", 0),
    ("tcpflags", 13),
    ("tcp-ack", 16),
    ("tcp-cwr", 128),
    ("tcp-ece", 64),
    ("tcp-fin", 1),
    ("tcp-push", 8),
    ("tcp-rst", 4),
    ("tcp-syn", 2),
    ("tcp-urg", 32),
    ("icmp-echo", 8),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-redirect", 5),
    ("icmp-timxceed", 11),
];

struct Parser<'a> {
    words: Vec<Word<'a>>,
    at: usize,
    end: usize,
    depth: usize,
    last: Option<Qualifiers>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(|word| word.text)
    }

    fn take(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn want(&mut self, word: &'static str) -> Result<(), ExpressionError> {
        if self.take(word) { Ok(()) } else { Err(self.wrong(word)) }
    }

    fn wrong(&self, want: &'static str) -> ExpressionError {
        let word = self.words.get(self.at);
        let got = word.map_or_else(|| "the end".to_owned(), |word| format!("`{}`", word.text));
        ExpressionError::Syntax { column: word.map_or(self.end, |word| word.at) + 1, got, want }
    }

    fn any(&mut self) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.all()?];
        while self.take("or") || self.take("||") {
            nodes.push(self.all()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all(&mut self) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.not()?];
        while self.take("and") || self.take("&&") {
            nodes.push(self.not()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::All(nodes) })
    }

    fn not(&mut self) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpressionError::Bound("want at most 64 parentheses and negations inside one another"));
        }
        let node = if self.take("not") || self.take("!") {
            Node::Not(Box::new(self.not()?))
        } else if self.take("(") {
            let inner = self.any()?;
            self.want(")")?;
            inner
        } else {
            self.primitive()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn primitive(&mut self) -> Result<Node, ExpressionError> {
        if self.take("vlan") {
            let id = self.peek().and_then(number);
            self.at += usize::from(id.is_some());
            return Ok(Node::Test(Test::Vlan(id)));
        }
        for (word, relation) in [("less", Relation::LessOrEqual), ("greater", Relation::GreaterOrEqual)] {
            if self.take(word) {
                return Ok(Node::Test(Test::Length(relation, self.number("a number of octets")?)));
            }
        }
        if self.take("len") {
            let relation = self.relation()?;
            return Ok(Node::Test(Test::Length(relation, self.number("a number of octets")?)));
        }
        let start = self.at;
        let protocol = self.protocol();
        if let Some(named) = protocol {
            if self.take("[") {
                return self.octets(named);
            }
            if self.take("broadcast") {
                return Ok(Node::Test(Test::Group { all: true }));
            }
            if self.take("multicast") {
                return self.multicast(named);
            }
        }
        let end = self.direction();
        let kind = self.kind();
        if protocol.is_none() && end.is_none() && kind.is_none() {
            // An identifier alone goes on with what stood before the last one.
            return match self.last {
                Some(last) => self.identifier(last),
                None => Err(self.wrong("a test such as `host 192.0.2.1`, `tcp port 443` or `vlan 7`")),
            };
        }
        if let (Some(named), None, None) = (protocol, end, kind) {
            return Ok(Node::Test(by_protocol(named).ok_or_else(|| {
                self.at = start;
                self.wrong("`ether` with `host`, `src`, `dst`, `proto` or an offset")
            })?));
        }
        let qualifiers = Qualifiers { protocol, end, kind: kind.unwrap_or(Kind::Host) };
        self.last = Some(qualifiers);
        self.identifier(qualifiers)
    }

    fn protocol(&mut self) -> Option<&'static Named> {
        let word = self.peek()?;
        let named = PROTOCOLS.iter().find(|named| named.name.eq_ignore_ascii_case(word))?;
        self.at += 1;
        Some(named)
    }

    fn direction(&mut self) -> Option<End> {
        let ends = [("src", "dst", End::Src), ("dst", "src", End::Dst)];
        let (_, other, alone) = ends.into_iter().find(|(word, ..)| self.take(word))?;
        let behind = self.words.get(self.at + 1).is_some_and(|word| word.text.eq_ignore_ascii_case(other));
        let joined = match self.peek() {
            Some(word) if behind && (word.eq_ignore_ascii_case("or") || word == "||") => End::Either,
            Some(word) if behind && (word.eq_ignore_ascii_case("and") || word == "&&") => End::Both,
            _ => return Some(alone),
        };
        self.at += 2;
        Some(joined)
    }

    fn kind(&mut self) -> Option<Kind> {
        let kinds = [
            ("host", Kind::Host),
            ("net", Kind::Net),
            ("port", Kind::Port),
            ("portrange", Kind::PortRange),
            ("proto", Kind::Protocol),
        ];
        kinds.into_iter().find(|(word, _)| self.take(word)).map(|(_, kind)| kind)
    }

    fn identifier(&mut self, qualifiers: Qualifiers) -> Result<Node, ExpressionError> {
        let end = qualifiers.end.unwrap_or(End::Either);
        let layer = qualifiers.protocol.map(|named| named.layer);
        let test = match (qualifiers.kind, layer) {
            (Kind::Port | Kind::PortRange, None | Some(Layer::Ip(None, _))) => {
                let number = layer.and_then(|layer| if let Layer::Ip(_, n) = layer { Some(n) } else { None });
                let (from, to) = self.ports(qualifiers.kind == Kind::PortRange)?;
                Test::Ports(end, number, from, to)
            }
            (Kind::Protocol, Some(Layer::Ether)) => match self.peek().and_then(ethertype) {
                Some(kind) => self.taken(Test::Ethertype(kind)),
                None => return Err(self.wrong("an ethertype such as 0x88b8, `ip` or `arp`")),
            },
            (Kind::Protocol, None | Some(Layer::Ethertype(IPV4 | IPV6))) => {
                let version = match layer {
                    Some(Layer::Ethertype(IPV4)) => Some(Version::V4),
                    Some(_) => Some(Version::V6),
                    None => None,
                };
                match self.peek().and_then(ip_protocol) {
                    Some(number) => self.taken(Test::Protocol(version, number)),
                    None => return Err(self.wrong("a protocol such as `tcp` or a number up to 255")),
                }
            }
            (Kind::Host, Some(Layer::Ether)) => match self.peek().and_then(mac) {
                Some(mac) => self.taken(Test::Mac(end, mac)),
                None => return Err(self.wrong("a MAC address such as 00:1b:21:0a:0b:0c")),
            },
            (Kind::Host | Kind::Net, None | Some(Layer::Ethertype(IPV4 | IPV6 | ARP | 0x8035))) => {
                self.address(end, layer, qualifiers.kind)?
            }
            (Kind::Host | Kind::Net, Some(Layer::Ip(..))) => {
                return Err(self.wrong("`port`: hosts belong to `ip`, `ip6` or `arp`"));
            }
            _ => return Err(self.wrong("a qualifier that fits the protocol")),
        };
        Ok(Node::Test(test))
    }

    /// The word that was looked at is used.
    fn taken(&mut self, test: Test) -> Test {
        self.at += 1;
        test
    }

    fn ports(&mut self, range: bool) -> Result<(u32, u32), ExpressionError> {
        let word = self.peek().unwrap_or_default();
        let ports = match word.split_once('-').filter(|_| range) {
            Some((from, to)) => port(from).zip(port(to)).filter(|(from, to)| from <= to),
            None => port(word).map(|port| (port, port)),
        };
        let want =
            if range { "ports such as 6000-6008" } else { "a port: a number up to 65535 or a name such as `https`" };
        let ports = ports.ok_or_else(|| self.wrong(want))?;
        self.at += 1;
        Ok(ports)
    }

    fn address(&mut self, end: End, layer: Option<Layer>, kind: Kind) -> Result<Test, ExpressionError> {
        const WANT: &str = "an address such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32 (names are not looked up)";
        let word = self.peek().unwrap_or_default();
        let (address, length) = match word.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u8>().map_err(|_| self.wrong(WANT))?)),
            None => (word, None),
        };
        if let Ok(v6) = address.parse::<Ipv6Addr>() {
            let length = length.unwrap_or(128);
            if length > 128 || !matches!(layer, None | Some(Layer::Ethertype(IPV6))) {
                return Err(self.wrong(WANT));
            }
            let octets = u128::from(v6);
            let word = |shift: u32| (octets >> shift) as u32;
            return Ok(self.taken(Test::V6(end, [word(96), word(64), word(32), word(0)], length)));
        }
        let (v4, octets) = short_v4(address, kind).ok_or_else(|| self.wrong(WANT))?;
        let inside = match layer {
            None => None,
            Some(Layer::Ethertype(IPV4)) => Some(V4In::Ip),
            Some(Layer::Ethertype(ARP | 0x8035)) => Some(V4In::Arp),
            Some(_) => return Err(self.wrong("an IPv6 address such as 2001:db8::1")),
        };
        self.at += 1;
        let mask = if self.take("mask") {
            let mask = self.peek().and_then(|word| word.parse::<Ipv4Addr>().ok());
            let mask = mask.ok_or_else(|| self.wrong("a mask such as 255.255.255.0"))?;
            self.at += 1;
            u32::from(mask)
        } else {
            let length = u32::from(length.unwrap_or(octets * 8));
            if length > 32 {
                self.at -= 1;
                return Err(self.wrong(WANT));
            }
            u32::MAX.checked_shl(32 - length).unwrap_or(0)
        };
        Ok(Test::V4(end, inside, v4 & mask, mask))
    }

    fn multicast(&mut self, named: &Named) -> Result<Node, ExpressionError> {
        let test = match named.layer {
            Layer::Ether => Test::Group { all: false },
            Layer::Ethertype(IPV4) => Test::V4(End::Dst, Some(V4In::Ip), 0xe000_0000, 0xf000_0000),
            Layer::Ethertype(IPV6) => Test::V6(End::Dst, [0xff00_0000, 0, 0, 0], 8),
            _ => {
                self.at -= 1;
                return Err(self.wrong("`ether`, `ip` or `ip6` before `multicast`"));
            }
        };
        Ok(Node::Test(test))
    }

    /// `protocol[offset:size] & mask relation value`, behind the bracket.
    fn octets(&mut self, named: &Named) -> Result<Node, ExpressionError> {
        let of = match named.layer {
            Layer::Ether => Base::Frame,
            Layer::Ethertype(kind) => Base::Network(kind),
            Layer::Ip(_, number) => Base::Transport(number),
        };
        let at = self.number("an offset in octets")?;
        if at > 65_535 {
            self.at -= 1;
            return Err(self.wrong("an offset up to 65535"));
        }
        let size = match self.take(":").then(|| self.peek()).flatten() {
            None => Size::One,
            Some("1") => self.sized(Size::One),
            Some("2") => self.sized(Size::Two),
            Some("4") => self.sized(Size::Four),
            Some(_) => return Err(self.wrong("1, 2 or 4 octets")),
        };
        self.want("]")?;
        let mask = if self.take("&") { self.bits()? } else { u32::MAX };
        let is = self.relation()?;
        Ok(Node::Test(Test::Octets { of, at, size, mask, is, value: self.bits()? }))
    }

    fn sized(&mut self, size: Size) -> Size {
        self.at += 1;
        size
    }

    /// A number, or several joined by `|` in parentheses.
    fn bits(&mut self) -> Result<u32, ExpressionError> {
        if !self.take("(") {
            return self.number("a number or a name such as `tcp-syn`");
        }
        let mut bits = self.number("a number or a name such as `tcp-syn`")?;
        while self.take("|") {
            bits |= self.number("a number or a name such as `tcp-syn`")?;
        }
        self.want(")")?;
        Ok(bits)
    }

    fn number(&mut self, want: &'static str) -> Result<u32, ExpressionError> {
        let value = self.peek().and_then(number).ok_or_else(|| self.wrong(want))?;
        self.at += 1;
        Ok(value)
    }

    fn relation(&mut self) -> Result<Relation, ExpressionError> {
        let relations = [
            ("=", Relation::Equal),
            ("==", Relation::Equal),
            ("!=", Relation::Unequal),
            ("<", Relation::Less),
            ("<=", Relation::LessOrEqual),
            (">", Relation::Greater),
            (">=", Relation::GreaterOrEqual),
        ];
        let found = relations.into_iter().find(|(sign, _)| self.take(sign));
        found.map(|(_, relation)| relation).ok_or_else(|| self.wrong("=, !=, <, <=, > or >="))
    }
}

fn by_protocol(named: &Named) -> Option<Test> {
    match named.layer {
        Layer::Ether => None,
        Layer::Ethertype(kind) => Some(Test::Ethertype(kind)),
        Layer::Ip(version, number) => Some(Test::Protocol(version, number)),
    }
}

/// A number, decimal or hexadecimal, or a name of one.
fn number(word: &str) -> Option<u32> {
    let named = CONSTANTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value);
    named.or_else(|| match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    })
}

fn port(word: &str) -> Option<u32> {
    let named = PORTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, port)| *port);
    named.or_else(|| word.parse::<u16>().ok().map(u32::from))
}

fn ethertype(word: &str) -> Option<u32> {
    let word = word.trim_start_matches('\\');
    let named =
        PROTOCOLS.iter().find(|named| named.name.eq_ignore_ascii_case(word)).and_then(|named| match named.layer {
            Layer::Ethertype(kind) => Some(kind),
            _ => None,
        });
    named.or_else(|| number(word).filter(|kind| *kind <= 0xffff))
}

fn ip_protocol(word: &str) -> Option<u32> {
    let word = word.trim_start_matches('\\');
    let named =
        PROTOCOLS.iter().find(|named| named.name.eq_ignore_ascii_case(word)).and_then(|named| match named.layer {
            Layer::Ip(_, number) => Some(number),
            _ => None,
        });
    named.or_else(|| number(word).filter(|number| *number <= 255))
}

fn mac(word: &str) -> Option<[u8; 6]> {
    let mut octets = [0; 6];
    let mut parts = word.split([':', '-']);
    for octet in &mut octets {
        *octet = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// An IPv4 address and how many octets of it were written: of a network the last ones may be left out.
fn short_v4(word: &str, kind: Kind) -> Option<(u32, u8)> {
    let mut octets = [0; 4];
    let mut written = 0;
    for part in word.split('.') {
        *octets.get_mut(usize::from(written))? = part.parse::<u8>().ok()?;
        written += 1;
    }
    (written == 4 || kind == Kind::Net).then(|| (u32::from_be_bytes(octets), written))
}
