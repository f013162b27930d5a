// SPDX-License-Identifier: Apache-2.0
//! The model of encrypted traffic that is in force: the file that was named, the one of the installed bundle, or the one that
//! comes with the program. A file that is no model is refused by name; nothing is judged by half a model.

use std::path::Path;
#[cfg(feature = "lake")]
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
#[cfg(feature = "lake")]
use minamo_eta::bundle::Bundle;
#[cfg(feature = "lake")]
use minamo_eta::judge::InForce;
use minamo_eta::model::{MAX_BYTES, Model};

#[cfg(feature = "lake")]
use crate::bundles::Place;
#[cfg(feature = "lake")]
use crate::mark::{Mark, mark};

/// The model of the file; without one, the model that comes with the program.
pub(crate) fn model(file: Option<&Path>) -> anyhow::Result<Arc<Model>> {
    let Some(path) = file else {
        return Ok(Arc::new(Model::embedded().context("the model that comes with the program")?));
    };
    let name = || path.display().to_string();
    let size = std::fs::metadata(path).with_context(name)?.len();
    anyhow::ensure!(size <= MAX_BYTES as u64, "{}: it has {size} octets, a model at most {MAX_BYTES}", name());
    let model = Model::from_bytes(&std::fs::read(path).with_context(name)?).with_context(name)?;
    Ok(Arc::new(model))
}

/// Says on standard error how many pairs of hosts were forgotten because there were too many, where any were.
pub(crate) fn tell_forgotten(pairs: u64) {
    if pairs > 0 {
        eprintln!("minamo: {pairs} pair(s) of hosts forgotten: that their sessions repeat is seen later");
    }
}

/// Where a server's model comes from.
#[cfg(feature = "lake")]
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// `eta.model`.
    pub(crate) file: Option<PathBuf>,
    /// Where bundles are installed.
    pub(crate) bundles: Option<Place>,
}

#[cfg(feature = "lake")]
impl Origin {
    /// The model: what the settings name comes before what a bundle brings.
    pub(crate) fn read(&self) -> anyhow::Result<Arc<Model>> {
        if self.file.is_some() {
            return model(self.file.as_deref()).context("eta.model");
        }
        Self::of(self.bundles.as_ref().map_or(Ok(None), Place::current).context("bundle")?)
    }

    /// The same for a server that starts ([`Place::at_start`]).
    pub(crate) fn at_start(&self) -> anyhow::Result<Arc<Model>> {
        if self.file.is_some() { self.read() } else { Self::of(self.bundles.as_ref().and_then(Place::at_start)) }
    }

    /// The model of a bundle; without one, the model that comes with the program.
    fn of(bundle: Option<Bundle>) -> anyhow::Result<Arc<Model>> {
        match bundle.map(|bundle| bundle.model()).transpose().context("bundle")?.flatten() {
            Some(model) => Ok(Arc::new(model)),
            None => model(None),
        }
    }

    fn mark(&self) -> [Mark; 2] {
        [self.file.as_deref().and_then(mark), self.bundles.as_ref().and_then(Place::mark)]
    }

    /// Takes a model that changed into force, until the task is ended. A bad one changes nothing.
    pub(crate) async fn follow(self, in_force: Arc<InForce>) {
        let mut before = self.mark();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.mark();
            if now == before {
                continue;
            }
            before = now;
            let origin = self.clone();
            match tokio::task::spawn_blocking(move || origin.read()).await {
                Ok(Ok(model)) => {
                    tracing::info!(model = model.label(), "another model judges from now on");
                    in_force.set(model);
                }
                Ok(Err(error)) => tracing::error!("{error:#}; the model before stays in force"),
                Err(error) => tracing::error!(%error, "the model cannot be read; the one before stays in force"),
            }
        }
    }
}

/// Pause between two looks at the files.
#[cfg(feature = "lake")]
const LOOK: std::time::Duration = std::time::Duration::from_secs(3);
