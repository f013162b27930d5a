// SPDX-License-Identifier: Apache-2.0
//! `minamo token`.

use clap::{Subcommand, ValueEnum};

use super::Place;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  minamo token create prometheus --scope metrics    shows the secret, once
  minamo token list
  minamo token revoke prometheus
  curl -H \"Authorization: Bearer $SECRET\" http://127.0.0.1:8080/metrics")]
pub(crate) enum TokenCommand {
    /// Show the tokens: names, scopes, when they were made and used.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make a token for a program and show its secret.
    Create {
        /// Name of the token.
        name: String,
        /// What it is good for.
        #[arg(long, value_enum, default_value_t = TokenScope::Read)]
        scope: TokenScope,
        #[command(flatten)]
        place: Place,
    },
    /// Take a token back: it is good for nothing from now on.
    Revoke {
        /// Name of the token.
        name: String,
        #[command(flatten)]
        place: Place,
    },
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenScope {
    /// `GET /metrics` alone.
    Metrics,
    /// All that reads: counters, questions, events, exports.
    Read,
}
