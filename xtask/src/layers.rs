// SPDX-License-Identifier: Apache-2.0
//! The direction of dependencies: a crate depends on crates of lower layers only (`ARCHITECTURE.md`).

use std::fs;

use anyhow::{Context as _, bail};

use crate::root;

/// Layer of each crate; the folder's name is the crate's.
const LAYERS: &[(&str, u8)] = &[
    ("base", 0),
    ("schema", 1),
    ("model", 2),
    ("packet", 2),
    ("filter", 3),
    ("dissect", 3),
    ("flowwire", 3),
    ("rollup", 3),
    ("meter", 4),
    ("detect", 4),
    ("state", 4),
    ("capture", 5),
    ("collect", 5),
    ("store", 5),
    ("sinks", 5),
    ("server", 6),
    ("minamo", 7),
];

/// Reports every edge that does not point down, and every crate without the workspace's lints.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut faults = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|n| n.to_str()).context("a folder's name")?.to_owned();
        let Some(layer) = layer(&name) else {
            faults.push(format!("crates/{name} has no layer: add it to xtask/src/layers.rs"));
            continue;
        };
        let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
        let wanted = manifest.get("lints").is_some();
        if !wanted {
            faults.push(format!("crates/{name} does not inherit the lints"));
        }
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for dependency in dependencies.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("minamo-")) {
            if layer_of(dependency)? >= layer {
                faults.push(format!("crates/{name} (layer {layer}) depends on {dependency}, which is not below it"));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(n, _)| *n == name).map(|(_, layer)| *layer)
}

fn layer_of(name: &str) -> anyhow::Result<u8> {
    layer(name).with_context(|| format!("{name} has no layer"))
}
