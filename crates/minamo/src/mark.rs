// SPDX-License-Identifier: Apache-2.0
//! Whether a file is still the one that was read: by its time of change and its size.

use std::path::Path;
use std::time::SystemTime;

/// What tells a file from the one that stood there before; nothing where there is none.
pub(crate) type Mark = Option<(SystemTime, u64)>;

/// The mark of a file as it is now.
pub(crate) fn mark(path: &Path) -> Mark {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
