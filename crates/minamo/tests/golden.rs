// SPDX-License-Identifier: Apache-2.0
//! Each small recording of `fixtures/protocols` gives exactly the rows beside it, `<name>.rows.jsonl`, and says the same
//! about what it left out. After a wanted change `MINAMO_BLESS=1 cargo test -p minamo --test golden` writes them
//! anew; whoever reviews reads the difference.

// The helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The recordings, by name.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/protocols");
    let entries = fs::read_dir(folder).expect("in the repository").map(|entry| entry.expect("readable").path());
    let mut found: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "pcap")).collect();
    found.sort();
    found
}

/// Rows of a recording, one per line, and behind them what the program said.
fn rows(recording: &Path) -> String {
    let folder = recording.parent().expect("a folder");
    let name = recording.file_name().expect("a name");
    let mut command = Command::new(env!("CARGO_BIN_EXE_minamo"));
    command.args(["meter", "--format", "jsonl"]).arg(name).current_dir(folder).env("MINAMO_LOG", "error");
    let output = command.output().expect("the program starts");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("UTF-8");
    let mut out: String = text(output.stdout).lines().map(|line| without_verdict(line) + "\n").collect();
    for line in text(output.stderr).lines() {
        out.push_str(&format!("{{\"said\":{line:?}}}\n"));
    }
    out
}

/// The row without the verdict of the classifier, which changes with each model.
fn without_verdict(line: &str) -> String {
    let (Some(from), Some((_, rest))) = (line.find(",\"eta_score\":"), line.split_once("\"eta_model\":\"")) else {
        return line.to_owned();
    };
    let (_, after) = rest.split_once('"').expect("the end of the model's name");
    format!("{}{after}", &line[..from])
}

#[test]
fn recordings_give_the_rows_beside_them() {
    let bless = std::env::var_os("MINAMO_BLESS").is_some();
    let recordings = recordings();
    assert!(recordings.len() > 30, "{recordings:?}");
    let mut differ = Vec::new();
    for recording in recordings {
        let (file, got) = (recording.with_extension("rows.jsonl"), rows(&recording));
        if bless {
            fs::write(&file, &got).expect("written");
            continue;
        }
        let want = fs::read_to_string(&file).unwrap_or_default();
        let (mut got, mut want) = (got.lines(), want.lines());
        loop {
            let (got, want) = (got.next(), want.next());
            if got != want {
                differ.push(format!("{}\n  want {want:?}\n  got  {got:?}", file.display()));
            }
            if got.is_none() || want.is_none() {
                break;
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
