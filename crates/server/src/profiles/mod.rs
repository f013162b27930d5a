// SPDX-License-Identifier: Apache-2.0
//! Profiles: where definitions (`minamo-state`) and rollups (`minamo-store`) meet. The definitions say which
//! filter counts when, the lake adds up; here the one's answer becomes the other's question.

pub(crate) mod api;
pub mod types;

use minamo_base::Time;
use minamo_filter::Sets;
use minamo_state::{AsKnown, Definitions, Line, ProfileError, Profiles};
use minamo_store::{Dim, Lake, MINUTE, QueryError, RollupChart, RollupLine, RollupPart, RollupQuery, Wanted, minute};

/// Steps that a chart has at most where no length is asked for: a month of hours.
const WANTED_STEPS: i64 = 800;
/// Lengths that a person can read off an axis, in minutes.
const STEPS: [i64; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1_440, 10_080, 40_320];

/// A question for the chart of a profile.
#[derive(Debug, Clone)]
pub struct ChartAsk {
    /// Start of the range; the minute that it lies in is the first.
    pub from: Time,
    /// End of the range; a minute that it lies in is the last.
    pub to: Time,
    /// Channels; all where there are none.
    pub channels: Vec<String>,
    /// Seconds of a step, whole minutes; chosen where nothing is given.
    pub step_secs: Option<u64>,
    /// Which definitions it goes by.
    pub as_known: AsKnown,
    /// What each channel is divided by.
    pub dim: Dim,
    /// Keys of each divided channel.
    pub limit: usize,
}

/// The chart of a profile.
#[derive(Debug, Clone)]
pub struct ProfileChart {
    /// The channels; a line of the chart names one by its place here.
    pub channels: Vec<Line>,
    /// The numbers.
    pub chart: RollupChart,
}

/// Why there is no chart.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The profile or a channel is not there.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The lake has no answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The length of a step is no whole number of minutes.
    #[error("step_secs: got {0}, want whole minutes")]
    Step(u64),
}

/// The chart of a profile, as known then or now.
pub async fn chart(
    lake: &Lake,
    profiles: &Profiles,
    name: &str,
    ask: ChartAsk,
    now: Time,
) -> Result<ProfileChart, ChartError> {
    let minutes = minute(ask.from.0)..minute(ask.to.0.saturating_add(MINUTE - 1));
    let step = match ask.step_secs {
        Some(secs) => {
            i64::try_from(secs / 60).ok().filter(|m| *m > 0 && secs % 60 == 0).ok_or(ChartError::Step(secs))?
        }
        None => step(profiles, name, minutes.end.saturating_sub(minutes.start), now),
    };
    let channels = profiles.lines(name, &ask.channels, minutes.clone(), ask.as_known, now)?;
    let part = |part: &minamo_state::Part| RollupPart { minutes: part.minutes.clone(), filter: part.filter.clone() };
    let lines = channels.iter().map(|line| RollupLine { parts: line.parts.iter().map(part).collect() }).collect();
    let chart = lake.chart(RollupQuery { lines, minutes, step, dim: ask.dim, limit: ask.limit }).await?;
    Ok(ProfileChart { channels, chart })
}

/// The profile's own step, or the next one that does not give too many.
fn step(profiles: &Profiles, name: &str, length: i64, now: Time) -> i64 {
    let own = profiles.at(name, now).and_then(|version| version.profile.as_ref());
    let own = own.map_or(1, |profile| i64::from(profile.granularity_secs / 60)).max(1);
    if length / own <= WANTED_STEPS {
        return own;
    }
    let fits = STEPS.into_iter().find(|step| *step >= own && length / step <= WANTED_STEPS);
    fits.unwrap_or_else(|| (length / WANTED_STEPS).max(1))
}

/// How far the rollups are in line with the definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synced {
    /// The generation of the definitions.
    pub generation: i64,
    /// When a set that a channel asks for changes next; nothing where no change is known.
    pub next_change: Option<Time>,
}

/// Tells the lake which rollups the definitions ask for; `networks` has the named sets that are not of the definitions.
pub async fn sync(
    lake: &Lake,
    definitions: &Definitions,
    networks: &(dyn Sets + Send + Sync),
    now: Time,
) -> Result<Synced, SyncError> {
    let profiles = Profiles::load(definitions, networks).map_err(SyncError::new)?;
    let kept_from = lake.rollups().await.map_err(SyncError::new)?.kept_from.unwrap_or(i64::MIN);
    let filters = profiles.filters(now, kept_from);
    for fault in &filters.faults {
        tracing::error!(%fault, "a profile has no rollups and no charts");
    }
    if filters.left_out > 0 {
        tracing::warn!(filters = filters.left_out, "former filters of profiles have no rollups: there are too many");
    }
    let wanted = filters.scopes.into_iter().map(|(filter, scope)| Wanted { filter, scope });
    lake.set_rollups(wanted.collect()).await.map_err(SyncError::new)?;
    Ok(Synced { generation: profiles.generation(), next_change: profiles.next_change(now) })
}

/// Why the rollups could not be brought in line with the definitions.
#[derive(Debug, thiserror::Error)]
#[error("profiles: {0}")]
pub struct SyncError(String);

impl SyncError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}
