// SPDX-License-Identifier: Apache-2.0
//! `minamo import`: files of nfcapd, nfdump and Joy into the lake.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_server::lake::types::{LakeImported, LakeUnread};
use minamo_store::Lake;

use crate::cli::{Import, Through};
use crate::commands::place::{Access, make_folder, open_to_write, place, say};
use crate::exported::{self, Exported};
use crate::import::{How, Target, expand, importer};
use crate::{clock, enrichment};

pub(crate) async fn run(args: Import) -> anyhow::Result<()> {
    let files = expand(&args.files)?;
    anyhow::ensure!(!files.is_empty(), "there is no file called nfcapd.* in it");
    let (settings, folder) = place(&args.place)?;
    make_folder(&folder)?;
    let (keep, judged) = (settings.lake()?.keep, Arc::<exported::Counters>::default());
    let (mut target, own): (Target, Option<Arc<Lake>>) = match open_to_write(&folder, &settings).await? {
        Access::Server(server) => (Target::Server(server), None),
        Access::Own(lake) => {
            let home = Arc::new(minamo_state::Definitions::open(&folder.join("state.db"))?);
            let (enricher, _) = enrichment::start(settings.enrich(), home, clock::now())?;
            let lake = Arc::new(*lake);
            let judge = Exported::new(settings.model().read()?).with_counters(Arc::clone(&judged));
            let importer = importer(Arc::clone(&lake), enricher, judge, &folder.join("state.db"))?;
            (Target::Own(Box::new(importer)), Some(lake))
        }
    };
    let how = How { again: args.again, through_nfdump: args.through == Some(Through::Nfdump) };
    let (mut rows, mut done, mut known, mut failed) = (0, 0u64, 0u64, 0u64);
    let mut unread = Unread::default();
    for path in &files {
        match target.file(path, how).await {
            Ok(found) if found.known => known += 1,
            Ok(found) => {
                rows += found.rows;
                done += 1;
                tell(path, &found);
                unread.add(&found);
                too_old(path, found.first.as_deref().and_then(Time::parse), keep);
            }
            Err(error) => {
                failed += 1;
                eprintln!("minamo: {}: {error:#}", path.display());
            }
        }
    }
    unread.tell();
    judged.tell_forgotten();
    drop(target);
    if let Some(lake) = own.and_then(Arc::into_inner) {
        lake.close().await?;
    }
    say(&format!(
        "{rows} flows were imported from {done} files; {known} were imported before (--again imports them)\n"
    ));
    anyhow::ensure!(failed == 0, "{failed} of {} files were not imported", files.len());
    Ok(())
}

/// What of a file is not in the lake, on standard error.
fn tell(path: &Path, found: &LakeImported) {
    let path = path.display();
    if found.skipped > 0 {
        let skipped = found.skipped;
        eprintln!("minamo: {path}: an earlier import had taken in {skipped} flows; this one went on behind them");
    }
    for fault in &found.faults {
        eprintln!("minamo: {path}: {fault}");
    }
    if found.more_faults > 0 {
        eprintln!("minamo: {path}: {} more such faults", found.more_faults);
    }
}

/// What files have that the lake has no place for, in all files together.
#[derive(Default)]
struct Unread {
    extensions: BTreeMap<u16, (Option<String>, u64)>,
    records: BTreeMap<u16, u64>,
    unfit: u64,
    unfit_packets: u64,
    scaled: u64,
}

impl Unread {
    fn add(&mut self, found: &LakeImported) {
        for LakeUnread { number, name, count } in &found.unread_extensions {
            let sum = self.extensions.entry(*number).or_default();
            *sum = (name.clone(), sum.1 + count);
        }
        for LakeUnread { number, count, .. } in &found.unread_records {
            *self.records.entry(*number).or_default() += count;
        }
        self.unfit += found.unfit;
        self.unfit_packets += found.unfit_packets;
        self.scaled += found.scaled;
    }

    fn tell(&self) {
        for (number, (name, count)) in &self.extensions {
            let name = name.as_deref().unwrap_or("unknown");
            eprintln!("minamo: extension {number} ({name}) was left out: it has no column; flows with it: {count}");
        }
        for (kind, count) in &self.records {
            eprintln!("minamo: records of the unknown kind {kind} were left out: {count}");
        }
        if self.unfit > 0 {
            eprintln!("minamo: values too large for their column were left out: {}", self.unfit);
        }
        if self.unfit_packets > 0 {
            eprintln!("minamo: first packets that are not those of their flow tell nothing: {}", self.unfit_packets);
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
