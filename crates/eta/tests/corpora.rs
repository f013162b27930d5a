// SPDX-License-Identifier: Apache-2.0
//! Training on the corpora, where they are there: the recipe keeps what it reached with corpora left out. `make model` writes the
//! model and its card; the program tells sessions in another order, so that its model is not this one, octet for octet.

// The helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use minamo_capture::CaptureFile;
use minamo_eta::certta;
use minamo_eta::dataset::{ConnectionLabels, Dataset, read_index};
use minamo_eta::evaluate::{Report, elsewhere, evaluate};
use minamo_eta::joy::Joy;
use minamo_eta::learn::Material;
use minamo_eta::train::Recipe;
use minamo_meter::{Groups, Meter, Settings};
use minamo_model::Flow;
use minamo_packet::decode;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// With counts of octet values, which models may ask for.
fn settings() -> Settings {
    Settings { groups: Groups { bd: true, ..Groups::ALL }, ..Settings::default() }
}

fn rows(path: &Path) -> Vec<Flow> {
    let mut file = CaptureFile::open(path).expect("a capture");
    let (mut meter, mut out) = (Meter::new(settings()), Vec::new());
    // A capture may be cut: what is there is metered.
    while let Ok(Some(frame)) = file.next_frame() {
        if let Ok(packet) = decode(frame.link, frame.data) {
            meter.packet(frame.time, &packet, &mut |row| out.push(row));
        }
    }
    meter.finish(&mut |row| out.push(row));
    out
}

fn dataset(corpora: &Path) -> Dataset {
    let text = |name: &str| fs::read_to_string(corpora.join(name)).expect("readable");
    let connections = ConnectionLabels::read(&text("eta/malicious-tls/flows.jsonl")).expect("labels");
    let mut set = Dataset::default();
    for label in read_index(&text("eta/tls-index.jsonl")).expect("an index") {
        set.add(&label, rows(&corpora.join(&label.pcap)), &connections);
    }
    // Beside the corpora what we recorded ourselves.
    let own = root().join("fixtures");
    for label in read_index(&fs::read_to_string(own.join("eta/index.jsonl")).expect("readable")).expect("an index") {
        set.add(&label, rows(&own.join(&label.pcap)), &ConnectionLabels::default());
    }
    set
}

/// Connections of a laboratory that no training saw.
fn sequences(corpora: &Path) -> Vec<(String, Flow)> {
    let folder = corpora.join("eta/certta/CICDOH20");
    let mut text = String::new();
    let file = fs::File::open(folder.join("flows.json.gz")).expect("readable");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    certta::read(&text, &fs::read_to_string(folder.join("labels.json")).expect("readable")).expect("connections")
}

#[test]
fn the_recipe_finds_malware_of_corpora_that_it_did_not_see() {
    let corpora = root().join("../shared/corpora");
    if !corpora.join("eta/tls-index.jsonl").is_file() {
        eprintln!("skipped: there are no corpora in {}", corpora.display());
        return;
    }
    let set = dataset(&corpora);
    assert!(set.cases.len() > 1_500, "{} sessions", set.cases.len());
    let joy = ["logreg_parameters_tls", "logreg_parameters"].map(|name| {
        let text = fs::read_to_string(corpora.join(format!("eta/joy/reference/{name}.txt"))).expect("weights");
        Joy::read(name, &text).expect("weights")
    });
    let material = Material::new(&set, Recipe::default());
    let (model, _) = material.model("minamo").expect("a model");
    let elsewhere = elsewhere(&model, &sequences(&corpora));
    let report = evaluate(&material, &joy).expect("an evaluation");
    let report = Report { elsewhere, ..report };
    let share = |name: &str| {
        let found = report.elsewhere.iter().find(|found| found.name == name).expect("a class");
        found.taken as f64 / found.sessions as f64
    };
    eprintln!("taken for tunnels elsewhere: {:?}", report.elsewhere);
    assert!(share("benign") < 0.05 && share("iodine") > 0.7 && share("dnscat2") > 0.7);
    let two = |name: &str| {
        report.areas.iter().find(|areas| areas.name.starts_with(name)).and_then(|areas| areas.two).expect("an area")
    };
    let (all, rule) = (two("all features"), two("rule: JA4"));
    let joy = two("Joy's published weights (2019), `logreg_parameters_tls`");
    eprintln!("areas with two corpora left out: all {all:.3}, JA4 {rule:.3}, Joy {joy:.3}");
    assert!(all > 0.85 && all > rule && all > joy, "all {all:.3}, JA4 {rule:.3}, Joy {joy:.3}");
}
