// SPDX-License-Identifier: Apache-2.0
//! What the commands on a lake share: where it is, how it is opened, how answers are printed.

use std::path::PathBuf;

use anyhow::Context as _;
use minamo_store::Lake;

use crate::cli::Place;
use crate::clock;
use crate::settings::Settings;

pub(super) fn block_on(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(command)
}

/// Runs a query; an interrupt (Ctrl-C) stops it, and what it put on the disk goes.
pub(super) async fn until_interrupted(query: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::select! {
        answer = query => answer,
        interrupt = tokio::signal::ctrl_c() => {
            interrupt.context("cannot wait for an interrupt")?;
            anyhow::bail!("interrupted")
        }
    }
}

/// Writes to standard output; a reader that went away is no failure.
pub(super) fn say(text: &str) {
    use std::io::Write as _;
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Settings and data folder that the arguments name.
pub(super) fn place(place: &Place) -> anyhow::Result<(Settings, PathBuf)> {
    let settings = Settings::load(place.config.as_deref())?;
    let folder = place.data.clone().unwrap_or_else(|| settings.folder());
    Ok((settings, folder))
}

/// The lake that the arguments name, for reading; a running server keeps its own.
pub(super) fn open_to_read(args: &Place) -> anyhow::Result<Lake> {
    let (settings, folder) = place(args)?;
    let lake = folder.join("lake");
    anyhow::ensure!(
        lake.is_dir(),
        "{}: there is no lake in it; name the data folder with --data or the configuration with --config",
        folder.display()
    );
    Ok(Lake::open_read_only(&lake, settings.lake()?, clock::now)?)
}
