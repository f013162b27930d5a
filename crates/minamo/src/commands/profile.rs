// SPDX-License-Identifier: Apache-2.0
//! `minamo profile`: profiles and their charts. A running server takes over within seconds what is changed here.

use anyhow::{Context as _, bail};
use minamo_base::Time;
use minamo_server::profiles::{ChartAsk, chart};
use minamo_state::{AsKnown, ChannelDef, Definitions, Profile, ProfileVersion, Profiles};
use minamo_store::{Cell, Dim, Intervals};

use crate::cli::{By, Place, ProfileBody, ProfileChart, ProfileCommand, Split};
use crate::clock;
use crate::commands::place::{open_to_read, place, say};
use crate::commands::set::networks;
use crate::commands::sql::aligned;

pub(crate) async fn run(command: ProfileCommand) -> anyhow::Result<()> {
    match command {
        ProfileCommand::List { place, at } => {
            let all = read(&place)?;
            say(&table(all.list(at.unwrap_or_else(clock::now)).into_iter()));
        }
        ProfileCommand::Show { name, place } => {
            let all = read(&place)?;
            let versions = all.history(&name).with_context(|| format!("there is no profile {name}"))?;
            say(&table(versions.iter()));
        }
        ProfileCommand::Create { name, body, place } => {
            let made = Profiles::create(
                &write(&place)?,
                &name,
                &profile(&body)?,
                (body.valid_from, clock::now()),
                &networks(&place)?,
            )?;
            say(&table(std::iter::once(&made)));
        }
        ProfileCommand::Change { name, body, place } => {
            let made = Profiles::change(
                &write(&place)?,
                &name,
                &profile(&body)?,
                (body.valid_from, clock::now()),
                &networks(&place)?,
            )?;
            say(&table(std::iter::once(&made)));
        }
        ProfileCommand::Delete { name, valid_from, place } => {
            Profiles::delete(&write(&place)?, &name, (valid_from, clock::now()), &networks(&place)?)?;
        }
        ProfileCommand::Chart(args) => draw(args).await?,
    }
    Ok(())
}

fn read(args: &Place) -> anyhow::Result<Profiles> {
    let file = place(args)?.1.join("state.db");
    anyhow::ensure!(file.is_file(), "{}: not there; name the data folder with --data or --config", file.display());
    Ok(Profiles::load(&Definitions::open_read_only(&file)?, &networks(args)?)?)
}

fn write(args: &Place) -> anyhow::Result<Definitions> {
    let folder = place(args)?.1;
    anyhow::ensure!(folder.is_dir(), "{}: not there; name the data folder with --data or --config", folder.display());
    Ok(Definitions::open(&folder.join("state.db"))?)
}

fn profile(body: &ProfileBody) -> anyhow::Result<Profile> {
    let channel = |text: &String| {
        let (name, filter) = text.split_once('=').with_context(|| format!("--channel {text}: want NAME=FILTER"))?;
        Ok(ChannelDef { name: name.trim().to_owned(), filter: filter.trim().to_owned() })
    };
    Ok(Profile {
        parent: body.parent.clone(),
        channels: body.channels.iter().map(channel).collect::<anyhow::Result<_>>()?,
        granularity_secs: u32::try_from(body.granularity.as_secs()).unwrap_or(u32::MAX),
    })
}

fn table<'a>(versions: impl Iterator<Item = &'a ProfileVersion>) -> String {
    let names = ["name", "version", "from", "to", "parent", "channel", "filter"].map(str::to_owned);
    let time = |at: Option<Time>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let mut rows = Vec::new();
    for version in versions {
        let head =
            [version.name.clone(), version.version.to_string(), time(version.valid_from), time(version.valid_to)];
        let Some(profile) = &version.profile else {
            rows.push(head.into_iter().chain(["(ended)".to_owned(), String::new(), String::new()]).collect());
            continue;
        };
        let mut channels: Vec<_> = profile.channels.iter().map(|c| (c.name.clone(), c.filter.clone())).collect();
        if channels.is_empty() {
            channels.push((minamo_state::ALL.to_owned(), String::new()));
        }
        for (channel, filter) in channels {
            rows.push(head.iter().cloned().chain([profile.parent.clone(), channel, filter]).collect::<Vec<_>>());
        }
    }
    aligned(&names, &rows)
}

/// Half of the interval of a cell; nothing where it is not known.
fn half(by: By, cell: &Cell) -> Option<String> {
    let of = Intervals::of_cell(cell)?;
    let interval = match by {
        By::Bytes => of.bytes,
        By::Packets => of.packets,
        By::Flows => of.flows,
    };
    Some(interval.half().to_string())
}

async fn draw(args: ProfileChart) -> anyhow::Result<()> {
    let now = clock::now();
    let to = args.to.unwrap_or(now);
    let from = args.from.unwrap_or_else(|| to - args.last);
    if from >= to {
        bail!("--to: the range ends before it begins");
    }
    let ask = ChartAsk {
        from,
        to,
        channels: args.channels,
        step_secs: args.step.map(|step| step.as_secs()),
        as_known: if args.then { AsKnown::Then } else { AsKnown::Now },
        dim: match args.split {
            None => Dim::Total,
            Some(Split::Protocol) => Dim::Protocol,
            Some(Split::App) => Dim::App,
        },
        limit: args.limit,
    };
    let profiles = read(&args.place)?;
    let lake = open_to_read(&args.place)?;
    let found = chart(&lake, &profiles, &args.name, ask, now).await?;
    let channel = |at: &usize| found.channels.get(*at).map(|line| line.channel.as_str()).unwrap_or_default();
    let mut names = vec!["time".to_owned()];
    for (at, key, _) in &found.chart.lines {
        let key = if key.is_empty() && args.split.is_some() { "(other)" } else { key };
        names.push(format!("{} {key}", channel(at)).trim_end().to_owned());
        if found.chart.sampled {
            names.push("±".to_owned());
        }
    }
    let value = |cell: &Cell| match args.by {
        By::Bytes => cell.bytes(),
        By::Packets => cell.packets(),
        By::Flows => cell.flows,
    };
    let steps = found.chart.lines.first().map_or(0, |(_, _, cells)| cells.len());
    let row = |step: usize| {
        let length = found.chart.step.saturating_mul(u32::try_from(step).unwrap_or(u32::MAX));
        let cells = found.chart.lines.iter().filter_map(|(_, _, cells)| cells.get(step));
        let shown = cells.flat_map(|cell| {
            let half = found.chart.sampled.then(|| half(args.by, cell).unwrap_or_else(|| "?".to_owned()));
            std::iter::once(value(cell).to_string()).chain(half)
        });
        std::iter::once((found.chart.start + length).to_string()).chain(shown).collect()
    };
    say(&aligned(&names, &(0..steps).map(row).collect::<Vec<Vec<String>>>()));
    if found.chart.sampled {
        eprintln!("minamo: flows were sampled: sums are scaled, ± is half of a 95 % interval, ? where it is not known");
    }
    for (at, gap) in &found.chart.missing {
        let time = |minute: i64| Time(minute.saturating_mul(minamo_store::MINUTE));
        eprintln!("{}: rows are missing from {} to {}", channel(at), time(gap.start), time(gap.end));
    }
    Ok(())
}
