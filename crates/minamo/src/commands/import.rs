// SPDX-License-Identifier: Apache-2.0
//! `minamo import`: files of nfcapd and nfdump into the lake.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use minamo_base::Time;
use minamo_flowwire::nfdump::{Account, extension_name};
use minamo_state::Imports;
use minamo_store::{Lake, StoreError};

use crate::cli::{Import, Through};
use crate::commands::place::{place, say};
use crate::import::{Importer, Outcome, expand};
use crate::{clock, enrichment};

pub(crate) async fn run(args: Import) -> anyhow::Result<()> {
    let files = expand(&args.files)?;
    anyhow::ensure!(!files.is_empty(), "there is no file called nfcapd.* in it");
    let (settings, folder) = place(&args.place)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("data.folder: {}", folder.display()))?;
    let of_lake = settings.lake()?;
    let keep = of_lake.keep;
    let lake = match Lake::open(&folder.join("lake"), of_lake, clock::now) {
        Err(StoreError::InUse(_)) => anyhow::bail!(
            "{}: a running server has the lake open, and an import writes to it: stop the server for that time",
            folder.display()
        ),
        opened => Arc::new(opened?),
    };
    let home = Arc::new(minamo_state::Definitions::open(&folder.join("state.db"))?);
    let (enricher, _) = enrichment::start(settings.enrich(), home, clock::now())?;
    let mut importer = Importer {
        lake: Arc::clone(&lake),
        enricher,
        imports: Imports::open(&folder.join("state.db"))?,
        again: args.again,
        through_nfdump: args.through == Some(Through::Nfdump),
    };
    let (mut rows, mut done, mut known, mut failed) = (0, 0u64, 0u64, 0u64);
    let mut unread = Unread::default();
    for path in &files {
        match importer.file(path).await {
            Ok(Outcome::Known) => known += 1,
            Ok(Outcome::Done { rows: new, skipped, account, first }) => {
                rows += new;
                done += 1;
                tell(path, skipped, &account);
                unread.add(&account);
                too_old(path, first, keep);
            }
            Err(error) => {
                failed += 1;
                eprintln!("minamo: {}: {error:#}", path.display());
            }
        }
    }
    unread.tell();
    drop(importer);
    if let Ok(lake) = Arc::try_unwrap(lake) {
        lake.close().await?;
    }
    say(&format!(
        "{rows} flows were imported from {done} files; {known} were imported before (--again imports them)\n"
    ));
    anyhow::ensure!(failed == 0, "{failed} of {} files were not imported", files.len());
    Ok(())
}

/// What of a file is not in the lake, on standard error.
fn tell(path: &Path, skipped: u64, account: &Account) {
    let path = path.display();
    if skipped > 0 {
        eprintln!("minamo: {path}: an earlier import had taken in {skipped} flows; this one went on behind them");
    }
    for fault in &account.faults {
        eprintln!("minamo: {path}: {fault}");
    }
    let more = (account.bad_blocks + account.bad_records).saturating_sub(account.faults.len() as u64);
    if more > 0 {
        eprintln!("minamo: {path}: {more} more such faults");
    }
}

/// What files have that the lake has no place for, in all files together.
#[derive(Default)]
struct Unread {
    extensions: BTreeMap<u16, u64>,
    records: BTreeMap<u16, u64>,
    unfit: u64,
    scaled: u64,
}

impl Unread {
    fn add(&mut self, account: &Account) {
        for (number, count) in &account.unread_extensions {
            *self.extensions.entry(*number).or_default() += count;
        }
        for (kind, count) in &account.unread_records {
            *self.records.entry(*kind).or_default() += count;
        }
        self.unfit += account.unfit;
        self.scaled += account.scaled;
    }

    fn tell(&self) {
        for (number, count) in &self.extensions {
            let name = extension_name(*number).unwrap_or("unknown");
            eprintln!("minamo: extension {number} ({name}) was left out: it has no column; flows with it: {count}");
        }
        for (kind, count) in &self.records {
            eprintln!("minamo: records of the unknown kind {kind} were left out: {count}");
        }
        if self.unfit > 0 {
            eprintln!("minamo: values too large for their column were left out: {}", self.unfit);
        }
        if self.scaled > 0 {
            eprintln!("minamo: sampled flows whose counters nfcapd had scaled already: {}", self.scaled);
        }
    }
}

/// Retention goes by the time of the flow: what is older than `lake.keep` goes at once.
fn too_old(path: &Path, first: Option<Time>, keep: Option<Duration>) {
    if let (Some(first), Some(keep)) = (first, keep)
        && first < clock::now() - keep
    {
        eprintln!(
            "minamo: {}: its flows begin at {first}, longer ago than lake.keep: retention deletes them unless a hold \
             or a class keeps them",
            path.display()
        );
    }
}
