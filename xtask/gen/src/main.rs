// SPDX-License-Identifier: Apache-2.0
//! Generated files: references, OpenAPI, the console's types. Each is a fold over a table in the code.

mod reference;
mod typescript;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Writes every generated file; with `--check` only compares. `labels FILE` makes the table of letters instead.
fn main() -> anyhow::Result<()> {
    let check = std::env::args().nth(1).is_some_and(|argument| argument == "--check");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    if std::env::args().nth(1).is_some_and(|argument| argument == "labels") {
        return labels(&root);
    }
    let openapi = minamo_server::openapi();
    let files = [
        ("docs/reference/elements.md", reference::elements()),
        ("docs/reference/fields.md", reference::fields()),
        ("docs/reference/metrics.md", reference::metrics()),
        ("docs/reference/protocols.md", reference::protocols()),
        ("docs/reference/risks.md", reference::risks()),
        ("docs/reference/rules.md", reference::rules()?),
        ("docs/reference/services.md", reference::services()),
        ("docs/reference/settings.md", reference::settings()),
        ("docs/reference/tunnels.md", reference::tunnels()),
        ("web/src/gen/api.ts", typescript::api(&openapi)?),
        ("web/src/gen/columns.ts", typescript::columns()?),
        ("web/src/gen/reasons.ts", typescript::reasons()),
        ("web/src/gen/risks.ts", typescript::risks()),
        ("openapi/v1.json", format!("{openapi}\n")),
    ];
    let mut stale = Vec::new();
    for (path, text) in files {
        let file = root.join(path);
        if fs::read_to_string(&file).unwrap_or_default() == text {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            fs::write(&file, text).with_context(|| path.to_owned())?;
            eprintln!("wrote {path}");
        }
    }
    if stale.is_empty() { Ok(()) } else { bail!("not up to date: {}; run `cargo xtask gen`", stale.join(", ")) }
}

/// Makes the table of letters in names from a file of labels, one a line.
fn labels(root: &Path) -> anyhow::Result<()> {
    let file = std::env::args().nth(2).context("labels: want a file with a label on each line")?;
    let text = fs::read_to_string(&file).with_context(|| file.clone())?;
    let labels: std::collections::BTreeSet<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    fs::write(root.join("crates/detect/src/method/labels.bin"), minamo_detect::method::train(labels.iter().copied()))?;
    eprintln!("the table is made of {} labels", labels.len());
    Ok(())
}
