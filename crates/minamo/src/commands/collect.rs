// SPDX-License-Identifier: Apache-2.0
//! `minamo collect`: flow exports as they arrive, without a lake, and the proof of what each exporter sends.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_collect::{Collector, ExporterView, Exporters};
use minamo_flowwire::{SessionView, TemplateView};
use minamo_model::{FLOWS, identified, text_value};
use minamo_sinks::{Sink, SinkError};
use tokio::sync::{mpsc, watch};

use crate::cli::Collect;
use crate::clock;
use crate::commands::serve::interrupted;
use crate::exported::Exported;
use crate::settings::Settings;

/// Batches between collector and output.
const QUEUE: usize = 64;
/// Sample octets of a field that are shown.
const SHOWN: usize = 16;

pub(crate) async fn run(args: Collect) -> anyhow::Result<()> {
    let loaded = Settings::load(args.config.as_deref())?;
    let mut settings = loaded.collect()?;
    settings.elements = loaded.elements()?;
    settings.listen.clone_from(&args.listen);
    settings.tcp.clone_from(&args.tcp);
    if !args.count {
        // A person waits for it.
        settings.batch_age = Duration::from_millis(200);
    }
    let format = minamo_sinks::format(&args.format).context("no such format")?;
    let (sender, batches) = mpsc::channel(QUEUE);
    let collector = Collector::new(settings, sender, clock::now);
    let (exporters, counters) = (collector.exporters(), collector.counters());
    let mut addresses = collector.addresses();
    let stop = watch::Sender::new(false);
    let running = tokio::spawn(collector.run(stop.subscribe()));
    tokio::spawn(async move {
        if addresses.wait_for(|open| !open.is_empty()).await.is_ok() {
            for address in addresses.borrow().iter() {
                eprintln!("listening at {address}");
            }
        }
    });
    let prints = args.print || !(args.proof || args.count);
    let sink = if prints { Some((format.open)(Box::new(BufWriter::new(io::stdout())), &FLOWS)?) } else { None };
    let judge = Exported::new(loaded.model().read()?);
    let rows = follow(batches, (judge, sink), &args, &stop).await;
    stop.send_replace(true);
    running.await.context("the collector broke")??;
    let rows = rows?;
    if args.proof {
        proof(&exporters, &mut io::stdout().lock())?;
    }
    if args.count {
        let mut out = io::stdout().lock();
        writeln!(out, "rows {rows}")?;
        for sample in counters.samples(&[]).iter().filter(|sample| sample.value > 0) {
            writeln!(out, "{}{{{}}} {}", sample.metric.name, sample.label_text(), sample.value)?;
        }
    }
    Ok(())
}

/// Writes what comes until the end that was asked for; returns the number of rows.
async fn follow(
    mut batches: mpsc::Receiver<RecordBatch>,
    (mut judge, mut sink): (Exported, Option<Box<dyn Sink>>),
    args: &Collect,
    stop: &watch::Sender<bool>,
) -> anyhow::Result<u64> {
    let end = async {
        match args.stop_after {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let asked = interrupted();
    tokio::pin!(asked);
    let (mut rows, mut stopping) = (0, false);
    loop {
        let batch = tokio::select! {
            batch = batches.recv() => batch,
            () = &mut end, if !stopping => { stopping = true; stop.send_replace(true); continue; }
            () = &mut asked, if !stopping => { stopping = true; stop.send_replace(true); continue; }
        };
        // Nothing more comes once the collector has ended.
        let Some(batch) = batch else { break };
        let room = args.limit.map_or(u64::MAX, |limit| limit.saturating_sub(rows));
        let taken = usize::try_from(room).unwrap_or(usize::MAX).min(batch.num_rows());
        rows += taken as u64;
        if let Some(open) = &mut sink
            && let Err(error) = put(open.as_mut(), &judge.add(batch.slice(0, taken)), batches.is_empty())
        {
            return if error.is_broken_pipe() { Ok(rows) } else { Err(error.into()) };
        }
        if args.limit.is_some_and(|limit| rows >= limit) {
            break;
        }
    }
    match sink.map(Sink::finish) {
        Some(Err(error)) if !SinkError::is_broken_pipe(&error) => Err(error.into()),
        _ => Ok(rows),
    }
}

/// Writes the rows, and hands them over at once where no others follow.
fn put(sink: &mut dyn Sink, batch: &RecordBatch, last: bool) -> Result<(), SinkError> {
    sink.write(&identified(batch)?)?;
    if last { sink.flush() } else { Ok(()) }
}

/// Which exporter sends which element, a sample of each, and what that means.
fn proof(exporters: &Exporters, out: &mut dyn Write) -> io::Result<()> {
    let now = clock::now();
    for listed in exporters.list(now) {
        let Some(view) = exporters.one(listed.address, now) else { continue };
        tell(&view, out)?;
        for session in &view.sessions {
            tell_session(session, out)?;
        }
    }
    Ok(())
}

fn tell(view: &ExporterView, out: &mut dyn Write) -> io::Result<()> {
    let formats: Vec<_> = view.formats.iter().map(|(name, rows)| format!("{name} {rows} records")).collect();
    writeln!(out, "exporter {}: {}, lost {}, score {}", view.address, formats.join(", "), view.lost, view.score)?;
    for finding in &view.findings {
        writeln!(out, "  -{}  {}", finding.points, finding.en)?;
    }
    for missing in &view.missing {
        writeln!(out, "  missing  {}", missing.en)?;
    }
    if !view.last_error.is_empty() {
        writeln!(out, "  last error  {}", view.last_error)?;
    }
    Ok(())
}

fn tell_session(session: &SessionView, out: &mut dyn Write) -> io::Result<()> {
    for template in &session.templates {
        let kind = if template.options { "options template" } else { "template" };
        writeln!(out, "  version {} domain {} {kind} {}", session.version, session.domain, template.id)?;
        tell_template(template, out)?;
    }
    for (index, interface) in &session.taught.interfaces {
        writeln!(out, "  interface {index}  {} {}", interface.name, interface.description)?;
    }
    for (what, rate) in &session.rates {
        writeln!(out, "  sampling {what} 1 in {rate}")?;
    }
    Ok(())
}

fn tell_template(template: &TemplateView, out: &mut dyn Write) -> io::Result<()> {
    for field in &template.fields {
        let length = field.length.map_or("variable".to_owned(), |length| length.to_string());
        let element = match field.enterprise {
            Some(enterprise) => format!("{enterprise}/{}", field.element),
            None => format!("scope {}", field.element),
        };
        let sample = field.sample.as_deref().unwrap_or_default();
        let octets = minamo_base::hex(sample.get(..SHOWN).unwrap_or(sample));
        let value = template.columns.iter().find(|(name, _)| Some(*name) == field.column);
        let value = value.map(|(_, value)| text_value(value)).unwrap_or_default();
        let column = field.column.filter(|column| !column.is_empty()).unwrap_or("-");
        writeln!(out, "    {element:>12}  {length:>8}  {column:<18} {value:<24} {octets}")?;
    }
    Ok(())
}
