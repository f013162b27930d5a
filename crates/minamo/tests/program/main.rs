// SPDX-License-Identifier: Apache-2.0
//! The program as a person runs it: on our recordings, on wrong input, and killed in the middle.

// The helpers of tests fail by panicking, and tell on standard output what they skip.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod alerts;
mod attacks;
mod bundles;
mod captures;
mod collect;
mod corpora;
mod damaged;
mod detection;
mod encrypted;
mod export;
mod known;
mod lake;
#[path = "../../../capture/tests/namespace/mod.rs"]
mod namespace;
mod probe;
mod rules;
mod score;
mod server;
mod sets;
mod signature;
mod wrong_input;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the program in the root of the repository.
fn minamo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minamo"));
    command.args(arguments).current_dir(root()).env("MINAMO_LOG", "error");
    command.output().expect("the program starts")
}

/// Runs the program, which must succeed, and returns its standard output.
fn stdout(arguments: &[&str]) -> String {
    let output = minamo(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The flows of captures, as JSON.
fn flows(captures: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["meter"];
    arguments.extend(captures);
    stdout(&arguments).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What a referee that is not this program found in our recordings.
fn expected(folder: &str) -> Value {
    let text = std::fs::read_to_string(root().join(folder).join("expected.json")).expect("in the repository");
    serde_json::from_str(&text).expect("JSON")
}
