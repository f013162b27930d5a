// SPDX-License-Identifier: Apache-2.0
//! The file of `collect.elements`: read at the start, where an error ends the program, and again whenever it changes,
//! where an error is told and counted and what was read before stays in force.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use minamo_collect::{Counters, Elements, Exporters};

use crate::mark::{Mark, mark};

/// Pause between two looks at the file.
const LOOK: Duration = Duration::from_secs(3);

/// Reads the file; the error names setting, file and line.
pub(crate) fn load(path: &Path) -> anyhow::Result<Arc<Elements>> {
    let context = || format!("collect.elements: {}", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    Ok(Arc::new(Elements::parse(&text).with_context(context)?))
}

/// A file that is looked at again and again.
pub(crate) struct Watch {
    path: PathBuf,
    mark: Mark,
}

impl Watch {
    /// Marks the file before it is read: what changes in between is read again.
    pub(crate) fn new(path: PathBuf) -> Self {
        let mark = mark(&path);
        Self { path, mark }
    }

    /// The elements, where the file has changed.
    fn changed(&mut self) -> Option<anyhow::Result<Arc<Elements>>> {
        let now = mark(&self.path);
        (now != std::mem::replace(&mut self.mark, now)).then(|| load(&self.path))
    }

    /// Looks at the file until the task is ended.
    pub(crate) async fn run(mut self, exporters: Exporters, counters: Arc<Counters>) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.changed() {
                None => {}
                Some(Ok(elements)) => {
                    exporters.set_elements(&elements);
                    tracing::info!(elements = elements.len(), "collect.elements: read again");
                }
                Some(Err(error)) => {
                    counters.elements_refused();
                    tracing::error!("{error:#}; what was read before stays in force");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_once_and_a_bad_one_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("elements.toml");
        let entry = |name: &str| format!("[[element]]\npen = 9\nid = 7\nname = \"{name}\"\ntype = \"string\"\n");
        std::fs::write(&path, entry("first")).expect("written");
        let mut watch = Watch::new(path.clone());
        assert!(watch.changed().is_none());
        std::fs::write(&path, entry("the_second")).expect("written");
        assert_eq!(watch.changed().expect("changed").expect("good").len(), 1);
        assert!(watch.changed().is_none());
        std::fs::write(&path, entry("no good")).expect("written");
        let error = watch.changed().expect("changed").expect_err("bad");
        assert!(format!("{error:#}").contains("elements.toml: line 1: name: got \"no good\""), "{error:#}");
        std::fs::remove_file(&path).expect("removed");
        assert!(watch.changed().expect("gone").is_err());
    }
}
