// SPDX-License-Identifier: Apache-2.0
//! Named sets that people define, and tags ([`tags`]): of addresses, of ports, of names such as applications. Each is versioned in time as a
//! profile is. A member may be another set (`@guests`), also one that is known elsewhere, such as a network of the
//! networks file: [`SetsWith`] joins both.

use std::collections::BTreeMap;

use minamo_base::{Prefix, Time};
use minamo_filter::{Members, SetKind, SetVersion, Sets, TagVersion};
use serde::{Deserialize, Serialize};

use crate::versions::{self, Named, Version};
use crate::{Definition, Definitions, Kind, Profiles, StateError};

pub use fault::{Called, SetFault};
pub use tags::{MAX_TAGS, TagBody, TagDefinition};

mod fault;
mod tags;

/// Members that a set may have.
pub const MAX_MEMBERS: usize = 20_000;
/// Sets that may be in force at the same time.
pub const MAX_SETS: usize = 1_000;
/// Sets in each other.
const MAX_LEVELS: usize = 4;
/// Sets that are members of one.
const MAX_INNER: usize = 64;
/// Most octets of a name or a member.
const MAX_TEXT: usize = 256;

/// What a set says, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetBody {
    /// Its members as they are typed.
    pub members: Vec<String>,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One version of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDefinition {
    /// Name of the set, without `@`.
    pub name: String,
    /// What its members are.
    pub kind: SetKind,
    /// Number of the version, from 1.
    pub version: u32,
    /// From when on it is in force.
    pub valid_from: Time,
    /// Until when it is in force; open where absent.
    pub valid_to: Option<Time>,
    /// What it says; nothing where it is the end of the set.
    pub body: Option<SetBody>,
}

/// A member as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Prefix(Prefix),
    Range(u64, u64),
    Text(String),
    Set(String),
}

fn member(kind: SetKind, text: &str) -> Option<Member> {
    if let Some(name) = text.strip_prefix('@') {
        return is_name(name).then(|| Member::Set(name.to_owned()));
    }
    let port = |text: &str| text.trim().parse::<u16>().ok().map(u64::from);
    match kind {
        SetKind::Addresses => text.parse().ok().map(Member::Prefix),
        SetKind::Numbers => {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            port(low).zip(port(high)).filter(|(low, high)| low <= high).map(|(low, high)| Member::Range(low, high))
        }
        SetKind::Texts => {
            let fits = (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control);
            fits.then(|| Member::Text(text.to_owned()))
        }
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '\'' | '\\');
    (1..=MAX_TEXT).contains(&name.len()) && name.trim() == name && name.chars().all(plain) && !name.starts_with('@')
}

/// All versions of all sets and tags that people have defined, as of one moment of writing.
#[derive(Debug, Clone, Default)]
pub struct NamedSets {
    generation: i64,
    sets: Named<SetDefinition>,
    tags: Named<TagDefinition>,
}

impl Version for SetDefinition {
    fn holds_at(&self, at: Time) -> bool {
        self.body.is_some() && self.valid_from <= at && self.valid_to.is_none_or(|to| at < to)
    }
}

/// Kinds of definitions that are sets.
const KINDS: [(Kind, SetKind); 3] =
    [(Kind::Network, SetKind::Addresses), (Kind::Ports, SetKind::Numbers), (Kind::Application, SetKind::Texts)];

fn stored(kind: SetKind) -> Kind {
    KINDS.iter().find(|(_, of)| *of == kind).map_or(Kind::Network, |(kind, _)| *kind)
}

impl NamedSets {
    /// Reads them all. A version that cannot be understood is an error that names it.
    pub fn load(definitions: &Definitions) -> Result<Self, StateError> {
        let mut all = Self { generation: definitions.generation()?, ..Self::default() };
        for (stored, kind) in KINDS {
            for definition in definitions.all(stored)?.1 {
                let set = read(definition, kind)?;
                all.sets.add(&set.name.clone(), set);
            }
        }
        for definition in definitions.all(Kind::Tag)?.1 {
            let tag = tags::read(definition)?;
            all.tags.add(&tag.name.clone(), tag);
        }
        Ok(all)
    }

    /// The generation of the definitions that they are of.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// The version of a set that is in force at an instant.
    pub fn at(&self, name: &str, at: Time) -> Option<&SetDefinition> {
        self.sets.at(name, at)
    }

    /// All versions of a set, oldest first; nothing where there was never one of that name.
    pub fn history(&self, name: &str) -> Option<&[SetDefinition]> {
        self.sets.history(name)
    }

    /// The sets in force at an instant, by name.
    pub fn list(&self, at: Time) -> Vec<&SetDefinition> {
        self.sets.list(at)
    }

    /// Makes a set, in force from `from` on, or from `now`. `outer` has the sets that its members may name besides.
    pub fn create(
        definitions: &Definitions,
        name: &str,
        kind: SetKind,
        body: &SetBody,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<SetDefinition, SetFault> {
        let from = from.unwrap_or(now);
        Self::write(definitions, name, kind, Some(body), (from, now), |all| {
            if !is_name(name) {
                return Err(SetFault::Name(name.to_owned()));
            }
            if all.at(name, now).or(all.at(name, from)).is_some() {
                return Err(SetFault::Exists(Called::Set(name.to_owned())));
            }
            // Its past has one kind: a question about then must fit the same columns.
            all.same_kind(name, kind)?;
            let sets = all.list(from).len() + 1;
            if sets > MAX_SETS {
                return Err(SetFault::TooMany { what: "sets", got: sets, max: MAX_SETS });
            }
            all.check(name, kind, body, outer)
        })
    }

    /// Changes a set from `from` on, or from `now`; what was in force before stays in force for that time.
    pub fn change(
        definitions: &Definitions,
        name: &str,
        body: &SetBody,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<SetDefinition, SetFault> {
        let kind = Self::load(definitions)?.known(name, now)?;
        Self::write(definitions, name, kind, Some(body), (from.unwrap_or(now), now), |all| {
            let kind = all.known(name, now)?;
            all.check(name, kind, body, outer)
        })
    }

    /// Ends a set at `from`, or now. What it was before can still be asked for "as known then". One that a channel asks for
    /// stays; `outer` has the sets that channels may ask for besides.
    pub fn delete(
        definitions: &Definitions,
        name: &str,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<SetDefinition, SetFault> {
        let kind = Self::load(definitions)?.known(name, now)?;
        Self::write(definitions, name, kind, None, (from.unwrap_or(now), now), |all| {
            all.known(name, now)?;
            Profiles::load(definitions, outer)?.check_unused(&Called::Set(name.to_owned()), now)?;
            if let Some(tag) = all.tag_asking(&Called::Set(name.to_owned()), now, outer) {
                return Err(SetFault::Tagging(tag));
            }
            let holds =
                |set: &&SetDefinition| set.name != name && set.members().contains(&Member::Set(name.to_owned()));
            match all.list(now).into_iter().find(holds) {
                Some(other) => Err(SetFault::Used(other.name.clone())),
                None => Ok(()),
            }
        })
    }

    fn write(
        definitions: &Definitions,
        name: &str,
        kind: SetKind,
        body: Option<&SetBody>,
        (from, now): (Time, Time),
        check: impl Fn(&Self) -> Result<(), SetFault>,
    ) -> Result<SetDefinition, SetFault> {
        let written = versions::write(definitions, (stored(kind), name), body, (from, now), || {
            let all = Self::begun(definitions, from, now)?;
            check(&all)?;
            Ok::<_, SetFault>(all.generation)
        })?;
        Ok(read(written, kind)?)
    }

    /// All of them, for a version that begins at `from`.
    fn begun(definitions: &Definitions, from: Time, now: Time) -> Result<Self, SetFault> {
        if from > now { Err(SetFault::Begin(from, now)) } else { Ok(Self::load(definitions)?) }
    }

    fn known(&self, name: &str, now: Time) -> Result<SetKind, SetFault> {
        self.at(name, now).map(|set| set.kind).ok_or_else(|| SetFault::Missing(Called::Set(name.to_owned())))
    }

    fn same_kind(&self, name: &str, want: SetKind) -> Result<(), SetFault> {
        match self.history(name).and_then(<[_]>::first) {
            Some(set) if set.kind != want => Err(SetFault::Kind { name: name.to_owned(), kind: set.kind, want }),
            _ => Ok(()),
        }
    }

    fn check(&self, name: &str, kind: SetKind, body: &SetBody, outer: &dyn Sets) -> Result<(), SetFault> {
        let got = body.members.len();
        if !(1..=MAX_MEMBERS).contains(&got) {
            return Err(SetFault::TooMany { what: "members", got, max: MAX_MEMBERS });
        }
        let (want, want_ja) = match kind {
            SetKind::Addresses => ("an address, a network or @set", "アドレス、ネットワーク、または @集合"),
            SetKind::Numbers => {
                ("a port, a range such as 8000-8100 or @set", "ポート、8000-8100 のような範囲、または @集合")
            }
            SetKind::Texts => ("a name or @set", "名前または @集合"),
        };
        let inner = body.members.iter().filter(|text| text.starts_with('@')).count();
        if inner > MAX_INNER {
            return Err(SetFault::TooMany { what: "sets as members", got: inner, max: MAX_INNER });
        }
        let known = SetsWith { own: self, outer };
        for (at, text) in body.members.iter().enumerate() {
            let bad = || SetFault::Member { at: at + 1, got: text.clone(), want, want_ja };
            let found = member(kind, text).ok_or_else(bad)?;
            let Member::Set(other) = found else { continue };
            match known.kind(&other) {
                None => return Err(SetFault::Missing(Called::Set(other))),
                Some(of) if of != kind => return Err(SetFault::Kind { name: other, kind: of, want: kind }),
                Some(_) if other == name || self.reaches(&other, name, MAX_LEVELS) => {
                    return Err(SetFault::Cycle(other));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// True where a set has another one in it at any time, or more levels than `levels`.
    fn reaches(&self, name: &str, target: &str, levels: usize) -> bool {
        let Some(levels) = levels.checked_sub(1) else { return true };
        let members = self.history(name).into_iter().flatten().flat_map(SetDefinition::members);
        members.into_iter().any(|member| match member {
            Member::Set(other) => other == target || self.reaches(&other, target, levels),
            _ => false,
        })
    }
}

impl SetDefinition {
    fn members(&self) -> Vec<Member> {
        let texts = self.body.iter().flat_map(|body| &body.members);
        texts.filter_map(|text| member(self.kind, text)).collect()
    }
}

fn read(mut definition: Definition, kind: SetKind) -> Result<SetDefinition, StateError> {
    let body: Option<SetBody> = versions::body(&mut definition)?;
    let Definition { kind: stored, name, version, valid_from, valid_to, .. } = definition;
    let unknown = |text: &&String| member(kind, text).is_none();
    if let Some(text) = body.iter().flat_map(|body| &body.members).find(unknown) {
        let reason = format!("got the member {text:?}, want {}", kind.name());
        return Err(StateError::Body { kind: stored.word(), name, version, reason });
    }
    Ok(SetDefinition { name, kind, version, valid_from, valid_to, body })
}

/// The sets and tags that people have defined together with sets that are known elsewhere; of equal names the former counts.
pub struct SetsWith<'a> {
    /// What people have defined.
    pub own: &'a NamedSets,
    /// What is known elsewhere.
    pub outer: &'a dyn Sets,
}

impl Sets for SetsWith<'_> {
    fn kind(&self, name: &str) -> Option<SetKind> {
        let own = self.own.history(name).and_then(<[_]>::first).map(|set| set.kind);
        own.or_else(|| self.outer.kind(name))
    }

    fn versions(&self, name: &str) -> Vec<SetVersion> {
        self.expanded(name, MAX_LEVELS, &mut minamo_filter::MAX_MEMBERS.saturating_add(1))
    }

    fn names(&self) -> BTreeMap<String, SetKind> {
        let mut names = self.outer.names();
        let open = |set: &&SetDefinition| set.body.is_some() && set.valid_to.is_none();
        names.extend(self.own.sets.0.values().flatten().filter(open).map(|set| (set.name.clone(), set.kind)));
        names
    }

    fn tag(&self, name: &str) -> Option<Vec<TagVersion>> {
        self.own.tag_versions(name).or_else(|| self.outer.tag(name))
    }

    fn tags(&self) -> Vec<String> {
        self.own.open_tags()
    }

    fn tags_ever(&self) -> Vec<String> {
        self.own.tags.0.keys().cloned().collect()
    }
}

impl SetsWith<'_> {
    /// The versions of a set, those of the sets in it cut to its own time.
    /// Members beyond `room` are left out.
    fn expanded(&self, name: &str, levels: usize, room: &mut usize) -> Vec<SetVersion> {
        let (Some(own), Some(levels)) = (self.own.history(name), levels.checked_sub(1)) else {
            let mut outer = self.outer.versions(name);
            outer.retain(|version| take(room, version.members.len()));
            return outer;
        };
        let mut out = Vec::new();
        for set in own.iter().filter(|set| set.valid_to.is_none_or(|to| set.valid_from < to)) {
            let (mut prefixes, mut ranges, mut texts) = (Vec::new(), Vec::new(), Vec::new());
            for member in set.members() {
                match member {
                    Member::Prefix(prefix) => prefixes.push(prefix),
                    Member::Range(low, high) => ranges.push((low, high)),
                    Member::Text(text) => texts.push(text),
                    Member::Set(other) => {
                        let inner = self.expanded(&other, levels, room);
                        out.extend(inner.into_iter().filter_map(|version| cut(version, set)));
                    }
                }
            }
            let members = match set.kind {
                SetKind::Addresses => Members::Addresses(prefixes),
                SetKind::Numbers => Members::Numbers(ranges),
                SetKind::Texts => Members::Texts(texts),
            };
            if !members.is_empty() && take(room, members.len()) {
                out.push(SetVersion { from: Some(set.valid_from), to: set.valid_to, members });
            }
        }
        out
    }
}

/// Takes that many from `room`; false where there was none left.
fn take(room: &mut usize, members: usize) -> bool {
    let left = *room > 0;
    *room = room.saturating_sub(members);
    left
}

/// The part of a version in the time of a set; nothing where there is none.
fn cut(version: SetVersion, set: &SetDefinition) -> Option<SetVersion> {
    let from = version.from.map_or(set.valid_from, |from| from.max(set.valid_from));
    let to = match (version.to, set.valid_to) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    to.is_none_or(|to| from < to).then_some(SetVersion { from: Some(from), to, ..version })
}

#[cfg(test)]
mod tests;
