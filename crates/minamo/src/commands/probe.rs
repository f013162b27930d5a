// SPDX-License-Identifier: Apache-2.0
//! `minamo probe`: meters interfaces by itself on a small machine, and sends the flows to a collector through a buffer
//! on disk, or writes them out.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use minamo_base::{Sample, exposition};
use minamo_capture::{LiveSettings, Watched};
use minamo_eta::judge::Judge;
use minamo_eta::model::Model;
use minamo_meter::{Groups, Names};
use minamo_model::{BATCH_ROWS, FLOWS, Flow, FlowBuilder, with_community_ids};
use minamo_sinks::Sink;
use minamo_sinks::export::spool::{self, Spool};
use tokio::sync::mpsc;

use crate::cli::Probe;
use crate::commands::export;
use crate::commands::interrupt::interrupted;
use crate::judge;
use crate::read::{self, Job};
use crate::{applications, clock, probe};

/// Batches between meter and output.
const QUEUE: usize = 64;
/// Time between two looks at what is due.
const TICK: Duration = Duration::from_millis(500);
/// Time between two writings of the counters, in nanoseconds.
const COUNTERS: i64 = 10_000_000_000;
/// How long the end of the program waits for the collector; what it does not take then stays in the buffer.
const FAREWELL: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Probe) -> anyhow::Result<()> {
    let groups = export::groups(args.light, args.groups, &args.export)?;
    // Before there are threads; what needs privileges comes first.
    minamo_capture::no_new_privileges()?;
    let lines = open(args)?;
    if let Some(user) = &args.user {
        minamo_capture::become_user(user).with_context(|| format!("--user: cannot become {user:?}"))?;
    }
    let mut outlet = Outlet::open(args)?;
    let (sender, batches) = mpsc::channel(QUEUE);
    let mut meters = Meters::start(args, groups, lines, sender)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told = runtime.block_on(follow(args, batches, &mut outlet, &mut meters));
    let metered = meters.stop();
    let closed = outlet.close();
    told.and(metered).and(closed)
}

/// Hands on what comes until the end that was asked for, or until nothing more comes.
async fn follow(
    args: &Probe,
    mut batches: mpsc::Receiver<RecordBatch>,
    outlet: &mut Outlet,
    meters: &mut Meters,
) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(TICK);
    let end = async {
        match args.stop_after {
            Some(length) => tokio::time::sleep(length).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    let asked = interrupted();
    tokio::pin!(asked);
    let (mut stopping, mut written) = (false, clock::now());
    let result = loop {
        tokio::select! {
            batch = batches.recv() => match batch {
                // Who reads has gone: nothing is left to do.
                Some(batch) if !outlet.write(&batch)? => break Ok(()),
                Some(_) => {}
                None => break Ok(()),
            },
            _ = tick.tick() => {
                outlet.tick();
                meters.own.look();
                if clock::now().since(written) >= COUNTERS {
                    written = clock::now();
                    tell(args, outlet, meters);
                }
            }
            () = &mut end, if !stopping => { stopping = true; meters.stop.store(true, Ordering::Relaxed); }
            () = &mut asked, if !stopping => { stopping = true; meters.stop.store(true, Ordering::Relaxed); }
        }
    };
    meters.stop.store(true, Ordering::Relaxed);
    // Meters that still hand something on must not wait for us for ever.
    batches.close();
    outlet.tick();
    tell(args, outlet, meters);
    result
}

/// Writes all counters to the file that was named.
fn tell(args: &Probe, outlet: &Outlet, meters: &Meters) {
    let Some(path) = &args.counters else { return };
    let mut samples = meters.samples();
    samples.extend(outlet.samples());
    if let Err(error) = replace(path, &exposition(&samples)) {
        tracing::error!(file = %path.display(), %error, "the counters were not written");
    }
}

/// Writes a file so that it is whole at every moment.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    fs::write(&aside, text)?;
    fs::rename(&aside, path)
}

/// Where rows go.
enum Outlet {
    /// Through the buffer to a collector.
    Spool(String, Box<Spool>),
    /// Into a file or onto standard output, with community ids of this seed where they are wanted.
    Sink(Box<dyn Sink>, Option<u16>),
}

impl Outlet {
    fn open(args: &Probe) -> anyhow::Result<Self> {
        if let Some(target) = export::later(&args.export)? {
            let buffer = &args.buffer;
            let target = target.with_domain(buffer.domain);
            let settings = spool::Settings {
                bound: buffer.bound as u64,
                keep: buffer.keep,
                rate: buffer.rate,
                ..spool::Settings::new(&buffer.folder)
            };
            let spool = Spool::open(&target, &settings, clock::now);
            let spool = spool.with_context(|| format!("--buffer {}", buffer.folder.display()))?;
            return Ok(Self::Spool(target.url.clone(), Box::new(spool)));
        }
        let format = minamo_sinks::format(&args.format).context("no such format")?;
        let out: Box<dyn Write + Send> = match &args.output {
            Some(path) => Box::new(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?)),
            None if format.binary && io::stdout().is_terminal() => {
                bail!("{} is not for terminals: name a file with --output", format.name)
            }
            None => Box::new(BufWriter::new(io::stdout())),
        };
        Ok(Self::Sink((format.open)(out, &FLOWS)?, args.community.seed))
    }

    /// Hands on a batch; false where nobody takes more.
    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<bool> {
        match self {
            Self::Spool(_, spool) => spool.write(batch),
            Self::Sink(sink, community) => {
                let with = community.map(|seed| with_community_ids(batch, seed)).transpose()?;
                match sink.write(with.as_ref().unwrap_or(batch)) {
                    Err(error) if error.is_broken_pipe() => return Ok(false),
                    written => written?,
                }
            }
        }
        Ok(true)
    }

    fn tick(&mut self) {
        if let Self::Spool(_, spool) = self {
            spool.tick();
        }
    }

    fn samples(&self) -> Vec<Sample> {
        match self {
            Self::Spool(url, spool) => spool.samples(url),
            Self::Sink(..) => Vec::new(),
        }
    }

    /// Ends it, and says on standard error what was sent and what was not.
    fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Sink(sink, _) => match sink.finish() {
                Err(error) if error.is_broken_pipe() => Ok(()),
                done => Ok(done?),
            },
            Self::Spool(url, spool) => {
                let counters = spool.counters();
                spool.close(FAREWELL);
                for sample in counters.samples(&url).iter().filter(|sample| sample.value > 0) {
                    eprintln!("minamo: {}{{{}}} {}", sample.metric.name, sample.label_text(), sample.value);
                }
                Ok(())
            }
        }
    }
}

/// Interfaces that are open, a capture for each thread.
type Lines = Vec<(String, Vec<Watched>)>;

/// Opens the interfaces.
fn open(args: &Probe) -> anyhow::Result<Lines> {
    let names = args.interfaces.iter().filter(|name| !is_file(name));
    let open = |(number, name): (usize, &String)| {
        let live = LiveSettings {
            promiscuous: !args.no_promiscuous,
            ring_bytes: args.ring,
            group: (args.threads > 1).then(|| probe::group(number)),
            filter: args.filter.clone(),
            hardware_times: false,
        };
        let captures = (0..args.threads).map(|_| Watched::open(name, live.clone(), args.wait));
        Ok((name.clone(), captures.collect::<Result<_, _>>()?))
    };
    names.enumerate().map(open).collect()
}

/// The threads that meter.
struct Meters {
    threads: Vec<JoinHandle<anyhow::Result<()>>>,
    stop: Arc<AtomicBool>,
    counters: Vec<(String, Arc<probe::Counters>)>,
    /// Reads a person's files again.
    own: applications::Watch,
    applications: Arc<applications::Counters>,
}

impl Meters {
    fn start(args: &Probe, groups: Groups, lines: Lines, rows: mpsc::Sender<RecordBatch>) -> anyhow::Result<Self> {
        let (own, applications) = (applications::Own::default(), Arc::<applications::Counters>::default());
        let watch = applications::Watch::start(&args.own.files(), &own, Arc::clone(&applications))?;
        let settings = own.within(minamo_meter::Settings {
            idle_timeout: args.idle_timeout,
            active_timeout: args.active_timeout,
            max_flows: args.max_flows,
            splt_packets: args.splt_packets.into(),
            groups,
            sampling: args.sample,
            ..Default::default()
        });
        let (threads, stop, counters) = (Vec::new(), Arc::default(), Vec::new());
        let mut meters = Self { threads, stop, counters, own: watch, applications };
        let model = judge::model(args.model.as_deref())?;
        for (name, captures) in lines {
            let counters = Arc::<probe::Counters>::default();
            meters.counters.push((name.clone(), Arc::clone(&counters)));
            let names = Names::new(settings.dns_names);
            for (number, capture) in captures.into_iter().enumerate() {
                let (rows, stop, counters) = (rows.clone(), Arc::clone(&meters.stop), Arc::clone(&counters));
                let meter = (probe::apart(&settings, number), names.clone(), Judge::new(Arc::clone(&model)));
                let run = move || Ok(probe::run(capture, meter, None, &rows, &counters, &stop)?);
                meters.threads.push(thread(run)?);
            }
            tracing::info!(interface = name, threads = args.threads, "metering");
        }
        let files: Vec<PathBuf> = args.interfaces.iter().filter(|name| is_file(name)).map(PathBuf::from).collect();
        if !files.is_empty() {
            let (filter, stop) = (args.filter.clone(), Arc::clone(&meters.stop));
            meters.threads.push(thread(move || captures(&files, (settings, model), filter.as_ref(), &rows, &stop))?);
        }
        Ok(meters)
    }

    fn samples(&self) -> Vec<Sample> {
        let metered = self.counters.iter().flat_map(|(name, counters)| counters.samples(&[name]));
        metered.chain(self.applications.samples(&[])).collect()
    }

    /// Waits for all; the error of the first that has one.
    fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let mut result = Ok(());
        for thread in self.threads {
            let ended = thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of the meter broke")));
            result = result.and(ended);
        }
        result
    }
}

fn is_file(name: &str) -> bool {
    name == "-" || name.contains('/') || Path::new(name).is_file()
}

fn thread(run: impl FnOnce() -> anyhow::Result<()> + Send + 'static) -> io::Result<JoinHandle<anyhow::Result<()>>> {
    std::thread::Builder::new().name("meter".to_owned()).spawn(run)
}

/// Meters capture files to their end.
fn captures(
    files: &[PathBuf],
    (settings, model): (minamo_meter::Settings, Arc<Model>),
    filter: Option<&minamo_capture::Expression>,
    rows: &mpsc::Sender<RecordBatch>,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut builder = FlowBuilder::default();
    let mut failed = None;
    let mut send = |builder: &mut FlowBuilder| match builder.finish() {
        Ok(batch) => rows.blocking_send(batch).is_ok(),
        Err(error) => {
            failed = Some(error);
            false
        }
    };
    let job = Job { filter, model: Some(model), ..Job::of(files, settings) };
    let report = read::meter(&job, &indicatif::ProgressBar::hidden(), &mut |row: Flow| {
        builder.append(&row);
        (builder.len() < BATCH_ROWS || send(&mut builder)) && !stop.load(Ordering::Relaxed)
    });
    send(&mut builder);
    if let Some(error) = failed {
        return Err(error.into());
    }
    report.tell();
    if report.nothing_read() {
        bail!("nothing could be read");
    }
    Ok(())
}
