// SPDX-License-Identifier: Apache-2.0
//! `minamo set`.

use clap::{Args, Subcommand, ValueEnum};

use super::Place;
use super::values::{set_name, time};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo set create guests 192.0.2.128/25 2001:db8:1::/64
  minamo set create web --of ports 80 443 8000-8100
  minamo set create chat --of names Slack Teams
  minamo set change guests 198.51.100.0/24 --valid-from 2026-01-31T09:00:00Z
  minamo query 'src in @guests and port in @web' --last 7d          as the sets are today
  minamo query 'src in @guests and port in @web' --last 7d --then   as they were then")]
pub(crate) enum SetCommand {
    /// Show the sets that are in force, those of the networks file too.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a set.
    Show {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a set.
    Create {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        /// What its members are.
        #[arg(long, value_enum, default_value = "addresses")]
        of: SetOf,
        #[command(flatten)]
        body: SetBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// Give a set other members; what it was before stays for its time.
    Change {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        #[command(flatten)]
        body: SetBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// End a set; its past can still be asked for with --then.
    Delete {
        /// Name of the set, with or without @.
        #[arg(value_parser = set_name)]
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
}

/// What the members of a set are.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SetOf {
    Addresses,
    Ports,
    Names,
}

/// What a set says.
#[derive(Args)]
pub(crate) struct SetBodyArgs {
    /// All its members: addresses and networks, ports and ranges of them, or names; @other is another set.
    #[arg(required = true, value_name = "MEMBER")]
    pub(crate) members: Vec<String>,
    /// A remark for people.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}
