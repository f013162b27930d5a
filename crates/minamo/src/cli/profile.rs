// SPDX-License-Identifier: Apache-2.0
//! `minamo profile`.

use clap::{Args, Subcommand, ValueEnum};

use super::values::{length, time};
use super::{By, Place};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo profile create web --channel 'tls=port 443' --channel 'plain=port 80'
  minamo profile create office --channel 'all=net 192.0.2.0/24'
  minamo profile create office-web --parent office --channel 'tls=port 443'
  minamo profile change web --channel 'tls=port 443 or port 8443' --valid-from 2026-01-31T09:00:00Z
  minamo profile chart web --last 30d --step 1h           with the channels of today
  minamo profile chart web --last 30d --step 1h --then    with the channels of each hour")]
pub(crate) enum ProfileCommand {
    /// Show the profiles that are in force.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a profile.
    Show {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a profile.
    Create {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        body: ProfileBody,
        #[command(flatten)]
        place: Place,
    },
    /// Change a profile: what is not named anew is as for a new one.
    Change {
        /// Name of the profile.
        name: String,
        #[command(flatten)]
        body: ProfileBody,
        #[command(flatten)]
        place: Place,
    },
    /// End a profile; its past can still be charted with --then.
    Delete {
        /// Name of the profile.
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
    /// Show the course of a profile's channels over time.
    Chart(ProfileChart),
}

/// What a profile says.
#[derive(Args)]
pub(crate) struct ProfileBody {
    /// A channel: its name and filter. May be given several times; without any, the profile has all flows of
    /// its parent.
    #[arg(long = "channel", value_name = "NAME=FILTER")]
    pub(crate) channels: Vec<String>,
    /// The profile whose flows it divides.
    #[arg(long, default_value = "live", value_name = "NAME")]
    pub(crate) parent: String,
    /// One step of its charts where nothing else is asked for.
    #[arg(long, default_value = "5m", value_parser = length, value_name = "LENGTH")]
    pub(crate) granularity: std::time::Duration,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}

/// What channels are divided by.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Split {
    Protocol,
    App,
}

#[derive(Args)]
pub(crate) struct ProfileChart {
    /// Name of the profile; `live` has all flows.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Channels, joined by commas; all without.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) channels: Vec<String>,
    /// Go by the definitions that were in force then, not by those of today.
    #[arg(long)]
    pub(crate) then: bool,
    /// What is summed.
    #[arg(long, value_enum, default_value = "bytes")]
    pub(crate) by: By,
    /// What each channel is divided by.
    #[arg(long, value_enum)]
    pub(crate) split: Option<Split>,
    /// Lines of each divided channel.
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: usize,
    /// Length of a step, whole minutes; chosen without.
    #[arg(long, value_parser = length, value_name = "LENGTH")]
    pub(crate) step: Option<std::time::Duration>,
    /// Only the last so long: 1h, 7d.
    #[arg(long, value_parser = length, default_value = "1d", value_name = "LENGTH", conflicts_with = "from")]
    pub(crate) last: std::time::Duration,
    /// Start of the range: 2026-01-31T09:00:00Z.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) from: Option<minamo_base::Time>,
    /// End of the range; now without.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) to: Option<minamo_base::Time>,
}
