// SPDX-License-Identifier: Apache-2.0
//! The model of encrypted traffic that is in force: the one that comes with the program, or the file that was named. A file
//! that is no model is refused by name; nothing is judged by half a model.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use minamo_eta::model::{MAX_BYTES, Model};

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
