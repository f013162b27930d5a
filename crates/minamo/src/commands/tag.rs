// SPDX-License-Identifier: Apache-2.0
//! `minamo tag`: named filters that mark flows. A running server takes over at once what is changed here.

use anyhow::Context as _;
use minamo_filter::Sets as _;
use minamo_state::{NamedSets, SetsWith, TagBody, TagDefinition};

use crate::cli::{TagBodyArgs, TagCommand};
use crate::clock;
use crate::commands::place::say;
use crate::commands::set::{known, networks, write};
use crate::commands::sql::aligned;

pub(crate) async fn run(command: TagCommand) -> anyhow::Result<()> {
    match command {
        TagCommand::List { place, at } => {
            let own = known(&place)?.0;
            let rows: Vec<_> = own.tag_list(at.unwrap_or_else(clock::now)).into_iter().map(row).collect();
            say(&table(&rows));
        }
        TagCommand::Show { name, place } => {
            let (own, networks) = known(&place)?;
            let versions = own.tag_history(&name).with_context(|| {
                let known = SetsWith { own: &own, outer: &networks }.tags();
                let shown = known.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
                let known =
                    if shown.is_empty() { "there are none yet".to_owned() } else { format!("there is {shown}") };
                format!("there is no tag {name}; {known}")
            })?;
            say(&table(&versions.iter().map(row).collect::<Vec<_>>()));
        }
        TagCommand::Create { name, body, place } => {
            let when = (body.valid_from, clock::now());
            let made = NamedSets::create_tag(&write(&place)?, &name, &said(body), when, &networks(&place)?)?;
            say(&table(&[row(&made)]));
        }
        TagCommand::Change { name, body, place } => {
            let when = (body.valid_from, clock::now());
            let made = NamedSets::change_tag(&write(&place)?, &name, &said(body), when, &networks(&place)?)?;
            say(&table(&[row(&made)]));
        }
        TagCommand::Delete { name, valid_from, place } => {
            NamedSets::delete_tag(&write(&place)?, &name, (valid_from, clock::now()), &networks(&place)?)?;
        }
    }
    Ok(())
}

fn said(body: TagBodyArgs) -> TagBody {
    TagBody { filter: body.filter, note: body.note }
}

fn row(tag: &TagDefinition) -> Vec<String> {
    let to = tag.valid_to.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let filter = tag.body.as_ref().map_or_else(|| "(ended)".to_owned(), |body| body.filter.clone());
    vec![tag.name.clone(), tag.version.to_string(), tag.valid_from.to_string(), to, filter]
}

fn table(rows: &[Vec<String>]) -> String {
    aligned(&["name", "version", "from", "to", "filter"].map(str::to_owned), rows)
}
