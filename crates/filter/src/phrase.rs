// SPDX-License-Identifier: Apache-2.0
//! One test: what it looks at, the operator and the values.

use minamo_base::{Ip, Prefix};
use minamo_schema::Column;
use regex::RegexBuilder;

use crate::ast::{CompareOp, Expr, Literal, Measure, Predicate, Subject, Test};
use crate::check::{Join, Sort, Target};
use crate::error::{Cause, FilterError};
use crate::lex::Kind;
use crate::parse::{Parser, single_or};
use crate::sets::SetKind;
use crate::suggest::{nearest_set, nearest_tag, suggest};
use crate::value::{flags, literal, range};
use crate::want::Want;
use crate::words::{Meaning, Side, VALUES, find, protocol};

/// Most octets of a compiled regular expression.
const MAX_REGEX: usize = 1 << 20;

/// Ethertype of ARP.
const ARP: u64 = 0x0806;

/// How the operator of a phrase may be written.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// It must be there: `src_port = 80`.
    Strict,
    /// It may be left out: `port 80`.
    Bare,
    /// It may be left out, and a mask may follow the address: `net 192.0.2.0 255.255.255.0`.
    Net,
}

type Parsed = Result<Expr, FilterError>;

impl Parser<'_> {
    /// One test.
    pub(crate) fn test(&mut self) -> Parsed {
        let Some(word) = self.peek_word() else { return Err(self.unexpected()) };
        if word.eq_ignore_ascii_case("app") && self.is_word(1, "latency") {
            self.skip(2);
            let column = self.column("npm_response_micros")?;
            return self.phrase(Target::column(column), Style::Bare);
        }
        let keyword = find(word);
        if let Some(keyword) = keyword.filter(|k| k.meaning.lacks(self.table).is_none()) {
            self.skip(1);
            let style = if matches!(keyword.word, "net" | "xnet") { Style::Net } else { Style::Bare };
            return self.keyword(keyword.meaning, style);
        }
        if let Some(column) = self.table.column(&word.to_ascii_lowercase()) {
            self.skip(1);
            return self.phrase(Target::column(column), Style::Strict);
        }
        if let Some(column) = keyword.and_then(|k| k.meaning.lacks(self.table)) {
            return Err(self.fail(Cause::NoColumn { column }));
        }
        if let Some(number) = protocol(word) {
            return self.protocol(number);
        }
        self.bare_address(word)
    }

    /// A bare protocol name.
    fn protocol(&mut self, number: u8) -> Parsed {
        let column = self.column("proto")?;
        self.skip(1);
        Ok(Target::column(column).test(Predicate::Compare(CompareOp::Eq, Literal::Uint(number.into()))))
    }

    /// A bare address or prefix; anything else is a name that nobody knows.
    fn bare_address(&mut self, word: &str) -> Parsed {
        if word.starts_with('@') {
            return self.bare_set();
        }
        if word.parse::<Prefix>().is_ok() {
            let target = self.pair("src_ip", "dst_ip", Join::Either)?;
            return self.compare(target, CompareOp::Eq, Style::Bare);
        }
        Err(self.fail(Cause::UnknownName { suggestion: suggest(word, self.table) }))
    }

    /// A bare set: of addresses for either side, of ports for either side, of names for the application.
    fn bare_set(&mut self) -> Parsed {
        let Some((name, kind)) = self.named_set()? else { return Err(self.unexpected()) };
        let target = match kind {
            SetKind::Addresses => self.pair("src_ip", "dst_ip", Join::Either)?,
            SetKind::Numbers => self.pair("src_port", "dst_port", Join::Either)?,
            SetKind::Texts => Target::column(self.column("app")?),
        };
        Ok(target.test(Predicate::InSet(name)))
    }

    /// The set whose name comes next, where one comes: `@guests` or `@"second floor"`.
    fn named_set(&mut self) -> Result<Option<(String, SetKind)>, FilterError> {
        let Some(name) = self.peek_word().and_then(|word| word.strip_prefix('@')) else { return Ok(None) };
        let name = match (name, self.peek_at(1)) {
            ("", Some(Kind::Text(name))) => {
                self.skip(1);
                name
            }
            ("", _) => return Ok(None),
            (name, _) => name,
        };
        self.skip(1);
        let Some(kind) = self.sets.kind(name) else {
            let suggestion = nearest_set(name, self.sets);
            return Err(self.fail_read(Cause::UnknownSet { suggestion }));
        };
        Ok(Some((name.to_owned(), kind)))
    }

    /// The test of a named set, where one comes and the target can have one.
    fn in_named_set(&mut self, target: Target) -> Result<Option<Predicate>, FilterError> {
        let Some(want) = SetKind::of(target.sort()) else { return Ok(None) };
        self.want(Want::Set(want));
        let Some((name, kind)) = self.named_set()? else { return Ok(None) };
        if kind != want {
            let subject = target.subject_name();
            return Err(self.fail_read(Cause::WrongSet { kind, subject, want }));
        }
        Ok(Some(Predicate::InSet(name)))
    }

    /// What follows `tag`: a name, or `in` and names. `!=` and `not in` are the flows without it.
    fn tag(&mut self) -> Parsed {
        self.want(Want::Tag);
        for word in ["=", "!=", "in"] {
            self.want(Want::Word(word));
        }
        let negated = match self.peek_compare() {
            Some(op @ (CompareOp::Eq | CompareOp::Ne)) => {
                self.skip(1);
                op == CompareOp::Ne
            }
            Some(_) => return Err(self.unexpected()),
            None => self.is_word(0, "not") && self.is_word(1, "in"),
        };
        self.skip(usize::from(negated && self.is_word(0, "not")));
        let mut names = Vec::new();
        if self.is_word(0, "in") {
            self.skip(1);
            let bracketed = self.eat_wanted(&Kind::SetOpen, "[");
            loop {
                if names.len() >= self.max_set {
                    return Err(self.fail(Cause::TooMany { max: self.max_set }));
                }
                names.push(Expr::Tag(self.named_tag()?));
                if !bracketed {
                    break;
                }
                let comma = self.eat_wanted(&Kind::Comma, ",");
                if !comma && self.eat_wanted(&Kind::SetClose, "]") {
                    break;
                }
            }
        } else {
            names.push(Expr::Tag(self.named_tag()?));
        }
        let tagged = single_or(names, Expr::Or);
        Ok(if negated { Expr::Not(Box::new(tagged)) } else { tagged })
    }

    fn named_tag(&mut self) -> Result<String, FilterError> {
        let name = self.value(Want::Tag)?;
        if self.sets.tag(name).is_none() {
            let suggestion = nearest_tag(name, self.sets);
            return Err(self.fail_read(Cause::UnknownTag { suggestion }));
        }
        Ok(name.to_owned())
    }

    fn keyword(&mut self, meaning: Meaning, style: Style) -> Parsed {
        match meaning {
            Meaning::Any => Ok(Expr::All),
            Meaning::Tag => self.tag(),
            Meaning::Family(v4) => self.family(v4),
            Meaning::Side(side) => self.side(side),
            Meaning::Way(side) => self.way(side),
            Meaning::Second(names) => self.second(names),
            Meaning::Lacking(name) => {
                let column = self.column(name)?;
                self.phrase(Target::column(column), Style::Bare)
            }
            Meaning::OfGroups => Err(self.fail_read(Cause::OfGroups)),
            Meaning::Pair(src, dst) => {
                let target = self.pair(src, dst, Join::Either)?;
                self.phrase(target, style)
            }
            Meaning::Measure(measure) => self.phrase(Target::One(Subject::Measure(measure)), Style::Bare),
            Meaning::Column(name) => {
                let column = self.column(name)?;
                self.phrase(Target::column(column), Style::Bare)
            }
            Meaning::Icmp(name) => {
                let (proto, column) = (self.column("proto")?, self.column(name)?);
                let is_icmp = Predicate::OneOf(vec![Literal::Uint(1), Literal::Uint(58)]);
                let test = self.phrase(Target::column(column), Style::Bare)?;
                Ok(Expr::And(vec![Target::column(proto).test(is_icmp), test]))
            }
        }
    }

    /// A column under a name of two words.
    fn second(&mut self, names: &'static [(&'static str, &'static str)]) -> Parsed {
        for (word, name) in names {
            if !self.eat_word(word) {
                continue;
            }
            let Some(column) = self.table.column(name) else {
                return Err(self.fail_read(Cause::NoColumn { column: name }));
            };
            let typed = self.peek_word().unwrap_or_default();
            let named = VALUES.iter().find(|(of, word, _)| of == name && word.eq_ignore_ascii_case(typed));
            if let Some((.., pattern)) = named {
                self.skip(1);
                let (subject, predicate) = (Subject::Column(column), Predicate::Glob((*pattern).to_owned()));
                return Ok(Expr::Test(Test { subject, predicate }));
            }
            return self.phrase(Target::column(column), Style::Bare);
        }
        Err(self.unexpected())
    }

    /// What follows `in` or `out`: an interface, a counter of that direction, or a MAC address of its frames.
    fn way(&mut self, side: Side) -> Parsed {
        self.want(Want::WayProperty);
        let (one, bytes, packets) = match side {
            Side::Src => ("exporter_in_if", "src_bytes", "src_packets"),
            Side::Dst => ("exporter_out_if", "dst_bytes", "dst_packets"),
        };
        for (word, name) in [("if", one), ("bytes", bytes), ("packets", packets)] {
            if self.is_word(0, word) {
                self.skip(1);
                let column = self.column(name)?;
                return self.phrase(Target::column(column), Style::Bare);
            }
        }
        let name = match (self.is_word(0, "src"), self.is_word(0, "dst"), side) {
            (true, _, Side::Src) => "l2_src_mac",
            (true, _, Side::Dst) => "l2_out_src_mac",
            (_, true, _) => "l2_dst_mac",
            _ if self.is_word(0, "mac") => {
                self.skip(1);
                // Frames that go out have the other side as their target; the source is the exporter's own.
                let target = match side {
                    Side::Src => self.pair("l2_src_mac", "l2_dst_mac", Join::Either)?,
                    Side::Dst => Target::column(self.column("l2_dst_mac")?),
                };
                return self.phrase(target, Style::Bare);
            }
            _ => return Err(self.unexpected()),
        };
        self.skip(1);
        if !self.eat_word("mac") {
            return Err(self.unexpected());
        }
        let Some(column) = self.table.column(name) else {
            return Err(self.fail_read(Cause::NoColumn { column: name }));
        };
        self.phrase(Target::column(column), Style::Bare)
    }

    /// IPv4 or IPv6, told by the address of the one side: both sides have the same family.
    /// Frames without IP are of neither family, as in nfdump: ARP carries IPv4 addresses and is no IPv4, and what carries
    /// no addresses at all has `::` on both sides.
    fn family(&mut self, v4: bool) -> Parsed {
        let src = self.column("src_ip")?;
        let Ok(all_v4) = Prefix::new(Ip::v4([0; 4]), 0) else { return Err(self.unexpected()) };
        let is_v4 = Target::column(src).test(Predicate::InPrefixes(vec![all_v4]));
        let not = |part: Expr| Expr::Not(Box::new(part));
        let of = |name: &str| self.table.column(name).map(Target::column);
        let mut parts = Vec::new();
        if v4 {
            parts.push(is_v4);
            let is_arp = Predicate::Compare(CompareOp::Eq, Literal::Uint(ARP));
            parts.extend(of("l2_ethertype").map(|target| not(target.test(is_arp))));
        } else {
            if src.nullable {
                parts.push(Target::column(src).test(Predicate::Present));
            }
            parts.push(not(is_v4));
            let named =
                |target: Target| not(target.test(Predicate::Compare(CompareOp::Eq, Literal::Ip(Ip::default()))));
            let sides: Vec<Expr> = ["src_ip", "dst_ip"].into_iter().filter_map(of).map(named).collect();
            // Where columns may be empty, an empty one says it.
            parts.extend((!src.nullable).then_some(Expr::Or(sides)));
        }
        Ok(if parts.len() > 1 { Expr::And(parts) } else { parts.pop().unwrap_or(Expr::All) })
    }

    /// What follows `src` or `dst`.
    fn side(&mut self, side: Side) -> Parsed {
        let other = if side == Side::Src { "dst" } else { "src" };
        let join = match self.peek() {
            _ if !self.is_word(1, other) => None,
            Some(Kind::Or) => Some(Join::Or),
            Some(Kind::And) => Some(Join::And),
            _ if self.is_word(0, "or") => Some(Join::Or),
            _ if self.is_word(0, "and") => Some(Join::And),
            _ => None,
        };
        self.skip(if join.is_some() { 2 } else { 0 });
        let (src, dst, style) = self.property()?;
        let missing = |name: &&'static str| self.table.column(name).is_none();
        let wanted: &[&'static str] = match (join, side) {
            (Some(_), _) => &[src, dst],
            (None, Side::Src) => &[src],
            (None, Side::Dst) => &[dst],
        };
        if let Some(column) = wanted.iter().copied().find(missing) {
            return Err(self.fail_read(Cause::NoColumn { column }));
        }
        let target = match (join, side) {
            (Some(join), _) => self.pair(src, dst, join)?,
            (None, Side::Src) => Target::column(self.column(src)?),
            (None, Side::Dst) => Target::column(self.column(dst)?),
        };
        self.phrase(target, style)
    }

    /// The property after `src` or `dst`; an address or `in` stands for `ip`.
    fn property(&mut self) -> Result<(&'static str, &'static str, Style), FilterError> {
        self.want(Want::Property);
        let Some(word) = self.peek_word() else { return Err(self.unexpected()) };
        let is_set = self.is_word(0, "in") || self.is_word(0, "not") && self.is_word(1, "in");
        if is_set || word.parse::<Prefix>().is_ok() {
            return Ok(("src_ip", "dst_ip", Style::Bare));
        }
        let style = if word.eq_ignore_ascii_case("net") { Style::Net } else { Style::Bare };
        let (src, dst) = match find(word).map(|k| k.meaning) {
            Some(Meaning::Pair(src, dst)) => (src, dst),
            Some(Meaning::Measure(Measure::Bytes)) => ("src_bytes", "dst_bytes"),
            Some(Meaning::Measure(Measure::Packets)) => ("src_packets", "dst_packets"),
            // Of the tags that an exporter reports the first one is kept.
            Some(Meaning::Column("l2_vlan")) => ("l2_vlan", "l2_out_vlan"),
            _ => return Err(self.unexpected()),
        };
        self.skip(1);
        Ok((src, dst, style))
    }

    fn column(&self, name: &'static str) -> Result<&'static Column, FilterError> {
        let missing = || self.fail(Cause::NoColumn { column: name });
        self.table.column(name).ok_or_else(missing)
    }

    fn pair(&self, src: &'static str, dst: &'static str, join: Join) -> Result<Target, FilterError> {
        Ok(Target::Pair { src: self.column(src)?, dst: self.column(dst)?, join })
    }

    /// Operator and values.
    fn phrase(&mut self, target: Target, style: Style) -> Parsed {
        self.want(Want::Operator(target));
        let sort = target.sort();
        if style != Style::Strict {
            self.want(if sort == Sort::Flags { Want::Flags } else { Want::Value(target) });
        }
        if let Some(op) = self.peek_compare() {
            self.check_operator(target, op.symbol())?;
            self.skip(1);
            return self.compare(target, op, style);
        }
        match self.peek() {
            Some(Kind::Glob) => self.pattern(target, "~"),
            Some(Kind::NotGlob) => self.pattern(target, "!~"),
            Some(Kind::Regex) => self.pattern(target, "=~"),
            _ if self.is_word(0, "matches") => self.pattern(target, "=~"),
            _ if self.is_word(0, "in") => self.set(target, false),
            _ if self.is_word(0, "not") && self.is_word(1, "in") => {
                self.skip(1);
                self.set(target, true)
            }
            _ if self.is_word(0, "present") || self.is_word(0, "exists") => self.present(target),
            _ if sort == Sort::Flags && self.is_word(0, "flags") => {
                self.skip(1);
                self.flags(target)
            }
            _ if style != Style::Strict && sort == Sort::Flags => self.flags(target),
            _ if style != Style::Strict => self.compare(target, CompareOp::Eq, style),
            _ if sort == Sort::Bool => Ok(target.test(Predicate::Compare(CompareOp::Eq, Literal::Bool(true)))),
            _ => Err(self.unexpected()),
        }
    }

    /// The comparison that comes next, as sign or as word.
    pub(crate) fn peek_compare(&self) -> Option<CompareOp> {
        if let Some(Kind::Compare(op)) = self.peek() {
            return Some(*op);
        }
        match self.peek_word()?.to_ascii_lowercase().as_str() {
            "eq" => Some(CompareOp::Eq),
            "ne" => Some(CompareOp::Ne),
            "lt" => Some(CompareOp::Lt),
            "le" => Some(CompareOp::Le),
            "gt" => Some(CompareOp::Gt),
            "ge" => Some(CompareOp::Ge),
            _ => None,
        }
    }

    fn check_operator(&self, target: Target, operator: &str) -> Result<(), FilterError> {
        if target.sort().operators().contains(&operator) {
            return Ok(());
        }
        Err(self.fail(Cause::BadOperator { subject: target.name() }))
    }

    fn present(&mut self, target: Target) -> Parsed {
        if !target.is_column() {
            return Err(self.fail(Cause::BadOperator { subject: target.name() }));
        }
        self.skip(1);
        Ok(target.test(Predicate::Present))
    }

    fn compare(&mut self, target: Target, op: CompareOp, style: Style) -> Parsed {
        if matches!(op, CompareOp::Eq | CompareOp::Ne)
            && let Some(set) = self.in_named_set(target)?
        {
            return Ok(if op == CompareOp::Eq { target.test(set) } else { target.fails(set) });
        }
        let text = self.value(Want::Value(target))?;
        match (range(target.sort(), text), op) {
            (Some(range), CompareOp::Eq) => return Ok(target.test(Predicate::InRanges(vec![range]))),
            (Some(range), CompareOp::Ne) => return Ok(target.fails(Predicate::InRanges(vec![range]))),
            _ => {}
        }
        if target.sort() != Sort::Ip {
            let literal = literal(target.sort(), text).ok_or_else(|| self.bad_value(target))?;
            return Ok(target.test(Predicate::Compare(op, literal)));
        }
        let prefix = if text.contains('/') { Some(self.prefix(target, text)?) } else { None };
        let masked = if style == Style::Net && prefix.is_none() { self.mask(text)? } else { None };
        match (prefix.or(masked), op) {
            (Some(prefix), CompareOp::Ne) => Ok(target.fails(Predicate::InPrefixes(vec![prefix]))),
            (Some(prefix), _) => Ok(target.test(Predicate::InPrefixes(vec![prefix]))),
            (None, op) => {
                let literal = literal(Sort::Ip, text).ok_or_else(|| self.bad_value(target))?;
                Ok(target.test(Predicate::Compare(op, literal)))
            }
        }
    }

    /// The mask that may follow an IPv4 address.
    fn mask(&mut self, text: &str) -> Result<Option<Prefix>, FilterError> {
        self.want(Want::Mask);
        let octets = |text: &str| text.parse::<Ip>().ok().and_then(|ip| ip.as_v4());
        let (Some(address), Some(mask)) = (octets(text), self.peek_word().and_then(octets)) else { return Ok(None) };
        self.skip(1);
        let mask = u32::from_be_bytes(mask);
        let bad = || self.fail_value(Cause::BadValue { subject: "net" }, Want::Mask);
        if mask.leading_ones() + mask.trailing_zeros() < u32::BITS {
            return Err(bad());
        }
        let len = u8::try_from(mask.leading_ones()).map_err(|_| bad())?;
        Prefix::new(Ip::v4(address), len).map(Some).map_err(|_| bad())
    }

    fn prefix(&self, target: Target, text: &str) -> Result<Prefix, FilterError> {
        text.parse().map_err(|_| self.bad_value(target))
    }

    /// The value just read does not fit.
    fn bad_value(&self, target: Target) -> FilterError {
        self.fail_value(Cause::BadValue { subject: target.name() }, Want::Value(target))
    }

    fn pattern(&mut self, target: Target, operator: &'static str) -> Parsed {
        self.check_operator(target, operator)?;
        self.skip(1);
        let pattern = self.value(Want::Pattern)?.to_owned();
        if operator != "=~" {
            let glob = Predicate::Glob(pattern);
            return Ok(if operator == "~" { target.test(glob) } else { target.fails(glob) });
        }
        if let Err(error) = RegexBuilder::new(&pattern).size_limit(MAX_REGEX).build() {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let mut error = self.fail_value(Cause::BadRegex { reason }, Want::Pattern);
            (error.expected, error.expected_ja) = Default::default();
            return Err(error);
        }
        Ok(target.test(Predicate::Regex(pattern)))
    }

    /// A set in brackets, or one value.
    fn set(&mut self, target: Target, negated: bool) -> Parsed {
        self.check_operator(target, "in")?;
        self.skip(1);
        if self.table.column("time_start").is_some()
            && let Some(set) = self.in_named_set(target)?
        {
            return Ok(if negated { target.fails(set) } else { target.test(set) });
        }
        let mut texts = Vec::new();
        if self.eat_wanted(&Kind::SetOpen, "[") {
            loop {
                if texts.len() >= self.max_set {
                    return Err(self.fail(Cause::TooMany { max: self.max_set }));
                }
                texts.push(self.item(target)?);
                let comma = self.eat_wanted(&Kind::Comma, ",");
                if !comma && self.eat_wanted(&Kind::SetClose, "]") {
                    break;
                }
            }
        } else {
            texts.push(self.item(target)?);
        }
        let predicate = Self::one_of(texts);
        Ok(if negated { target.fails(predicate) } else { target.test(predicate) })
    }

    fn item(&mut self, target: Target) -> Result<Item, FilterError> {
        let text = self.value(Want::Value(target))?;
        match target.sort() {
            Sort::Ip => self.prefix(target, text).map(Item::Prefix),
            sort if let Some(range) = range(sort, text) => Ok(Item::Range(range)),
            sort => literal(sort, text).map(Item::Literal).ok_or_else(|| self.bad_value(target)),
        }
    }

    /// The predicate of a set, whose items are all of one kind, but that numbers and ranges of them mix.
    fn one_of(items: Vec<Item>) -> Predicate {
        let has_range = items.iter().any(|item| matches!(item, Item::Range(..)));
        let (mut prefixes, mut literals, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Prefix(prefix) => prefixes.push(prefix),
                Item::Range(range) => ranges.push(range),
                Item::Literal(Literal::Uint(n)) if has_range => ranges.push((n, n)),
                Item::Literal(literal) => literals.push(literal),
            }
        }
        match (prefixes.is_empty(), has_range) {
            (false, _) => Predicate::InPrefixes(prefixes),
            (true, true) => Predicate::InRanges(ranges),
            (true, false) => Predicate::OneOf(literals),
        }
    }

    /// Flags: `SA` all of these are set; `S/SA` of S and A exactly S is set; `18` exactly these are set. Directly behind `not` letters
    /// without a mask mean that none of them is set, as nfdump reads it.
    fn flags(&mut self, target: Target) -> Parsed {
        let text = self.value(Want::Flags)?;
        let bad = || self.fail_value(Cause::BadValue { subject: target.name() }, Want::Flags);
        if let Some((set, mask)) = text.split_once('/') {
            let set = if set.is_empty() { 0 } else { flags(set).ok_or_else(bad)? };
            let mask = flags(mask).filter(|mask| *mask != 0 && mask & set == set).ok_or_else(bad)?;
            return Ok(target.test(Predicate::Flags { set, clear: mask & !set }));
        }
        let bits = flags(text).filter(|bits| *bits != 0).ok_or_else(bad)?;
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            // A number is all flags at once, as nfdump reads it.
            return Ok(target.test(Predicate::Flags { set: bits, clear: !bits }));
        }
        if !self.negated || bits.count_ones() == 1 {
            return Ok(target.test(Predicate::Flags { set: bits, clear: 0 }));
        }
        let each = (0..8).map(|at| bits & 1 << at).filter(|bit| *bit != 0);
        Ok(Expr::Or(each.map(|set| target.test(Predicate::Flags { set, clear: 0 })).collect()))
    }
}

/// An item of a set.
enum Item {
    Prefix(Prefix),
    Range((u64, u64)),
    Literal(Literal),
}
