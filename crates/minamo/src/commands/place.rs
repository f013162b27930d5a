// SPDX-License-Identifier: Apache-2.0
//! What the commands on a lake share: where it is, how it is opened, how answers are printed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minamo_server::local::{Client, ClientError};
use minamo_store::{Lake, StoreError};

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

pub(super) use super::say;

/// Settings and data folder that the arguments name.
pub(super) fn place(place: &Place) -> anyhow::Result<(Settings, PathBuf)> {
    let settings = Settings::load(place.config.as_deref())?;
    let settings = match &place.data {
        Some(folder) => settings.in_folder(folder),
        None => settings,
    };
    let folder = place.data.clone().unwrap_or_else(|| settings.folder());
    Ok((settings, folder))
}

/// Makes the data folder where it is not there, for its owner and group only: flows tell what people do, and the state has
/// hashes of passwords.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.recursive(true).create(folder).with_context(|| format!("data.folder: {}", folder.display()))
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

/// Who changes the lake.
pub(super) enum Access {
    /// This program: nobody else has it open.
    Own(Box<Lake>),
    /// The server that runs, which is asked.
    Server(Client),
}

/// Rows and octets that a command's own lake seals at a time, at most.
const SEAL_ROWS: usize = 131_072;
const SEAL_BYTES: usize = 64 << 20;

/// A smaller hot buffer than a server's: rows of an import come as fast as they are sealed, whatever it holds, and an
/// import often runs beside other programs.
fn small_buffer(settings: minamo_store::Settings) -> minamo_store::Settings {
    let (seal_rows, seal_bytes) = (settings.seal_rows.min(SEAL_ROWS), settings.seal_bytes.min(SEAL_BYTES));
    minamo_store::Settings { seal_rows, seal_bytes, stall_factor: 2, ..settings }
}

/// The lake in a data folder, to change it; where a server runs, the way to that.
pub(super) async fn open_to_write(folder: &Path, settings: &Settings) -> anyhow::Result<Access> {
    let found = Client::find(folder).await.map_err(|error| match &error {
        ClientError::Silent { error: cause, .. } if cause.kind() == std::io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!("{error}: want the user that the server runs as, or root")
        }
        _ => error.into(),
    })?;
    if let Some(server) = found {
        return Ok(Access::Server(server));
    }
    match Lake::open(&folder.join("lake"), small_buffer(settings.lake()?), clock::now) {
        Err(error @ StoreError::InUse(_)) => Err(error).context(
            "another program changes the lake, and no server answers for it: try again when that has ended (an import, \
             or another `minamo lake` command)",
        ),
        opened => Ok(Access::Own(Box::new(opened?))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_new_folder_is_not_for_everybody_and_an_old_one_stays_as_it_is() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("a/b");
        let mode = || std::fs::metadata(&folder).expect("there").permissions().mode() & 0o7777;
        make_folder(&folder).expect("made");
        assert_eq!(mode() & 0o027, 0, "{:o}", mode());
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("set");
        make_folder(&folder).expect("there");
        assert_eq!(mode(), 0o755);
        std::fs::write(dir.path().join("file"), "").expect("written");
        let error = make_folder(&dir.path().join("file")).expect_err("no folder").to_string();
        assert!(error.starts_with("data.folder: "), "{error}");
    }
}
