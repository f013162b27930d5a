// SPDX-License-Identifier: Apache-2.0
//! Profiles: named selections of traffic, divided into channels. A channel is a filter; a profile's flows are
//! those of its parent that pass at least one of its channels, or all of the parent's where it has none. The
//! profile `live` is there without being defined: all flows.
//!
//! *In time.* Every version of a profile says from when to when it is in force, and a channel's meaning changes
//! when its own profile changes, one above it, or a named set or tag that one of them asks for. Minutes are the finest
//! unit: what is in force as a minute begins holds for all of it.

mod check;
mod error;
mod lines;
mod named;

use std::ops::Range;

use minamo_base::Time;
use minamo_filter::{AsOf, Expr, Sets};
use minamo_model::FLOWS;
use serde::{Deserialize, Serialize};

use crate::versions::{self, Named, Version};
use crate::{Called, Definition, Definitions, Kind, NamedSets, SetFault, SetsWith, StateError};
pub use error::ProfileError;
pub use lines::{AsKnown, Line, Part, RollupFilters};
use named::AskedSets;

/// Name of the profile that has all flows.
pub const LIVE: &str = "live";
/// Name of the one channel of a profile that has none of its own.
pub const ALL: &str = "all";
/// Profiles that may be in force at the same time.
pub const MAX_PROFILES: usize = 500;
/// Channels of a profile.
pub const MAX_CHANNELS: usize = 64;
/// Profiles from one without a parent down to the last child.
pub const MAX_DEPTH: usize = 8;

/// A channel as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDef {
    /// Name, unique in its profile.
    pub name: String,
    /// Filter.
    pub filter: String,
}

/// A profile as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile whose flows it divides.
    #[serde(default = "live")]
    pub parent: String,
    /// Its channels, in the order in which they are shown.
    #[serde(default)]
    pub channels: Vec<ChannelDef>,
    /// Seconds of one step of its charts where nothing else is asked for: whole minutes, up to a day.
    #[serde(default = "five_minutes")]
    pub granularity_secs: u32,
}

fn live() -> String {
    LIVE.to_owned()
}

fn five_minutes() -> u32 {
    300
}

impl Default for Profile {
    fn default() -> Self {
        Self { parent: live(), channels: Vec::new(), granularity_secs: five_minutes() }
    }
}

/// One version of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileVersion {
    /// Name of the profile.
    pub name: String,
    /// Number of the version, from 1; 0 for `live`.
    pub version: u32,
    /// From when on it is in force; from ever where absent.
    pub valid_from: Option<Time>,
    /// Until when it is in force; open where absent.
    pub valid_to: Option<Time>,
    /// When it was written; absent for `live`.
    pub created_at: Option<Time>,
    /// What it says; nothing where it is the end of the profile.
    pub profile: Option<Profile>,
}

impl Version for ProfileVersion {
    fn holds_at(&self, at: Time) -> bool {
        self.profile.is_some()
            && self.valid_from.is_none_or(|from| from <= at)
            && self.valid_to.is_none_or(|to| at < to)
    }
}

/// All versions of all profiles, as of one moment of writing.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    generation: i64,
    versions: Named<ProfileVersion>,
    sets: AskedSets,
}

impl Profiles {
    /// Reads them all, with the named sets and tags that their channels ask for: `outer` has those that are not of the definitions.
    /// A version that cannot be understood, because a newer program wrote it, is an error that names it.
    pub fn load(definitions: &Definitions, outer: &dyn Sets) -> Result<Self, StateError> {
        let mut all = Self::read(definitions)?;
        let channels = all.versions.0.values().flatten().filter_map(|version| version.profile.as_ref());
        let filters = channels.flat_map(|profile| &profile.channels).map(|channel| channel.filter.as_str());
        all.sets = AskedSets::of(filters, definitions, outer)?;
        Ok(all)
    }

    /// All versions, without the sets that they ask for.
    pub(crate) fn read(definitions: &Definitions) -> Result<Self, StateError> {
        let (generation, all) = definitions.all(Kind::Profile)?;
        let mut versions = Named::default();
        for definition in all {
            let version = read(definition)?;
            versions.add(&version.name.clone(), version);
        }
        let profile = Some(Profile { granularity_secs: 60, ..Profile::default() });
        let live =
            ProfileVersion { name: live(), version: 0, valid_from: None, valid_to: None, created_at: None, profile };
        versions.add(LIVE, live);
        Ok(Self { generation, versions, sets: AskedSets::default() })
    }

    /// The generation of the definitions that they are of.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// The version in force at an instant.
    pub fn at(&self, name: &str, at: Time) -> Option<&ProfileVersion> {
        self.versions.at(name, at)
    }

    /// All versions of a profile, oldest first; nothing where there was never one of that name.
    pub fn history(&self, name: &str) -> Option<&[ProfileVersion]> {
        self.versions.history(name)
    }

    /// What is in force at an instant, by name, `live` first.
    pub fn list(&self, at: Time) -> Vec<&ProfileVersion> {
        let mut found = self.versions.list(at);
        found.sort_by_key(|version| (version.name != LIVE, version.name.as_str()));
        found
    }

    /// Makes a profile, in force from `from` on, or from `now`.
    pub fn create(
        definitions: &Definitions,
        name: &str,
        profile: &Profile,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<ProfileVersion, ProfileError> {
        let from = from.unwrap_or(now);
        let sets = Offered { definitions, outer };
        Self::write(sets, name, Some(profile), from, now, |all, sets| {
            check::name(name)?;
            check::begin(from, now)?;
            match all.at(name, now).or(all.at(name, from)) {
                Some(_) => Err(ProfileError::exists(name)),
                None => check::profile(all, name, profile, (from, now), sets),
            }
        })
    }

    /// Changes a profile from `from` on, or from `now`; what was in force before stays in force for that time.
    pub fn change(
        definitions: &Definitions,
        name: &str,
        profile: &Profile,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<ProfileVersion, ProfileError> {
        let from = from.unwrap_or(now);
        let sets = Offered { definitions, outer };
        Self::write(sets, name, Some(profile), from, now, |all, sets| {
            check::begin(from, now)?;
            check::is_there(all, name, now)?;
            check::profile(all, name, profile, (from, now), sets)
        })
    }

    /// Ends a profile at `from`, or now. What it was before can still be asked for "as known then".
    pub fn delete(
        definitions: &Definitions,
        name: &str,
        (from, now): (Option<Time>, Time),
        outer: &dyn Sets,
    ) -> Result<ProfileVersion, ProfileError> {
        let from = from.unwrap_or(now);
        Self::write(Offered { definitions, outer }, name, None, from, now, |all, _| {
            check::begin(from, now)?;
            check::is_there(all, name, now)?;
            check::childless(all, name, from)
        })
    }

    fn write(
        Offered { definitions, outer }: Offered<'_>,
        name: &str,
        profile: Option<&Profile>,
        from: Time,
        now: Time,
        check: impl Fn(&Self, &dyn Sets) -> Result<(), ProfileError>,
    ) -> Result<ProfileVersion, ProfileError> {
        let written = versions::write(definitions, (Kind::Profile, name), profile, (from, now), || {
            let all = Self::load(definitions, outer)?;
            check(&all, &SetsWith { own: &NamedSets::load(definitions)?, outer })?;
            Ok::<_, ProfileError>(all.generation)
        })?;
        Ok(read(written)?)
    }

    /// What the channels of a profile stand for as a minute begins: its whole filter by channel, named sets written out.
    /// Nothing where the profile, or one above it, is not in force.
    fn channels_at(&self, name: &str, at: Time) -> Result<Option<Vec<(String, Expr)>>, ProfileError> {
        let Some(profile) = self.profile_at(name, at) else { return Ok(None) };
        let above = if name == LIVE { Some(Expr::All) } else { self.flows_at(&profile.parent, at, MAX_DEPTH)? };
        let Some(above) = above else { return Ok(None) };
        if profile.channels.is_empty() {
            return Ok(Some(vec![(ALL.to_owned(), above)]));
        }
        let whole = |channel: &ChannelDef| {
            let own = self.meaning(name, channel, at)?;
            Ok((channel.name.clone(), above.clone().and(own)))
        };
        profile.channels.iter().map(whole).collect::<Result<_, _>>().map(Some)
    }

    /// The filter that all flows of a profile pass.
    fn flows_at(&self, name: &str, at: Time, depth: usize) -> Result<Option<Expr>, ProfileError> {
        if name == LIVE {
            return Ok(Some(Expr::All));
        }
        let (Some(profile), Some(depth)) = (self.profile_at(name, at), depth.checked_sub(1)) else { return Ok(None) };
        let Some(above) = self.flows_at(&profile.parent, at, depth)? else { return Ok(None) };
        let mut own = Vec::new();
        for channel in &profile.channels {
            own.push(self.meaning(name, channel, at)?);
        }
        Ok(Some(match own.len() {
            1 => above.and(own.pop().unwrap_or(Expr::All)),
            0 => above,
            _ if own.contains(&Expr::All) => above,
            _ => above.and(Expr::Or(own)),
        }))
    }

    fn profile_at(&self, name: &str, at: Time) -> Option<&Profile> {
        self.at(name, at)?.profile.as_ref()
    }

    /// A channel's own filter with its sets as they are at an instant; one that is not in force then has no members.
    fn meaning(&self, profile: &str, channel: &ChannelDef, at: Time) -> Result<Expr, ProfileError> {
        let path = || format!("channel {} of profile {profile}", channel.name);
        let read = minamo_filter::parse_with(&channel.filter, &FLOWS, &self.sets);
        let filter = read.map_err(|error| ProfileError::filter(path(), &error))?;
        filter.resolve(&self.sets, AsOf::At(at)).map_err(|error| ProfileError::sets(path(), &error))
    }

    /// The first instant after `now` at which a set or tag that a channel asks for begins or ends.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        self.sets.changes().filter(|at| *at > now).min()
    }

    /// Refuses where a channel of a profile in force asks for a set or a tag, itself or by a tag.
    pub(crate) fn check_unused(&self, called: &Called, now: Time) -> Result<(), SetFault> {
        for version in self.list(now) {
            let channels = version.profile.iter().flat_map(|profile| &profile.channels);
            if let Some(channel) = channels.into_iter().find(|channel| self.sets.asks(&channel.filter, called)) {
                return Err(SetFault::Asked { profile: version.name.clone(), channel: channel.name.clone() });
            }
        }
        Ok(())
    }

    /// The instants at which the meaning of a profile can change, as first minutes of what holds then, and the
    /// minutes between them.
    fn spans(&self, name: &str, minutes: &Range<i64>) -> Vec<Range<i64>> {
        let mut names = vec![name];
        let mut cuts = vec![minutes.start, minutes.end];
        let mut next = 0;
        while let Some(name) = names.get(next).copied() {
            next += 1;
            for version in self.history(name).into_iter().flatten() {
                let ends = version.valid_from.into_iter().chain(version.valid_to);
                let channels = version.profile.iter().flat_map(|profile| &profile.channels);
                let sets = channels.flat_map(|channel| self.sets.changes_of(&channel.filter));
                cuts.extend(ends.chain(sets).map(first_minute).filter(|at| minutes.contains(at)));
                if let Some(profile) = &version.profile
                    && !names.contains(&profile.parent.as_str())
                {
                    names.push(&profile.parent);
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).filter_map(|ends| Some(*ends.first()?..*ends.last()?)).collect()
    }
}

/// Definitions, and the sets that are known besides them.
struct Offered<'a> {
    definitions: &'a Definitions,
    outer: &'a dyn Sets,
}

/// Nanoseconds of a minute.
const MINUTE: i64 = 60_000_000_000;

/// The first minute that begins at an instant or later.
fn first_minute(at: Time) -> i64 {
    at.0.div_euclid(MINUTE) + i64::from(at.0.rem_euclid(MINUTE) != 0)
}

/// When a minute begins; far away minutes are as far away as time goes.
fn begin_of(minute: i64) -> Time {
    Time(minute.saturating_mul(MINUTE))
}

fn read(mut definition: Definition) -> Result<ProfileVersion, StateError> {
    let profile = versions::body(&mut definition)?;
    let Definition { name, version, valid_from, valid_to, created_at, .. } = definition;
    Ok(ProfileVersion { name, version, valid_from: Some(valid_from), valid_to, created_at: Some(created_at), profile })
}

#[cfg(test)]
mod tests;
