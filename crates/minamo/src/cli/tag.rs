// SPDX-License-Identifier: Apache-2.0
//! `minamo tag`.

use clap::{Args, Subcommand};

use super::Place;
use super::values::time;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo tag create guest-upload 'src in @guests and src bytes > 10M'
  minamo tag create backup 'dst port 873 or app = rsync' --note 'nightly copies'
  minamo tag change backup 'dst port in [873 8730]' --valid-from 2026-01-31T09:00:00Z
  minamo query 'tag guest-upload and not tag backup' --last 7d          as the tags are today
  minamo query 'tag guest-upload and not tag backup' --last 7d --then   as they were then
  minamo query --top tag --last 1d
  minamo sql \"SELECT src_ip, tags() FROM flows WHERE has_tag('backup')\"")]
pub(crate) enum TagCommand {
    /// Show the tags that are in force.
    List {
        #[command(flatten)]
        place: Place,
        /// Those in force at this time instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        at: Option<minamo_base::Time>,
    },
    /// Show all versions of a tag.
    Show {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a tag.
    Create {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        body: TagBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// Give a tag another filter; what it was before stays for its time.
    Change {
        /// Name of the tag.
        name: String,
        #[command(flatten)]
        body: TagBodyArgs,
        #[command(flatten)]
        place: Place,
    },
    /// End a tag; its past can still be asked for with --then.
    Delete {
        /// Name of the tag.
        name: String,
        /// When it ends, instead of now.
        #[arg(long, value_parser = time, value_name = "TIME")]
        valid_from: Option<minamo_base::Time>,
        #[command(flatten)]
        place: Place,
    },
}

/// What a tag says.
#[derive(Args)]
pub(crate) struct TagBodyArgs {
    /// The filter that its flows pass; it may ask for sets and for other tags.
    pub(crate) filter: String,
    /// A remark for people.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// From when on that is in force, instead of now; may lie in the past.
    #[arg(long, value_parser = time, value_name = "TIME")]
    pub(crate) valid_from: Option<minamo_base::Time>,
}
