// SPDX-License-Identifier: Apache-2.0
//! The direction of dependencies: a crate depends on crates of lower layers only (`ARCHITECTURE.md`).

use std::fs;
use std::path::Path;

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
    ("eta", 3),
    ("flowwire", 3),
    ("rollup", 3),
    ("capture", 4),
    ("meter", 4),
    ("pair", 4),
    ("detect", 4),
    ("enrich", 4),
    ("state", 4),
    ("collect", 5),
    ("store", 5),
    ("sinks", 5),
    ("server", 6),
    ("minamo", 7),
];

/// Crates whose lints may differ from the workspace's: crate, lint, its level there.
const EXCEPTIONS: &[(&str, &str, &str)] = &[("capture", "unsafe_code", "deny")];

/// Reports every edge that does not point down, and every crate whose lints are not the workspace's.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut faults = Vec::new();
    let lints = workspace_lints()?;
    for folder in ["xtask", "xtask/fuzz", "xtask/gen"] {
        faults.extend(lint_fault(folder, &manifest(&root().join(folder))?, &lints));
    }
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|n| n.to_str()).context("a folder's name")?.to_owned();
        let Some(layer) = layer(&name) else {
            faults.push(format!("crates/{name} has no layer: add it to xtask/src/layers.rs"));
            continue;
        };
        let manifest = manifest(&folder)?;
        faults.extend(lint_fault(&name, &manifest, &lints));
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

fn manifest(folder: &Path) -> anyhow::Result<toml::Table> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    text.parse().with_context(|| path.display().to_string())
}

fn workspace_lints() -> anyhow::Result<toml::Table> {
    let lints = manifest(&root())?.get("workspace").and_then(|w| w.get("lints")?.as_table().cloned());
    lints.context("the root manifest has no lints")
}

/// What is wrong with a crate's lints: they are inherited, or all there at the same level but for its exceptions.
fn lint_fault(name: &str, manifest: &toml::Table, workspace: &toml::Table) -> Option<String> {
    let own = manifest.get("lints").and_then(toml::Value::as_table);
    let own = own.cloned().unwrap_or_default();
    if own.get("workspace").and_then(toml::Value::as_bool) == Some(true) {
        return None;
    }
    let mut wanted = workspace.clone();
    for (_, lint, level) in EXCEPTIONS.iter().filter(|(exception, ..)| *exception == name) {
        for group in wanted.iter_mut().filter_map(|(_, group)| group.as_table_mut()) {
            if let Some(value) = group.get_mut(*lint) {
                *value = (*level).into();
            }
        }
    }
    (own != wanted).then(|| format!("{name}: its lints are not the workspace's"))
}

fn layer(name: &str) -> Option<u8> {
    LAYERS.iter().find(|(n, _)| *n == name).map(|(_, layer)| *layer)
}

fn layer_of(name: &str) -> anyhow::Result<u8> {
    layer(name).with_context(|| format!("{name} has no layer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> toml::Table {
        text.parse().expect("TOML")
    }

    #[test]
    fn lints_are_inherited_or_the_same() {
        let lints = table("[rust]\nunsafe_code = 'forbid'\n[clippy]\npanic = 'warn'");
        let fault = |name, manifest| lint_fault(name, &table(manifest), &lints).is_some();
        assert!(!fault("base", "[lints]\nworkspace = true"));
        assert!(fault("base", ""));
        assert!(fault("base", "[lints.rust]\nunsafe_code = 'forbid'"));
        let excepted = "[lints.rust]\nunsafe_code = 'deny'\n[lints.clippy]\npanic = 'warn'";
        assert!(!fault("capture", excepted));
        assert!(fault("base", excepted));
        assert!(fault("capture", "[lints.rust]\nunsafe_code = 'deny'\n[lints.clippy]\npanic = 'allow'"));
    }
}
