// SPDX-License-Identifier: Apache-2.0
//! `minamo token`: tokens of programs. A running server knows at once what is changed here.

use minamo_server::State;
use minamo_server::tokens::{Scope, TokenInfo};

use crate::cli::{Place, TokenCommand, TokenScope};
use crate::clock;
use crate::commands::place::{place, say};
use crate::commands::sql::aligned;

/// Who makes tokens here.
const MAKER: &str = "command line";

pub(crate) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::List { place } => say(&table(&state(&place)?.tokens()?)),
        TokenCommand::Create { name, scope, place } => {
            let scope = match scope {
                TokenScope::Metrics => Scope::Metrics,
                TokenScope::Read => Scope::Read,
            };
            let made = state(&place)?.make_token(&name, scope, MAKER, clock::now())?;
            eprintln!("minamo: the secret of the token {name} (shown only now):");
            say(&format!("{}\n", made.secret));
        }
        TokenCommand::Revoke { name, place } => {
            anyhow::ensure!(
                state(&place)?.revoke_token(&name)?,
                "there is no token {name}; `minamo token list` shows those that are"
            );
        }
    }
    Ok(())
}

fn state(args: &Place) -> anyhow::Result<State> {
    let folder = place(args)?.1;
    anyhow::ensure!(folder.is_dir(), "{}: not there; name the data folder with --data or --config", folder.display());
    Ok(State::open(&folder.join("state.db"))?)
}

fn table(tokens: &[TokenInfo]) -> String {
    let row = |token: &TokenInfo| {
        let used = token.used_at.clone().unwrap_or_else(|| "-".to_owned());
        vec![token.name.clone(), token.scope.name().to_owned(), token.made_by.clone(), token.made_at.clone(), used]
    };
    aligned(
        &["name", "scope", "made by", "made", "last used"].map(str::to_owned),
        &tokens.iter().map(row).collect::<Vec<_>>(),
    )
}
