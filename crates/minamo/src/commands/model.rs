// SPDX-License-Identifier: Apache-2.0
//! `minamo model`: trains, evaluates, explains, signs and installs models of encrypted traffic.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use flate2::read::MultiGzDecoder;
use minamo_eta::bundle::{self, Bundle, Form, Part, PartKind};
use minamo_eta::calibrate::MIX;
use minamo_eta::card::card;
use minamo_eta::certta;
use minamo_eta::dataset::{Case, ConnectionLabels, Dataset, read_index};
use minamo_eta::drift::{FEWEST, MOVED, moved};
use minamo_eta::evaluate::{Report, elsewhere, evaluate};
use minamo_eta::explain::explain;
use minamo_eta::features::{FEATURES, Values};
use minamo_eta::joy::Joy;
use minamo_eta::judge::Judge;
use minamo_eta::learn::{Material, Told};
use minamo_eta::measure::{Scratch, too_little};
use minamo_eta::metrics::{Judged, above, auc, calibration_error, threshold_at};
use minamo_eta::model::{Class, Model};
use minamo_eta::train::Recipe;
use minamo_meter::{Groups, Settings};
use minamo_model::Flow;

#[cfg(feature = "lake")]
use crate::bundles::{By, Outcome, fetch};
#[cfg(feature = "lake")]
use crate::cli::Place;
use crate::cli::{Beside, Labelled, Language, ModelCommand, Parts};
use crate::commands::say;
use crate::judge::model;
use crate::read;
use crate::whole::write;

#[cfg(feature = "lake")]
mod lake;

pub(crate) fn run(command: ModelCommand) -> anyhow::Result<()> {
    match command {
        ModelCommand::Train { labelled, beside, name, out, card } => train(&labelled, &beside, &name, &out, &card),
        ModelCommand::Evaluate { labelled, model } => judge_all(&labelled, model.as_deref()),
        ModelCommand::Explain { captures, model, language } => explain_all(&captures, model.as_deref(), language),
        ModelCommand::Export { labelled, out } => export(&labelled, &out),
        ModelCommand::Key { out } => key(&out),
        ModelCommand::Sign { parts, key, out } => write(&out, &bundle_of(&parts)?.sign(&read_file(&key)?)?),
        #[cfg(not(feature = "lake"))]
        ModelCommand::Install { bundle, key, to } => install_model(&bundle, &key, to.as_deref()),
        #[cfg(feature = "lake")]
        ModelCommand::Install { bundle, key, to, place } => install(&bundle, key, to.as_deref(), &place),
        #[cfg(feature = "lake")]
        ModelCommand::Installed { place } => installed(&place),
        #[cfg(feature = "lake")]
        ModelCommand::Back { number, place } => {
            installed_at(&place, Vec::new())?.back(number)?;
            eprintln!("minamo: bundle {number} is in force");
            Ok(())
        }
    }
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
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
    // What could not be read is told in any case: of a capture that is cut the sessions before are there.
    for error in &report.errors {
        eprintln!("minamo: {error}");
    }
    ensure!(!report.nothing_read(), "nothing could be read");
    Ok(out)
}

/// The labelled sessions. A file that cannot be read is an error, and one that ends too early is told: a data set must not shrink in
/// silence.
fn dataset(labelled: &Labelled) -> anyhow::Result<Dataset> {
    let mut set = Dataset::default();
    for index in &labelled.index {
        captures(labelled, index, &mut set)?;
    }
    #[cfg(feature = "lake")]
    if !labelled.label.is_empty() {
        lake::add(labelled, &mut set)?;
    }
    for (reason, count) in &set.left_out {
        eprintln!("minamo: {count} session(s) left out: {reason}");
    }
    ensure!(
        !set.cases.is_empty() || !set.doh.is_empty(),
        "there is no labelled TLS session: want --index or --label with some"
    );
    Ok(set)
}

/// The sessions of labelled captures and files of Joy.
fn captures(labelled: &Labelled, file: &Path, set: &mut Dataset) -> anyhow::Result<()> {
    let named = |path: &Path, error: String| anyhow::anyhow!("{}: {error}", path.display());
    let index = read_index(&text(file)?).map_err(|error| named(file, error))?;
    let connections = match &labelled.connections {
        Some(path) => ConnectionLabels::read(&text(path)?).map_err(|error| named(path, error))?,
        None => ConnectionLabels::default(),
    };
    let folder = match &labelled.folder {
        Some(folder) => folder.clone(),
        None => file.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default(),
    };
    for label in &index {
        let path = folder.join(&label.pcap);
        let flows = if is_joy(&path) { joy_rows(&path) } else { rows(std::slice::from_ref(&path)) };
        set.add(label, flows.with_context(|| path.display().to_string())?, &connections);
    }
    Ok(())
}

/// True for the names that Joy's files have.
fn is_joy(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    [".json", ".json.gz", ".jsonl", ".jsonl.gz"].iter().any(|ending| name.ends_with(ending))
}

/// Rows of a file of Joy. A line that is none is an error: it would be a session less.
#[cfg(feature = "lake")]
fn joy_rows(path: &Path) -> anyhow::Result<Vec<Flow>> {
    let mut out = Vec::new();
    let account = minamo_collect::joy::read(fs::File::open(path)?, &mut |row| {
        out.push(row);
        true
    })?;
    if let Some(fault) = account.faults.first() {
        bail!("{fault}; {} such line(s)", account.bad_lines);
    }
    Ok(out)
}

#[cfg(not(feature = "lake"))]
fn joy_rows(_path: &Path) -> anyhow::Result<Vec<Flow>> {
    bail!("this program was built without what reads files of Joy")
}

/// Connections of a file of CertTA.
fn sequences(path: &Path) -> anyhow::Result<Vec<(String, Flow)>> {
    let (text, names) = (unpacked(path)?, text(&path.with_file_name("labels.json"))?);
    certta::read(&text, &names).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

/// Text of a file that may be packed by gzip.
fn unpacked(path: &Path) -> anyhow::Result<String> {
    if path.extension().is_none_or(|ending| ending != "gz") {
        return text(path);
    }
    let (mut out, file) = (String::new(), fs::File::open(path).with_context(|| path.display().to_string())?);
    let mut packed = MultiGzDecoder::new(file).take(MOST_TEXT);
    packed.read_to_string(&mut out).with_context(|| path.display().to_string())?;
    ensure!((out.len() as u64) < MOST_TEXT, "{}: more than {MOST_TEXT} octets", path.display());
    Ok(out)
}

/// Octets of the largest text that is unpacked.
const MOST_TEXT: u64 = 1 << 30;

/// The weights of Joy in a file, called as the file is.
fn weights(path: &Path) -> anyhow::Result<Joy> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Joy::read(&name, &text(path)?).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
}

/// Nothing where a file can be written there: who waits for a training shall not learn at its end that it cannot.
fn has_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    ensure!(folder.is_dir(), "{}: there is no folder {}", path.display(), folder.display());
    Ok(())
}

fn train(labelled: &Labelled, beside: &Beside, name: &str, out: &Path, card_file: &Path) -> anyhow::Result<()> {
    ensure!(
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        "want letters, digits and - in the name"
    );
    has_folder(out)?;
    has_folder(card_file)?;
    let joy = beside.joy.iter().map(|path| weights(path)).collect::<anyhow::Result<Vec<Joy>>>()?;
    let sequences = beside.sequences.as_deref().map(sequences).transpose()?;
    let set = dataset(labelled)?;
    eprintln!("minamo: {} sessions of {} corpora", set.cases.len(), set.corpora().len());
    let material = Material::new(&set, Recipe::default());
    let (model, tunnels) = material.model(name)?;
    eprintln!("minamo: trained; now leaving corpora and families out");
    let elsewhere = elsewhere(&model, &sequences.unwrap_or_default());
    let report = Report { tunnels, elsewhere, ..evaluate(&material, &joy)? };
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
    // What is not judged is not found, and says nothing of areas and probabilities.
    let (mut all, mut judged): (Vec<Judged>, Vec<Judged>) = Default::default();
    let mut counts: BTreeMap<(&str, &str), [usize; 4]> = BTreeMap::new();
    let (mut told, mut ordinary) = (Told::default(), Vec::new());
    for case in &set.cases {
        let earlier = told.earlier(case);
        let values = case.values(&mut scratch);
        let verdict = model.judge(&values, earlier.told);
        ordinary.extend((!case.malware && !too_little(&values)).then_some(values));
        let is_judged = verdict.class != Class::Unknown;
        if is_judged {
            earlier.tell(verdict.probability);
        }
        all.push((if is_judged { verdict.probability } else { f64::NEG_INFINITY }, case.malware));
        judged.extend(is_judged.then_some((verdict.probability, case.malware)));
        let kind = if case.malware { "malware" } else { "benign" };
        count(&mut counts, kind, case, verdict.class);
    }
    for case in &set.doh {
        let verdict = model.judge(&case.values(&mut scratch), None);
        count(&mut counts, if case.malware { "tunnel" } else { "lookups" }, case, verdict.class);
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let threshold = threshold_at(&all, 0.01);
    // Where there is no benign session to take it from, none is told.
    let found = above(&all, true, threshold).filter(|_| threshold.is_finite());
    let mut out = format!("model {}\n", model.label());
    out += &format!("area under the curve of what is judged {}\n", number(auc(&judged)));
    out += &format!("malware found at 1 % of benign sessions {}\n", number(found));
    let both = [true, false].iter().all(|class| judged.iter().any(|(_, malware)| malware == class));
    let error = number(both.then(|| calibration_error(&judged, MIX)));
    out += &format!("expected calibration error {error}, where malware is {MIX:.2} of what is judged\n");
    out += &drift(&model, &ordinary);
    out += "sessions: taken for benign, malware, unknown, tunnels in DNS over HTTPS\n";
    for ((kind, name), [benign, c2, unknown, tunnels]) in counts {
        out += &format!("{kind} {name}: {benign}, {c2}, {unknown}, {tunnels}\n");
    }
    say(&out);
    Ok(())
}

/// How far the features of benign sessions have moved from those of training.
fn drift(model: &Model, ordinary: &[Values]) -> String {
    let spreads = &model.body().spreads;
    if spreads.is_empty() {
        return "drift: the model does not say how its features were spread in training\n".to_owned();
    }
    if ordinary.len() < FEWEST {
        return format!("drift: {} benign session(s) are too few to tell, want {FEWEST}\n", ordinary.len());
    }
    let all = moved(spreads, ordinary);
    let far: Vec<String> = all
        .iter()
        .filter(|moved| moved.index > MOVED)
        .map(|moved| format!("{} {:.2}", moved.feature, moved.index))
        .collect();
    let of = format!("drift: {} of {} features of benign sessions moved since training", far.len(), all.len());
    let which = if far.is_empty() { String::new() } else { format!(": {}", far.join(", ")) };
    format!("{of} (population stability index above {MOVED}){which}\n")
}

fn count<'a>(counts: &mut BTreeMap<(&'a str, &'a str), [usize; 4]>, kind: &'a str, case: &'a Case, class: Class) {
    let name = if case.malware { case.family.as_deref().unwrap_or("unnamed") } else { case.corpus.as_str() };
    let [benign, malware, unknown, tunnels] = counts.entry((kind, name)).or_default();
    *match class {
        Class::Benign => benign,
        Class::MalwareC2 => malware,
        Class::Unknown => unknown,
        Class::DohTunnel => tunnels,
    } += 1;
}

/// Why each session of captures is what it is taken for.
fn explain_all(captures: &[PathBuf], file: Option<&Path>, language: Language) -> anyhow::Result<()> {
    let mut judge = Judge::new(model(file)?);
    let files = minamo_capture::expand(captures)?;
    ensure!(!files.is_empty(), "there are no files in the folder(s) given");
    let (joy, captures): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| is_joy(path));
    let mut flows = if captures.is_empty() { Vec::new() } else { rows(&captures)? };
    for path in &joy {
        flows.extend(joy_rows(path).with_context(|| path.display().to_string())?);
    }
    let mut out = String::new();
    for mut flow in flows {
        let Some(evidence) = judge.judge(&mut flow) else { continue };
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
        for reason in explain(judge.model(), &evidence, 5) {
            let words = if language == Language::Ja { &reason.ja } else { &reason.en };
            // Why it is not judged moved nothing.
            let moved = if reason.contribution == 0.0 { String::new() } else { format!("{:+.2}", reason.contribution) };
            out += &format!("  {moved:>5} {words}\n");
        }
    }
    if out.is_empty() {
        let nothing = ["there is no TLS session in the captures", "キャプチャに TLS セッションがありません"];
        out = format!("{}\n", nothing[usize::from(language == Language::Ja)]);
    }
    say(&out);
    Ok(())
}

/// Features and labels as CSV, for whoever wants to learn with other tools.
fn export(labelled: &Labelled, out: &Path) -> anyhow::Result<()> {
    let set = dataset(labelled)?;
    let mut scratch = Scratch::default();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = String::from("corpus,capture,family,class");
    FEATURES.iter().for_each(|feature| csv += &format!(",{}", feature.name));
    let classes = |malware: [&'static str; 2]| move |case: &Case| malware[usize::from(case.malware)];
    let (own, doh) = (classes(["benign", "malware_c2"]), classes(["doh_lookups", "doh_tunnel"]));
    let cases = set.cases.iter().map(|case| (case, own(case)));
    for (case, class) in cases.chain(set.doh.iter().map(|case| (case, doh(case)))) {
        csv += &format!("\n{},{},", quoted(&case.corpus), quoted(&case.capture));
        csv += &format!("{},{class}", quoted(case.family.as_deref().unwrap_or_default()));
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

#[cfg(not(feature = "lake"))]
fn fetch(_url: &str) -> anyhow::Result<Vec<u8>> {
    bail!("this program was built without what fetches: give a file")
}

/// The octets of a bundle, from a file or an address.
fn octets(from: &str) -> anyhow::Result<Vec<u8>> {
    let web = from.starts_with("https://") || from.starts_with("http://");
    if web { fetch(from) } else { Ok(fs::read(from)?) }
}

/// The model of a bundle as a file; the old one stays where the bundle is refused.
fn install_model(from: &str, keys: &[String], to: Option<&Path>) -> anyhow::Result<()> {
    let to = to.context("want --to: the file for the model")?;
    ensure!(!keys.is_empty(), "want --key: a public key to trust");
    let bundle = octets(from).and_then(|octets| Ok(Bundle::open(&octets, keys)?)).with_context(|| from.to_owned())?;
    let model = bundle.model()?.with_context(|| format!("{from}: there is no model in the bundle"))?;
    write(to, &model.to_bytes()?)?;
    eprintln!("minamo: {} is in {}; name it in eta.model", model.label(), to.display());
    Ok(())
}

/// A bundle of what the arguments name.
fn bundle_of(parts: &Parts) -> anyhow::Result<Bundle> {
    let mut all = Vec::new();
    if !parts.no_model {
        let content = model(parts.model.as_deref())?.to_bytes()?;
        all.push(Part { kind: PartKind::Model, name: "model".to_owned(), form: None, content });
    }
    for (bad, text) in parts
        .fingerprints
        .iter()
        .map(|text| (false, text))
        .chain(parts.bad_fingerprints.iter().map(|text| (true, text)))
    {
        let (kind, path) =
            text.split_once('=').with_context(|| format!("{text}: want KIND=FILE such as ja3=list.csv"))?;
        let form = Some(Form { kind: kind.to_owned(), bad, ..Form::default() });
        all.push(part(PartKind::Fingerprints, Path::new(path), form)?);
    }
    for (kind, path) in parts
        .processes
        .iter()
        .map(|path| (PartKind::Processes, path))
        .chain(parts.list.iter().map(|path| (PartKind::List, path)))
    {
        all.push(part(kind, path, None)?);
    }
    let number = parts.number.unwrap_or_else(|| u64::try_from(crate::clock::now().secs()).unwrap_or(0));
    let bundle = Bundle { number, parts: all };
    #[cfg(feature = "lake")]
    tell_left_out(&bundle)?;
    Ok(bundle)
}

/// Says on standard error which lines of the parts say nothing.
#[cfg(feature = "lake")]
fn tell_left_out(bundle: &Bundle) -> anyhow::Result<()> {
    crate::bundles::left_out(bundle)?.iter().for_each(|line| eprintln!("minamo: left out: {line}"));
    Ok(())
}

/// A file as a part, by its name without the ending, checked as it will be when it is installed.
fn part(kind: PartKind, path: &Path, form: Option<Form>) -> anyhow::Result<Part> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let part = Part { kind, name, form, content: read_file(path)? };
    #[cfg(feature = "lake")]
    crate::bundles::check(&Bundle { number: 1, parts: vec![part.clone()] })
        .with_context(|| path.display().to_string())?;
    Ok(part)
}

/// Where bundles are installed.
#[cfg(feature = "lake")]
fn installed_at(place: &Place, keys: Vec<String>) -> anyhow::Result<crate::bundles::Place> {
    let (settings, folder) = crate::commands::place::place(place)?;
    let folder = settings.bundles().map_or_else(|| folder.join("bundles"), |bundles| bundles.folder);
    let trusted = settings.bundles().map(|bundles| bundles.keys).unwrap_or_default();
    Ok(crate::bundles::Place { folder, keys: trusted.into_iter().chain(keys).collect() })
}

#[cfg(feature = "lake")]
fn install(from: &str, keys: Vec<String>, to: Option<&Path>, place: &Place) -> anyhow::Result<()> {
    let at = installed_at(place, keys)?;
    ensure!(!at.keys.is_empty(), "bundle.keys: want a public key there, or --key");
    if to.is_some() {
        return install_model(from, &at.keys, to);
    }
    let outcome = octets(from).and_then(|octets| at.install(&octets, By::Hand)).with_context(|| from.to_owned())?;
    match outcome {
        Outcome::Same(number) => eprintln!("minamo: bundle {number} was in force already"),
        Outcome::Installed(number) | Outcome::Left(number) => {
            at.current()?.iter().try_for_each(tell_left_out)?;
            eprintln!("minamo: bundle {number} is in force");
        }
    }
    Ok(())
}

#[cfg(feature = "lake")]
fn installed(place: &Place) -> anyhow::Result<()> {
    let at = installed_at(place, Vec::new())?;
    let current = at.number()?;
    let mut out = String::new();
    for number in at.versions()? {
        out += &format!("{number}{}\n", if current == Some(number) { "  in force" } else { "" });
        let bundle = if current == Some(number) { at.current()? } else { None };
        for part in bundle.iter().flat_map(|bundle| &bundle.parts) {
            out += &format!("  {} {}, {} octets\n", part.kind.name(), part.name, part.content.len());
        }
    }
    if out.is_empty() {
        out = format!("no bundle is installed in {}\n", at.folder.display());
    }
    say(&out);
    Ok(())
}
