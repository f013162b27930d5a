// SPDX-License-Identifier: Apache-2.0
//! The repository's own recordings as seeds.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minamo_capture::{CaptureFile, expand};
use minamo_packet::LinkType;

/// Frames of one recording that seeds are made of: enough for a handshake.
const FRAMES: usize = 24;

/// The recordings of a folder under `fixtures/`.
pub(crate) fn files(root: &Path, folder: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = expand(&[root.join("fixtures").join(folder)])?;
    files.retain(|file| file.extension().is_some_and(|e| e == "pcap" || e == "zst"));
    Ok(files)
}

/// The first frames of a recording.
pub(crate) fn frames(file: &Path) -> anyhow::Result<Vec<(LinkType, Vec<u8>)>> {
    let mut capture = CaptureFile::open(file)?;
    let mut frames = Vec::new();
    while frames.len() < FRAMES
        && let Some(frame) = capture.next_frame().with_context(|| file.display().to_string())?
    {
        frames.push((frame.link, frame.data.to_vec()));
    }
    Ok(frames)
}
