// SPDX-License-Identifier: Apache-2.0
//! What must be true of a profile before it is written.

use std::collections::HashSet;

use minamo_base::Time;
use minamo_filter::{AsOf, Expr, Sets};
use minamo_model::FLOWS;

use super::{LIVE, MAX_CHANNELS, MAX_DEPTH, MAX_PROFILES, Profile, ProfileError, Profiles};

/// Most characters of a name.
const MAX_NAME: usize = 64;

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || c == '/')
}

pub(super) fn name(name: &str) -> Result<(), ProfileError> {
    if name == LIVE {
        return Err(ProfileError::live());
    }
    if is_name(name) { Ok(()) } else { Err(ProfileError::name("name", name)) }
}

/// A definition from the future could not be told from a typing error, and "now" would not mean the newest.
pub(super) fn begin(from: Time, now: Time) -> Result<(), ProfileError> {
    if from <= now { Ok(()) } else { Err(ProfileError::begin(from, now)) }
}

pub(super) fn is_there(all: &Profiles, name: &str, now: Time) -> Result<(), ProfileError> {
    if name == LIVE {
        return Err(ProfileError::live());
    }
    all.at(name, now).map(|_| ()).ok_or_else(|| ProfileError::missing(name))
}

/// Children that are in force at `from` or later would hang in the air.
pub(super) fn childless(all: &Profiles, name: &str, from: Time) -> Result<(), ProfileError> {
    let hangs = |other: &&str| {
        all.history(other).into_iter().flatten().any(|version| {
            let lasts = version.valid_to.is_none_or(|to| to > from && version.valid_from.is_none_or(|f| f < to));
            lasts && version.profile.as_ref().is_some_and(|p| p.parent == name)
        })
    };
    let children: Vec<&str> = all.versions.0.keys().map(String::as_str).filter(hangs).collect();
    if children.is_empty() { Ok(()) } else { Err(ProfileError::children(&children)) }
}

pub(super) fn profile(
    all: &Profiles,
    name: &str,
    profile: &Profile,
    (from, now): (Time, Time),
    sets: &dyn Sets,
) -> Result<(), ProfileError> {
    if !profile.granularity_secs.is_multiple_of(60) || !(60..=86_400).contains(&profile.granularity_secs) {
        return Err(ProfileError::granularity(profile.granularity_secs));
    }
    if all.at(name, from).is_none() && all.list(from).len() >= MAX_PROFILES {
        return Err(ProfileError::too_many());
    }
    parent(all, name, profile, from)?;
    if profile.channels.len() > MAX_CHANNELS {
        return Err(ProfileError::too_many_channels(profile.channels.len()));
    }
    let above = all.flows_at(&profile.parent, from, MAX_DEPTH)?.unwrap_or(Expr::All);
    let mut names = HashSet::new();
    for (at, channel) in profile.channels.iter().enumerate() {
        if !is_name(&channel.name) {
            return Err(ProfileError::name(&format!("channels[{at}].name"), &channel.name));
        }
        if !names.insert(channel.name.as_str()) {
            return Err(ProfileError::twice(format!("channels[{at}].name"), &channel.name));
        }
        let path = format!("channels[{at}].filter");
        let own = minamo_filter::parse_with(&channel.filter, &FLOWS, sets);
        let own = own.map_err(|error| ProfileError::filter(path.clone(), &error))?;
        let meant = own.resolve(sets, AsOf::At(now)).map_err(|error| ProfileError::sets(path.clone(), &error))?;
        // Rollups are named by the text of the whole filter. Only sets and tags make it longer than what people type.
        let long = own.has_names() || above.to_string().len() > minamo_filter::MAX_TEXT;
        let whole = above.clone().and(meant).to_string();
        let read = if long { minamo_filter::parse_written_out(&whole) } else { minamo_filter::parse(&whole) };
        read.map_err(|_| ProfileError::too_long(path))?;
    }
    Ok(())
}

/// The parent must be there whenever the profile is: from `from` on, without a gap.
fn parent(all: &Profiles, name: &str, profile: &Profile, from: Time) -> Result<(), ProfileError> {
    let mut above = profile.parent.as_str();
    let mut depth = 1;
    while above != LIVE {
        let found = all.at(above, from).and_then(|version| version.profile.as_ref());
        let Some(found) = found else { return Err(ProfileError::no_parent(above, from)) };
        let ended =
            |version: &&super::ProfileVersion| version.profile.is_none() && version.valid_to != version.valid_from;
        let end = all.history(above).into_iter().flatten().filter(ended).find_map(|version| version.valid_from);
        if let Some(end) = end.filter(|end| *end > from) {
            return Err(ProfileError::no_parent(above, end));
        }
        depth += 1;
        if above == name || depth > MAX_DEPTH {
            return Err(ProfileError::cycle(&profile.parent));
        }
        above = &found.parent;
    }
    // A parent may have had another parent since: those ways lead up as well.
    let later = all.history(&profile.parent).into_iter().flatten().filter_map(|version| version.profile.as_ref());
    if name == profile.parent || later.into_iter().any(|p| p.parent == name) {
        return Err(ProfileError::cycle(&profile.parent));
    }
    Ok(())
}
