// SPDX-License-Identifier: Apache-2.0
//! Tags that people define: a named filter that marks flows, versioned in time as a set is. The filter may ask for sets
//! and for other tags.

use minamo_base::Time;
use minamo_filter::{AsOf, Expr, Sets, TagVersion};
use minamo_model::FLOWS;
use serde::{Deserialize, Serialize};

use super::{Called, MAX_LEVELS, NamedSets, SetFault, SetsWith, is_name};
use crate::versions::{self, Version};
use crate::{Definition, Definitions, Kind, Profiles, StateError};

/// Tags that may be in force at the same time.
pub const MAX_TAGS: usize = 200;

/// What a tag says, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagBody {
    /// The filter that its flows pass.
    pub filter: String,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One version of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagDefinition {
    /// Name of the tag.
    pub name: String,
    /// Number of the version, from 1.
    pub version: u32,
    /// From when on it is in force.
    pub valid_from: Time,
    /// Until when it is in force; open where absent.
    pub valid_to: Option<Time>,
    /// What it says; nothing where it is the end of the tag.
    pub body: Option<TagBody>,
}

impl Version for TagDefinition {
    fn holds_at(&self, at: Time) -> bool {
        self.body.is_some() && self.valid_from <= at && self.valid_to.is_none_or(|to| at < to)
    }
}

impl NamedSets {
    /// The version of a tag that is in force at an instant.
    pub fn tag_at(&self, name: &str, at: Time) -> Option<&TagDefinition> {
        self.tags.at(name, at)
    }

    /// All versions of a tag, oldest first; nothing where there was never one of that name.
    pub fn tag_history(&self, name: &str) -> Option<&[TagDefinition]> {
        self.tags.history(name)
    }

    /// The tags in force at an instant, by name.
    pub fn tag_list(&self, at: Time) -> Vec<&TagDefinition> {
        self.tags.list(at)
    }

    /// Makes a tag, in force from `from` on, or from `now`. `outer` has the sets that its filter may ask for besides.
    pub fn create_tag(
        definitions: &Definitions,
        name: &str,
        body: &TagBody,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<TagDefinition, SetFault> {
        let from = from.unwrap_or(now);
        Self::write_tag(definitions, name, Some(body), (from, now), |all| {
            if !is_name(name) {
                return Err(SetFault::Name(name.to_owned()));
            }
            if all.tag_at(name, now).or(all.tag_at(name, from)).is_some() {
                return Err(SetFault::Exists(Called::Tag(name.to_owned())));
            }
            let tags = all.tag_list(from).len().max(all.tag_list(now).len()) + 1;
            if tags > MAX_TAGS {
                return Err(SetFault::TooMany { what: "tags", got: tags, max: MAX_TAGS });
            }
            all.check_tag(name, body, now, outer)
        })
    }

    /// Changes a tag from `from` on, or from `now`; what was in force before stays in force for that time.
    pub fn change_tag(
        definitions: &Definitions,
        name: &str,
        body: &TagBody,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<TagDefinition, SetFault> {
        Self::write_tag(definitions, name, Some(body), (from.unwrap_or(now), now), |all| {
            all.known_tag(name, now)?;
            all.check_tag(name, body, now, outer)
        })
    }

    /// Ends a tag at `from`, or now. What it was before can still be asked for "as known then". One that a channel or
    /// another tag asks for stays.
    pub fn delete_tag(
        definitions: &Definitions,
        name: &str,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<TagDefinition, SetFault> {
        let called = Called::Tag(name.to_owned());
        Self::write_tag(definitions, name, None, (from.unwrap_or(now), now), |all| {
            all.known_tag(name, now)?;
            Profiles::load(definitions, outer)?.check_unused(&called, now)?;
            match all.tag_asking(&called, now, outer) {
                Some(other) => Err(SetFault::Tagging(other)),
                None => Ok(()),
            }
        })
    }

    fn write_tag(
        definitions: &Definitions,
        name: &str,
        body: Option<&TagBody>,
        (from, now): (Time, Time),
        check: impl Fn(&Self) -> Result<(), SetFault>,
    ) -> Result<TagDefinition, SetFault> {
        let written = versions::write(definitions, (Kind::Tag, name), body, (from, now), || {
            let all = Self::begun(definitions, from, now)?;
            check(&all)?;
            Ok::<_, SetFault>(all.generation)
        })?;
        Ok(read(written)?)
    }

    fn known_tag(&self, name: &str, now: Time) -> Result<(), SetFault> {
        self.tag_at(name, now).map(|_| ()).ok_or_else(|| SetFault::Missing(Called::Tag(name.to_owned())))
    }

    fn check_tag(&self, name: &str, body: &TagBody, now: Time, outer: &dyn Sets) -> Result<(), SetFault> {
        let named = || name.to_owned();
        let known = SetsWith { own: self, outer };
        let read = minamo_filter::parse_with(&body.filter, &FLOWS, &known);
        let filter = read.map_err(|error| SetFault::Filter { name: named(), error: Box::new(error) })?;
        for other in filter.tags() {
            if other == name || self.tag_reaches(other, name, MAX_LEVELS, &known) {
                return Err(SetFault::TagCycle { name: named(), other: other.to_owned() });
            }
        }
        for as_of in [AsOf::At(now), AsOf::Then] {
            let meant = filter.resolve(&known, as_of).map_err(|error| SetFault::Unwritable { name: named(), error })?;
            let plain = as_of == AsOf::Then || minamo_filter::parse_written_out(&meant.to_string()).is_ok();
            if !plain {
                return Err(SetFault::TooLong(named()));
            }
        }
        Ok(())
    }

    /// What the versions of a tag ask for; those that cannot be read any more ask for nothing.
    fn tag_filters(&self, name: &str, known: &dyn Sets) -> Vec<Expr> {
        let bodies = self.tag_history(name).into_iter().flatten().filter_map(|tag| tag.body.as_ref());
        bodies.filter_map(|body| minamo_filter::parse_with(&body.filter, &FLOWS, known).ok()).collect()
    }

    /// True where a tag asks for another one at any time, or there are more levels than `levels`.
    fn tag_reaches(&self, name: &str, target: &str, levels: usize, known: &dyn Sets) -> bool {
        let Some(levels) = levels.checked_sub(1) else { return true };
        let filters = self.tag_filters(name, known);
        let mut others = filters.iter().flat_map(Expr::tags);
        others.any(|other| other == target || self.tag_reaches(other, target, levels, known))
    }

    /// A tag in force that asks for a set or a tag.
    pub(super) fn tag_asking(&self, called: &Called, now: Time, outer: &dyn Sets) -> Option<String> {
        let known = SetsWith { own: self, outer };
        let asks = |tag: &&TagDefinition| {
            let read = tag.body.as_ref().map(|body| minamo_filter::parse_with(&body.filter, &FLOWS, &known));
            read.and_then(Result::ok).is_some_and(|filter| match called {
                Called::Set(name) => filter.sets().contains(name.as_str()),
                Called::Tag(name) => filter.tags().contains(name.as_str()),
            })
        };
        self.tag_list(now).into_iter().find(asks).map(|tag| tag.name.clone())
    }

    pub(super) fn tag_versions(&self, name: &str) -> Option<Vec<TagVersion>> {
        let lasting = |tag: &&TagDefinition| tag.valid_to.is_none_or(|to| tag.valid_from < to);
        let version = |tag: &TagDefinition| {
            let filter = tag.body.as_ref()?.filter.clone();
            Some(TagVersion { from: Some(tag.valid_from), to: tag.valid_to, filter })
        };
        Some(self.tag_history(name)?.iter().filter(lasting).filter_map(version).collect())
    }

    /// The names of the tags that have no end.
    pub(super) fn open_tags(&self) -> Vec<String> {
        let open = |tag: &&TagDefinition| tag.body.is_some() && tag.valid_to.is_none();
        self.tags.0.values().flatten().filter(open).map(|tag| tag.name.clone()).collect()
    }
}

pub(super) fn read(mut definition: Definition) -> Result<TagDefinition, StateError> {
    let body = versions::body(&mut definition)?;
    let Definition { name, version, valid_from, valid_to, .. } = definition;
    Ok(TagDefinition { name, version, valid_from, valid_to, body })
}
