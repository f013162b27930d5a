// SPDX-License-Identifier: Apache-2.0
//! Files of the collector that are read at the start, where an error ends the program, and again whenever they change,
//! where an error is told and counted and what was read before stays in force.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::mark::{Mark, mark};

/// Pause between two looks at a file.
const LOOK: Duration = Duration::from_secs(3);

/// A file that is looked at again and again.
pub(crate) struct Watch<T> {
    path: PathBuf,
    mark: Mark,
    load: fn(&Path) -> anyhow::Result<T>,
}

impl<T> Watch<T> {
    /// Marks the file before it is read: what changes in between is read again.
    pub(crate) fn new(path: PathBuf, load: fn(&Path) -> anyhow::Result<T>) -> Self {
        let mark = mark(&path);
        Self { path, mark, load }
    }

    /// The content, where the file has changed.
    pub(crate) fn changed(&mut self) -> Option<anyhow::Result<T>> {
        let now = mark(&self.path);
        (now != std::mem::replace(&mut self.mark, now)).then(|| (self.load)(&self.path))
    }

    /// Looks at the file until the task is ended; gives what was read to `take`, and errors to `refuse`.
    pub(crate) async fn run(mut self, take: impl Fn(T), refuse: impl Fn()) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.changed() {
                None => {}
                Some(Ok(content)) => {
                    take(content);
                    tracing::info!(file = %self.path.display(), "read again");
                }
                Some(Err(error)) => {
                    refuse();
                    tracing::error!("{error:#}; what was read before stays in force");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{elements, exporters};

    #[test]
    fn a_changed_file_is_read_again_once_and_a_bad_one_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("elements.toml");
        let entry = |name: &str| format!("[[element]]\npen = 9\nid = 7\nname = \"{name}\"\ntype = \"string\"\n");
        std::fs::write(&path, entry("first")).expect("written");
        let mut watch = Watch::new(path.clone(), elements::load);
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

    #[test]
    fn so_is_the_file_of_exporters() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("exporters.toml");
        std::fs::write(&path, "").expect("written");
        let mut watch = Watch::new(path.clone(), exporters::load);
        std::fs::write(&path, "[[exporter]]\naddress = '192.0.2.1'\nname = 'core-1'\nallow = true\n").expect("written");
        let known = watch.changed().expect("changed").expect("good");
        assert_eq!(
            known.values().map(|one| (one.name.as_str(), one.allow)).collect::<Vec<_>>(),
            [("core-1", Some(true))]
        );
        std::fs::write(&path, "[[exporter]]\naddress = 'core-1'\n").expect("written");
        let error = format!("{:#}", watch.changed().expect("changed").expect_err("bad"));
        assert!(error.starts_with("collect.exporters: ") && error.contains("exporter 1: address"), "{error}");
    }
}
