// SPDX-License-Identifier: Apache-2.0
//! Arguments of `minamo rule`.

use std::time::Duration;

use clap::Subcommand;

use super::Place;
use super::values::{length, time};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo rule list
  minamo rule try scan_ports --last 7d --set ports=50     what a lower threshold would have found
  minamo rule try my_rule.sql --last 7d                   before the file goes into detect.rules")]
pub(crate) enum RuleCommand {
    /// Show the rules that are in force, and those that cannot run.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show a rule: what it asks, its numbers and their reasons, its harmless causes, its query.
    Show {
        /// Name of the rule.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Run a rule over the past, as if it had been in force; nothing is stored.
    Try {
        /// Name of a rule, or a file NAME.sql.
        rule: String,
        /// The time up to now that is looked at.
        #[arg(long, default_value = "7d", value_parser = length, value_name = "LENGTH", conflicts_with = "from")]
        last: Duration,
        /// Start of the range, in place of --last.
        #[arg(long, value_parser = time, value_name = "TIME")]
        from: Option<minamo_base::Time>,
        /// End of the range; now where nothing is said.
        #[arg(long, value_parser = time, value_name = "TIME")]
        to: Option<minamo_base::Time>,
        /// A parameter with another value: ports=50.
        #[arg(long, value_name = "NAME=NUMBER", value_parser = parameter)]
        set: Vec<(String, u64)>,
        /// A line of JSON for each event.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
}

fn parameter(text: &str) -> Result<(String, u64), String> {
    let bad = || format!("got {text:?}, want such as ports=50");
    let (name, number) = text.split_once('=').ok_or_else(bad)?;
    Ok((name.to_owned(), number.parse().map_err(|_| bad())?))
}
