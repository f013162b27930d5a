// SPDX-License-Identifier: Apache-2.0
//! The files of `applications`: a person's services by host name and a person's signatures. They are read at the start,
//! where an error ends the program, and again whenever they change, where an error is told and counted and what was read
//! before stays in force.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "lake")]
use std::time::Duration;

use anyhow::Context as _;
use minamo_dissect::{BadServices, BadSignatures, InForce, Services, Signatures};

use crate::mark::{Mark, mark};

/// Pause between two looks at the files.
#[cfg(feature = "lake")]
const LOOK: Duration = Duration::from_secs(3);
/// Largest file: the most patterns or signatures that are taken have less.
const MAX_FILE: u64 = 32 << 20;

minamo_base::counters! {
    /// What happened to the files of services and signatures.
    pub(crate) struct Counters, pub(crate) static METRICS {
        /// Times that a changed file of services or signatures was not taken because something in it is wrong.
        refused: AtomicU64 = "minamo_applications_refused_files_total" [],
            "The log names line and field; what was read before stays in force until the file is good.";
    }
}

/// Where a person's files are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    /// Services by host name.
    pub(crate) services: Option<PathBuf>,
    /// Signatures.
    pub(crate) signatures: Option<PathBuf>,
}

impl Files {
    /// Reads both; the error names file, line and field.
    pub(crate) fn load(&self) -> anyhow::Result<Own> {
        let own = Own::default();
        if let Some(path) = &self.services {
            own.services.replace(load(path)?);
        }
        if let Some(path) = &self.signatures {
            own.signatures.replace(load(path)?);
        }
        Ok(own)
    }
}

/// What a person has written down and is in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    /// Services by host name.
    pub(crate) services: Arc<InForce<Services>>,
    /// Signatures.
    pub(crate) signatures: Arc<InForce<Signatures>>,
}

impl Own {
    /// A meter's settings with them.
    pub(crate) fn within(&self, settings: minamo_meter::Settings) -> minamo_meter::Settings {
        let (services, signatures) = (Arc::clone(&self.services), Arc::clone(&self.signatures));
        minamo_meter::Settings { services, signatures, ..settings }
    }
}

/// What is written in a file.
pub(crate) trait Written: Sized {
    /// The setting that names the file.
    const SETTING: &'static str;
    /// Why it cannot be read.
    type Bad: std::error::Error + Send + Sync + 'static;

    /// Reads all of it.
    fn read(text: &str) -> Result<Self, Self::Bad>;
}

impl Written for Services {
    const SETTING: &'static str = "applications.file";
    type Bad = BadServices;

    fn read(text: &str) -> Result<Self, BadServices> {
        Self::read(text)
    }
}

impl Written for Signatures {
    const SETTING: &'static str = "applications.signatures";
    type Bad = BadSignatures;

    fn read(text: &str) -> Result<Self, BadSignatures> {
        Self::read(text)
    }
}

/// Reads a file; the error names file, line and field.
pub(crate) fn load<T: Written>(path: &Path) -> anyhow::Result<T> {
    let context = || path.display().to_string();
    let size = std::fs::metadata(path).with_context(context)?.len();
    anyhow::ensure!(size <= MAX_FILE, "{}: got {size} bytes, want at most {MAX_FILE}", path.display());
    let octets = std::fs::read(path).with_context(context)?;
    let text =
        String::from_utf8(octets).ok().context("got octets that are no UTF-8, want text").with_context(context)?;
    T::read(&text).with_context(context)
}

/// Files that are looked at again and again, and what of them is in force.
pub(crate) struct Watch {
    services: Option<Watched<Services>>,
    signatures: Option<Watched<Signatures>>,
    counters: Arc<Counters>,
}

impl Watch {
    /// Reads the files for the first time. They are marked before that: what changes in between is read again.
    pub(crate) fn start(files: &Files, own: &Own, counters: Arc<Counters>) -> anyhow::Result<Self> {
        let services = files.services.as_deref().map(|path| Watched::start(path, &own.services)).transpose()?;
        let signatures = files.signatures.as_deref().map(|path| Watched::start(path, &own.signatures)).transpose()?;
        Ok(Self { services, signatures, counters })
    }

    /// Reads the files that have changed.
    pub(crate) fn look(&mut self) {
        let refused = [
            self.services.as_mut().is_some_and(Watched::is_refused),
            self.signatures.as_mut().is_some_and(Watched::is_refused),
        ];
        for _ in refused.into_iter().filter(|refused| *refused) {
            self.counters.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Looks at the files until the task is ended.
    #[cfg(feature = "lake")]
    pub(crate) async fn run(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }
}

/// One file, and what of it is in force.
struct Watched<T> {
    path: PathBuf,
    mark: Mark,
    home: Arc<InForce<T>>,
}

impl<T: Written> Watched<T> {
    fn start(path: &Path, home: &Arc<InForce<T>>) -> anyhow::Result<Self> {
        let mark = mark(path);
        home.replace(load(path)?);
        Ok(Self { path: path.to_owned(), mark, home: Arc::clone(home) })
    }

    /// Reads the file where it has changed; true where it is wrong.
    fn is_refused(&mut self) -> bool {
        let now = mark(&self.path);
        if now == std::mem::replace(&mut self.mark, now) {
            return false;
        }
        match load(&self.path) {
            Ok(version) => {
                tracing::info!("{}: read again", T::SETTING);
                self.home.replace(version);
                false
            }
            Err(error) => {
                tracing::error!("{}: {error:#}; what was read before stays in force", T::SETTING);
                true
            }
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
        let (own, counters) = (Own::default(), Arc::<Counters>::default());
        let files = Files { services: Some(path.clone()), signatures: None };
        let mut watch = Watch::start(&files, &own, Arc::clone(&counters)).expect("a good file");
        let of = |host: &str| minamo_dissect::service_of(&own.services.current(), host).map(str::to_owned);
        assert_eq!(of("www.erp.example.com").as_deref(), Some("OurERP"));
        std::fs::write(&path, "erp.example.com TheNewERP collaborative\n").expect("written");
        watch.look();
        assert_eq!(of("erp.example.com").as_deref(), Some("TheNewERP"));
        std::fs::write(&path, "erp.example.com\n").expect("written");
        watch.look();
        watch.look();
        assert_eq!(of("erp.example.com").as_deref(), Some("TheNewERP"));
        assert_eq!(counters.refused.load(Ordering::Relaxed), 1, "told once, not at every look");
        let error = Watch::start(&files, &own, counters).err().expect("a bad file");
        let want = format!("{}: line 1: got 1 word(s), want: pattern service [category]", path.display());
        assert_eq!(format!("{error:#}"), want);
    }

    #[test]
    fn signatures_are_read_again_beside_services() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("signatures.toml");
        let file = |at: usize| {
            let condition =
                format!("[[signature]]\nname = \"a\"\napplication = \"A\"\nall = [{{ text = \"x\", at = {at} }}]\n");
            std::fs::write(&path, condition).expect("written");
        };
        file(0);
        let (own, counters) = (Own::default(), Arc::<Counters>::default());
        let files = Files { services: None, signatures: Some(path.clone()) };
        let mut watch = Watch::start(&files, &own, Arc::clone(&counters)).expect("a good file");
        let before = own.signatures.generation();
        watch.look();
        assert_eq!((own.signatures.generation(), own.signatures.current().len()), (before, 1));
        file(12);
        watch.look();
        assert_eq!(own.signatures.generation(), before + 1);
        file(5_000);
        watch.look();
        assert_eq!((own.signatures.generation(), counters.refused.load(Ordering::Relaxed)), (before + 1, 1));
        let error = format!("{:#}", files.load().expect_err("a bad file"));
        let want = format!("{}: line 4, column 27: at: got 5000", path.display());
        assert!(error.starts_with(&want), "{error}");
    }
}
