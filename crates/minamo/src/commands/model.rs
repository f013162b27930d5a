// SPDX-License-Identifier: Apache-2.0
//! `minamo model`: trains, evaluates, explains, signs and installs models of encrypted traffic.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use minamo_eta::bundle;
use minamo_eta::card::card;
use minamo_eta::dataset::{CaptureLabel, ConnectionLabels, Dataset, read_index};
use minamo_eta::evaluate::evaluate;
use minamo_eta::explain::explain;
use minamo_eta::features::{FEATURES, Scratch};
use minamo_eta::joy::Joy;
use minamo_eta::judge::Judge;
use minamo_eta::learn::Material;
use minamo_eta::metrics::{Judged, above, auc, calibration_error, threshold_at};
use minamo_eta::model::{Class, Model};
use minamo_eta::train::Recipe;
use minamo_meter::{Groups, Settings};
use minamo_model::Flow;

use crate::cli::{Labelled, Language, ModelCommand};
use crate::commands::say;
use crate::judge::model;
use crate::read;

/// Longest that fetching a bundle may take.
#[cfg(feature = "lake")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

pub(crate) fn run(command: ModelCommand) -> anyhow::Result<()> {
    match command {
        ModelCommand::Train { labelled, name, out, card } => train(&labelled, &name, &out, &card),
        ModelCommand::Evaluate { labelled, model } => judge_all(&labelled, model.as_deref()),
        ModelCommand::Explain { captures, model, language } => explain_all(&captures, model.as_deref(), language),
        ModelCommand::Export { labelled, out } => export(&labelled, &out),
        ModelCommand::Key { out } => key(&out),
        ModelCommand::Sign { model: file, key, out } => {
            let model = model(file.as_deref())?;
            let signed = bundle::sign(&model, &read_file(&key)?)?;
            write(&out, &signed)
        }
        ModelCommand::Install { bundle, key, to } => install(&bundle, &key, &to),
    }
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Writes a file whole or not at all.
fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|name| name.to_str()).context("want the name of a file")?;
    let partial = folder.join(format!(".{name}.partial"));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    written.with_context(|| path.display().to_string())
}

/// Rows of captures, in the order in which the meter told them.
fn rows(files: &[PathBuf]) -> anyhow::Result<Vec<Flow>> {
    let mut out = Vec::new();
    let hidden = indicatif::ProgressBar::hidden();
    // With counts of octet values, which models may ask for.
    let groups = Groups { bd: true, ..Groups::ALL };
    let job = read::Job::of(files, Settings { groups, ..Settings::default() });
    let report = read::meter(&job, &hidden, &mut |row: Flow| {
        out.push(row);
        true
    });
    if report.nothing_read() {
        report.tell();
        bail!("nothing could be read");
    }
    Ok(out)
}

/// The sessions of labelled captures. A capture that cannot be read is an error: a data set must not shrink in silence.
fn dataset(labelled: &Labelled) -> anyhow::Result<Dataset> {
    let named = |path: &Path, error: String| anyhow::anyhow!("{}: {error}", path.display());
    let index = read_index(&text(&labelled.index)?).map_err(|error| named(&labelled.index, error))?;
    let connections = match &labelled.connections {
        Some(path) => ConnectionLabels::read(&text(path)?).map_err(|error| named(path, error))?,
        None => ConnectionLabels::default(),
    };
    let folder = match &labelled.folder {
        Some(folder) => folder.clone(),
        None => labelled.index.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default(),
    };
    let mut set = Dataset::default();
    for label in &index {
        set.add(label, capture(&folder, label)?, &connections);
    }
    for (reason, count) in &set.left_out {
        eprintln!("minamo: {count} session(s) left out: {reason}");
    }
    ensure!(!set.cases.is_empty(), "there is no TLS session in the labelled captures");
    Ok(set)
}

fn capture(folder: &Path, label: &CaptureLabel) -> anyhow::Result<Vec<Flow>> {
    let path = folder.join(&label.pcap);
    rows(std::slice::from_ref(&path)).with_context(|| path.display().to_string())
}

fn train(labelled: &Labelled, name: &str, out: &Path, card_file: &Path) -> anyhow::Result<()> {
    ensure!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        "want letters, digits and - in the name"
    );
    let joy = match &labelled.joy {
        Some(path) => Some(Joy::read(&text(path)?).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?),
        None => None,
    };
    let set = dataset(labelled)?;
    eprintln!("minamo: {} sessions of {} corpora", set.cases.len(), set.corpora().len());
    let material = Material::new(&set.cases, Recipe::default());
    let model = material.model(name)?;
    eprintln!("minamo: trained; now leaving corpora and families out");
    let report = evaluate(&material, joy.as_ref())?;
    write(out, &model.to_bytes()?)?;
    write(card_file, card(&model, &report).as_bytes())?;
    for areas in &report.areas {
        let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        eprintln!(
            "minamo: area, one and two corpora left out: {} {}  {}",
            number(areas.one),
            number(areas.two),
            areas.name
        );
    }
    eprintln!("minamo: {} written to {}, its card to {}", model.label(), out.display(), card_file.display());
    Ok(())
}

/// What a model says of labelled captures, by corpus and family.
fn judge_all(labelled: &Labelled, file: Option<&Path>) -> anyhow::Result<()> {
    let model = model(file)?;
    let set = dataset(labelled)?;
    let mut scratch = Scratch::default();
    let mut judged: Vec<Judged> = Vec::new();
    let mut counts: BTreeMap<(bool, &str), [usize; 3]> = BTreeMap::new();
    for case in &set.cases {
        let verdict = model.judge(&case.values(&mut scratch));
        judged.push((verdict.probability, case.malware));
        let name = if case.malware { case.family.as_deref().unwrap_or("unnamed") } else { case.corpus.as_str() };
        let column = match verdict.class {
            Class::Benign => 0,
            Class::MalwareC2 => 1,
            Class::Unknown => 2,
        };
        if let Some(cell) = counts.entry((case.malware, name)).or_default().get_mut(column) {
            *cell += 1;
        }
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let threshold = threshold_at(&judged, 0.01);
    let mut out = format!("model {}\n", model.label());
    out += &format!("area under the curve {}\n", number(auc(&judged)));
    out += &format!("malware found at 1 % of benign sessions {}\n", number(above(&judged, true, threshold)));
    out += &format!("expected calibration error {:.3}\n", calibration_error(&judged));
    out += "sessions: taken for benign, malware, unknown\n";
    for ((malware, name), [benign, c2, unknown]) in counts {
        out += &format!("{} {name}: {benign}, {c2}, {unknown}\n", if malware { "malware" } else { "benign" });
    }
    say(&out);
    Ok(())
}

/// Why each session of captures is what it is taken for.
fn explain_all(captures: &[PathBuf], file: Option<&Path>, language: Language) -> anyhow::Result<()> {
    let mut judge = Judge::new(model(file)?);
    let mut out = String::new();
    for mut flow in rows(&minamo_capture::expand(captures)?)? {
        let Some(values) = judge.judge(&mut flow) else { continue };
        let core = &flow.core;
        let eta = flow.eta.as_deref();
        let (class, score) =
            (eta.and_then(|eta| eta.class.as_deref()).unwrap_or_default(), eta.and_then(|eta| eta.score));
        let name = flow.tls.as_deref().and_then(|tls| tls.sni.as_deref()).unwrap_or("-");
        out += &format!(
            "{} {} -> {} {} {name}: {class} {:.3}\n",
            core.src_ip.to_std(),
            core.src_port,
            core.dst_ip.to_std(),
            core.dst_port,
            score.unwrap_or(0.0)
        );
        for reason in explain(judge.model(), &values, 5) {
            let words = if language == Language::Ja { &reason.ja } else { &reason.en };
            out += &format!("  {:+.2} {words}\n", reason.contribution);
        }
    }
    if out.is_empty() {
        out = "there is no TLS session in the captures\n".to_owned();
    }
    say(&out);
    Ok(())
}

/// Features and labels as CSV, for whoever wants to learn with other tools.
fn export(labelled: &Labelled, out: &Path) -> anyhow::Result<()> {
    let set = dataset(labelled)?;
    let mut scratch = Scratch::default();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = String::from("corpus,capture,family,malware");
    FEATURES.iter().for_each(|feature| csv += &format!(",{}", feature.name));
    for case in &set.cases {
        csv += &format!("\n{},{},", quoted(&case.corpus), quoted(&case.capture));
        csv += &format!("{},{}", quoted(case.family.as_deref().unwrap_or_default()), u8::from(case.malware));
        for value in case.values(&mut scratch) {
            csv += &if value.is_nan() { ",".to_owned() } else { format!(",{value}") };
        }
    }
    csv.push('\n');
    write(out, csv.as_bytes())
}

fn key(out: &Path) -> anyhow::Result<()> {
    let key = bundle::new_key()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(out).with_context(|| out.display().to_string())?;
    file.write_all(&key).with_context(|| out.display().to_string())?;
    say(&format!("{}\n", bundle::public_key(&key)?));
    Ok(())
}

/// Fetches a bundle, no more of it than a bundle has.
#[cfg(feature = "lake")]
fn fetch(url: &str) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build();
    let mut body = ureq::Agent::new_with_config(config).get(url).call()?.into_body();
    let mut octets = Vec::new();
    body.as_reader().take(bundle::MAX_BYTES as u64 + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

#[cfg(not(feature = "lake"))]
fn fetch(_url: &str) -> anyhow::Result<Vec<u8>> {
    bail!("this program was built without what fetches: give a file")
}

/// The old model stays where the bundle is refused.
fn install(from: &str, keys: &[String], to: &Path) -> anyhow::Result<()> {
    let web = from.starts_with("https://") || from.starts_with("http://");
    let octets = if web { fetch(from) } else { fs::read(from).map_err(Into::into) };
    let model: Model = octets.and_then(|octets| Ok(bundle::open(&octets, keys)?)).with_context(|| from.to_owned())?;
    write(to, &model.to_bytes()?)?;
    eprintln!("minamo: {} is in {}; name it in eta.model", model.label(), to.display());
    Ok(())
}
