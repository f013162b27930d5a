// SPDX-License-Identifier: Apache-2.0
//! The file of `applications.file`: a person's services by host name. It is read at the start, where an error ends the
//! program, and again whenever it changes, where an error is told and counted and what was read before stays in force.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "lake")]
use std::time::Duration;

use anyhow::Context as _;
use minamo_dissect::{OwnServices, Services};

use crate::mark::{Mark, mark};

/// Pause between two looks at the file.
#[cfg(feature = "lake")]
const LOOK: Duration = Duration::from_secs(3);
/// Largest file: the most patterns that are taken have less.
const MAX_FILE: u64 = 32 << 20;

minamo_base::counters! {
    /// What happened to the file of services.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Times that a changed file of services was not taken because something in it is wrong.
        refused: AtomicU64 = "minamo_applications_refused_files_total" [],
            "The log names line and field; the services that were read before stay in force until the file is good.";
    }
}

/// Reads the file; the error names file, line and field.
pub(crate) fn load(path: &Path) -> anyhow::Result<Services> {
    let context = || path.display().to_string();
    let size = std::fs::metadata(path).with_context(context)?.len();
    anyhow::ensure!(size <= MAX_FILE, "{}: got {size} bytes, want at most {MAX_FILE}", path.display());
    let octets = std::fs::read(path).with_context(context)?;
    let text =
        String::from_utf8(octets).ok().context("got octets that are no UTF-8, want text").with_context(context)?;
    Services::read(&text).with_context(context)
}

/// A file that is looked at again and again, and the services that are in force.
pub(crate) struct Watch {
    path: PathBuf,
    mark: Mark,
    own: Arc<OwnServices>,
    counters: Arc<Counters>,
}

impl Watch {
    /// Reads the file for the first time. It is marked before that: what changes in between is read again.
    pub(crate) fn start(path: PathBuf, own: Arc<OwnServices>, counters: Arc<Counters>) -> anyhow::Result<Self> {
        let mark = mark(&path);
        own.replace(load(&path)?);
        Ok(Self { path, mark, own, counters })
    }

    /// Reads the file where it has changed.
    pub(crate) fn look(&mut self) {
        let now = mark(&self.path);
        if now == std::mem::replace(&mut self.mark, now) {
            return;
        }
        match load(&self.path) {
            Ok(services) => {
                tracing::info!(patterns = services.len(), "applications.file: read again");
                self.own.replace(services);
            }
            Err(error) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!("applications.file: {error:#}; what was read before stays in force");
            }
        }
    }

    /// Looks at the file until the task is ended.
    #[cfg(feature = "lake")]
    pub(crate) async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_in_force_and_a_bad_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("services.txt");
        std::fs::write(&path, "erp.example.com OurERP collaborative\n").expect("written");
        let (own, counters) = (Arc::<OwnServices>::default(), Arc::<Counters>::default());
        let mut watch = Watch::start(path.clone(), Arc::clone(&own), Arc::clone(&counters)).expect("a good file");
        let of = |host: &str| minamo_dissect::service_of(&own.current(), host).map(str::to_owned);
        assert_eq!(of("www.erp.example.com").as_deref(), Some("OurERP"));
        std::fs::write(&path, "erp.example.com TheNewERP collaborative\n").expect("written");
        watch.look();
        assert_eq!(of("erp.example.com").as_deref(), Some("TheNewERP"));
        std::fs::write(&path, "erp.example.com\n").expect("written");
        watch.look();
        watch.look();
        assert_eq!(of("erp.example.com").as_deref(), Some("TheNewERP"));
        assert_eq!(counters.refused.load(Ordering::Relaxed), 1, "told once, not at every look");
        let error = Watch::start(path.clone(), own, counters).err().expect("a bad file");
        let want = format!("{}: line 1: got 1 word(s), want: pattern service [category]", path.display());
        assert_eq!(format!("{error:#}"), want);
    }
}
