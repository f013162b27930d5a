// SPDX-License-Identifier: Apache-2.0
//! The file of `collect.elements`: elements that the operator adds to the registries.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use minamo_collect::Elements;

/// Reads the file; the error names setting, file and line.
pub(crate) fn load(path: &Path) -> anyhow::Result<Arc<Elements>> {
    let context = || format!("collect.elements: {}", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    Ok(Arc::new(Elements::parse(&text).with_context(context)?))
}
