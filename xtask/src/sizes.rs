// SPDX-License-Identifier: Apache-2.0
//! Long files: a table or one protocol may be long, a mixture may not. A report, not a gate.

use std::fs;
use std::path::Path;

use crate::root;

const LONG: usize = 600;

/// Prints source files over the limit.
#[allow(clippy::print_stdout)]
pub(crate) fn report() -> anyhow::Result<()> {
    for folder in ["crates", "xtask", "web/src"] {
        visit(&root().join(folder), &mut |path, lines| println!("{lines:6} {}", path.display()))?;
    }
    Ok(())
}

fn visit(folder: &Path, out: &mut dyn FnMut(&Path, usize)) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            visit(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "rs" || e == "ts" || e == "tsx") {
            let lines = fs::read_to_string(&path)?.lines().count();
            if lines > LONG {
                out(&path, lines);
            }
        }
    }
    Ok(())
}
