// SPDX-License-Identifier: Apache-2.0
//! `minamo demo`: captures, shifted to now, through the same program that `minamo serve` runs.

mod exporters;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use minamo_base::Time;
use minamo_model::{BATCH_ROWS, Flow, FlowBuilder};
use minamo_server::random_password;
use minamo_store::SummaryQuery;
use tokio::sync::mpsc;

use crate::cli::Demo;
use crate::clock;
use crate::commands::demo::exporters::Collection;
use crate::commands::serve::{Core, SampleSource, bind, interrupted, seal_regularly, serve};
use crate::judge;
use crate::read::{self, Job, Report};
use crate::settings::Settings;

/// Where the captures of the demo are: in the repository, or where packages put them.
const FIXTURES: &[&str] = &["fixtures/demo", "/usr/share/minamo/demo"];
/// How often the rows of the demo go into segments.
const SEAL_EVERY: Duration = Duration::from_secs(15);
/// Captures that lie within one day keep their places to each other; others all end at the same time.
const ONE_TIMELINE: Duration = Duration::from_secs(86_400);

pub(crate) async fn run(args: Demo) -> anyhow::Result<()> {
    let files = captures(&args.pcap)?;
    let listener = bind(args.listen).await?;
    let scratch = tempfile::tempdir().context("cannot make a folder for the demo's data")?;
    let folder = args.data.clone().unwrap_or_else(|| scratch.path().to_owned());
    let core = Core::open(&folder, &settings(&args.pcap)?).await?;
    let password = random_password();
    core.state.set_user("demo", &password)?;
    let batches = core.batches();
    let end = args.end.unwrap_or_else(clock::now);
    let (report, forward) = tokio::task::spawn_blocking(move || replay(&files, end, &batches)).await??;
    report.tell();
    if report.nothing_read() {
        bail!("nothing could be read");
    }
    let packets = report.meter.packets + report.meter.frames;
    eprintln!("replayed {packets} packets as {} flow rows", report.meter.rows);
    if args.once {
        return finish(core).await;
    }
    // As a server does, but sooner, so that the page of the lake has segments to show.
    let sealing = tokio::spawn(seal_regularly(Arc::clone(&core.lake), SEAL_EVERY, None));
    let asked = interrupted();
    eprintln!(
        "\n  console   http://{}/\n  user      demo\n  password  {password}\n\nCtrl-C ends it.",
        listener.local_addr()?
    );
    let collection = collection(&args.pcap, forward, &core).await?;
    let (counters, exporters) = match &collection {
        Some(collection) => {
            let collected = Arc::clone(&collection.counters);
            let counters: SampleSource = Arc::new(move || collected.samples(&[]));
            (counters, Some(collection.exporters.clone()))
        }
        None => (Arc::new(Vec::new) as SampleSource, None),
    };
    let served = tokio::select! {
        served = serve(&core, &folder, listener, counters, exporters) => served,
        () = asked => Ok(()),
    };
    sealing.abort();
    if let Some(collection) = collection {
        collection.close().await?;
    }
    core.close().await?;
    served
}

/// The demo's own captures come with exporters that tell of the same flows.
async fn collection(given: &[PathBuf], forward: i64, core: &Core) -> anyhow::Result<Option<Collection>> {
    match fixtures().filter(|folder| given.is_empty() && Collection::is_recorded(folder)) {
        Some(folder) => Ok(Some(Collection::start(folder, forward, core.batches()).await?)),
        None => Ok(None),
    }
}

/// Waits until all rows are in the lake and prints their sums.
async fn finish(core: Core) -> anyhow::Result<()> {
    let lake = Arc::clone(&core.lake);
    core.close().await?;
    let sums = lake.summary(SummaryQuery { from: None, to: None, filter: minamo_filter::Expr::All }).await?;
    eprintln!("lake: {} flow rows, {} packets, {} octets", sums.flows, sums.packets, sums.bytes);
    Ok(())
}

/// The demo's own captures come with the names of their networks.
fn settings(given: &[PathBuf]) -> anyhow::Result<Settings> {
    let networks =
        fixtures().map(|folder| folder.join("networks.toml")).filter(|file| given.is_empty() && file.is_file());
    match networks.as_deref().and_then(Path::to_str) {
        Some(path) => Settings::parse(&format!("[enrich]\nnetworks = {}", toml::Value::from(path))),
        None => Settings::parse(""),
    }
}

fn fixtures() -> Option<&'static Path> {
    FIXTURES.iter().map(Path::new).find(|folder| folder.is_dir())
}

fn captures(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    if !given.is_empty() {
        return Ok(minamo_capture::expand(given)?);
    }
    let Some(folder) = fixtures() else {
        bail!("the demo's captures are not here (looked in {}): name others with --pcap", FIXTURES.join(" and "));
    };
    let mut files = minamo_capture::expand(&[folder.to_owned()])?;
    files.retain(|file| file.to_string_lossy().contains(".pcap"));
    Ok(files)
}

/// Meters each capture, shifted so that the last one ends at `ending`, and sends the rows; a capture that cannot be opened
/// is reported at the end. Also returns by how many nanoseconds the captures were shifted, the last of them where each has
/// a shift of its own.
fn replay(files: &[PathBuf], ending: Time, batches: &mpsc::Sender<RecordBatch>) -> anyhow::Result<(Report, i64)> {
    let spans: Vec<_> = files.iter().map(|file| read::time_span(file).ok().flatten()).collect();
    let first = spans.iter().flatten().map(|(first, _)| *first).min();
    let last = spans.iter().flatten().map(|(_, last)| *last).max();
    let together = first.zip(last).is_some_and(|(first, last)| last - ONE_TIMELINE <= first);
    let progress = read::progress();
    let (mut total, mut forward) = (Report::default(), 0);
    let model = judge::model(None)?;
    for (file, span) in files.iter().zip(spans) {
        let end = if together { last } else { span.map(|(_, last)| last) };
        forward = end.map_or(0, |end| ending.0.saturating_sub(end.0));
        let mut builder = FlowBuilder::default();
        let shift = |time: Time| Time(time.0.saturating_add(forward));
        let files = std::slice::from_ref(file);
        let model = Some(Arc::clone(&model));
        let job = Job { shift: &shift, model, ..Job::of(files, minamo_meter::Settings::default()) };
        let report = read::meter(&job, &progress, &mut |row: Flow| {
            builder.append(&row);
            builder.len() < BATCH_ROWS || send(&mut builder, batches)
        });
        send(&mut builder, batches);
        total.add(report);
    }
    Ok((total, forward))
}

/// Sends the rows so far; false where nobody takes them.
fn send(builder: &mut FlowBuilder, batches: &mpsc::Sender<RecordBatch>) -> bool {
    match builder.finish() {
        Ok(batch) => batches.blocking_send(batch).is_ok(),
        Err(error) => {
            tracing::error!(%error, "rows do not form a batch");
            false
        }
    }
}
