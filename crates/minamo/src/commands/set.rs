// SPDX-License-Identifier: Apache-2.0
//! `minamo set`: named sets for filters. A running server takes over at once what is changed here.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use minamo_base::Time;
use minamo_filter::{SetKind, Sets as _};
use minamo_state::{Definitions, NamedSets, SetBody, SetDefinition, SetsWith};

use crate::cli::{Place, SetBodyArgs, SetCommand, SetOf};
use crate::clock;
use crate::commands::place::{place, say};
use crate::commands::sql::aligned;
use crate::enrichment;
use crate::sets::{AllSets, Networks, Own};
use crate::settings::Settings;

pub(crate) async fn run(command: SetCommand) -> anyhow::Result<()> {
    match command {
        SetCommand::List { place, at } => {
            let (own, networks) = known(&place)?;
            let at = at.unwrap_or_else(clock::now);
            let defined = own.list(at);
            let mut rows: Vec<Vec<String>> = defined.iter().map(|set| row(set)).collect();
            let of_file = networks.names().into_keys().filter(|name| defined.iter().all(|set| set.name != *name));
            rows.extend(of_file.map(|name| network(&networks, name, at)));
            say(&table(&rows));
        }
        SetCommand::Show { name, place } => {
            let (own, networks) = known(&place)?;
            let of_file = || networks.kind(&name).map(|_| vec![network(&networks, name.clone(), clock::now())]);
            let rows = own.history(&name).map(|versions| versions.iter().map(row).collect()).or_else(of_file);
            say(&table(&rows.with_context(|| no_set(&name, &SetsWith { own: &own, outer: &networks }))?));
        }
        SetCommand::Create { name, of, body, place } => {
            let kind = match of {
                SetOf::Addresses => SetKind::Addresses,
                SetOf::Ports => SetKind::Numbers,
                SetOf::Names => SetKind::Texts,
            };
            let when = (body.valid_from, clock::now());
            let (_, networks) = known(&place)?;
            let made = NamedSets::create(&write(&place)?, &name, kind, &said(body), when, &networks)?;
            say(&table(&[row(&made)]));
        }
        SetCommand::Change { name, body, place } => {
            let when = (body.valid_from, clock::now());
            let (_, networks) = known(&place)?;
            let made = NamedSets::change(&write(&place)?, &name, &said(body), when, &networks)?;
            say(&table(&[row(&made)]));
        }
        SetCommand::Delete { name, valid_from, place } => {
            NamedSets::delete(&write(&place)?, &name, (valid_from, clock::now()), &networks(&place)?)?;
        }
    }
    Ok(())
}

/// A filter that may ask for named sets, with these looked up.
pub(crate) fn filter(text: &str, args: &Place, then: bool) -> anyhow::Result<minamo_filter::Expr> {
    let failed = |error: minamo_filter::FilterError| anyhow::anyhow!("filter: {error}");
    if !minamo_filter::asks_for_names(text) {
        return minamo_filter::parse(text).map_err(failed);
    }
    let (own, networks) = known(args)?;
    let sets = SetsWith { own: &own, outer: &networks };
    let parsed = minamo_filter::parse_with(text, &minamo_model::FLOWS, &sets).map_err(failed)?;
    let as_of = if then { minamo_filter::AsOf::Then } else { minamo_filter::AsOf::At(clock::now()) };
    parsed.resolve(&sets, as_of).context("filter")
}

/// That a set is not there, and which are.
fn no_set(name: &str, sets: &SetsWith<'_>) -> String {
    let known: Vec<String> = sets.names().into_keys().take(10).map(|name| format!("@{name}")).collect();
    let known =
        if known.is_empty() { "there are none yet".to_owned() } else { format!("there is {}", known.join(", ")) };
    format!("there is no set @{name}; {known}")
}

/// What people have defined, and the networks of the networks file.
pub(super) fn known(args: &Place) -> anyhow::Result<(NamedSets, Networks)> {
    let (settings, folder) = place(args)?;
    anyhow::ensure!(folder.is_dir(), "{}: not there; name the data folder with --data or --config", folder.display());
    let home = home(&folder)?;
    Ok((NamedSets::load(&home)?, networks_of(&settings, &home)?))
}

/// The definitions of a data folder, for reading; those of an empty one where nothing was defined yet.
fn home(folder: &Path) -> anyhow::Result<Definitions> {
    let file = folder.join("state.db");
    Ok(if file.is_file() { Definitions::open_read_only(&file)? } else { Definitions::open(Path::new(":memory:"))? })
}

/// The networks of the networks file.
pub(super) fn networks(args: &Place) -> anyhow::Result<Networks> {
    let (settings, folder) = place(args)?;
    networks_of(&settings, &home(&folder)?)
}

fn networks_of(settings: &Settings, home: &Definitions) -> anyhow::Result<Networks> {
    Ok(Networks::Read(enrichment::known(&settings.enrich(), home, clock::now())?.all.definitions))
}

/// All sets and tags of a data folder, for questions that look them up themselves.
pub(super) fn all_sets(args: &Place) -> anyhow::Result<Arc<AllSets>> {
    let (own, networks) = known(args)?;
    Ok(Arc::new(AllSets { own: Own::Read(own), networks }))
}

pub(super) fn write(args: &Place) -> anyhow::Result<Definitions> {
    let folder = place(args)?.1;
    anyhow::ensure!(folder.is_dir(), "{}: not there; name the data folder with --data or --config", folder.display());
    Ok(Definitions::open(&folder.join("state.db"))?)
}

fn said(body: SetBodyArgs) -> SetBody {
    SetBody { members: body.members, note: body.note }
}

fn row(set: &SetDefinition) -> Vec<String> {
    let to = set.valid_to.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let members = set.body.as_ref().map_or_else(|| "(ended)".to_owned(), |body| body.members.join(" "));
    vec![set.name.clone(), set.kind.name().to_owned(), set.version.to_string(), set.valid_from.to_string(), to, members]
}

/// A network or tag of the networks file.
fn network(networks: &Networks, name: String, at: Time) -> Vec<String> {
    let holds = |version: &&minamo_filter::SetVersion| {
        version.from.is_none_or(|from| from <= at) && version.to.is_none_or(|to| at < to)
    };
    let count: usize = networks.versions(&name).iter().filter(holds).map(|version| version.members.len()).sum();
    let dash = || "-".to_owned();
    vec![name, SetKind::Addresses.name().to_owned(), dash(), dash(), dash(), format!("({count} of the networks file)")]
}

fn table(rows: &[Vec<String>]) -> String {
    aligned(&["name", "of", "version", "from", "to", "members"].map(str::to_owned), rows)
}
