// SPDX-License-Identifier: Apache-2.0
//! `minamo serve`: probe, collector, lake, detection and console in one process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::{Sample, Time};
use minamo_capture::{LiveCapture, LiveSettings};
use minamo_collect::{Collector, Forwarder};
use minamo_enrich::Enricher;
use minamo_eta::judge::Judge;
use minamo_server::lake::import::Importing;
use minamo_server::local::LocalListener;
use minamo_server::profiles::Synced;
use minamo_server::{Deps, State, random_password, services};
use minamo_sinks::export::{self, Door};
use minamo_state::Definitions;
use minamo_store::Lake;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::cli::Serve;
use crate::clock;
pub(crate) use crate::commands::interrupt::interrupted;
use crate::commands::place::place;
use crate::detector::{self, Detector};
use crate::elements;
use crate::enrichment;
use crate::import;
use crate::ingest::{self, Fresh};
use crate::interfaces::InterfaceNames;
use crate::pairing::{self, Stages};
use crate::probe;
use crate::sets::{AllSets, Kept, Networks, Own};
use crate::settings::Settings;

pub(crate) async fn run(args: Serve) -> anyhow::Result<()> {
    let (settings, folder) = place(&args.place)?;
    let core = Core::open(&folder, &settings).await?;
    if core.state.is_new()? {
        let password = random_password();
        core.state.set_user("admin", &password)?;
        eprintln!("first start: log in as `admin` with the password `{password}` (shown only now)");
    }
    let listener = bind(settings.listen()?).await?;
    let asked = interrupted();
    let stop = watch::Sender::new(false);
    let mut sources = Sources::default();
    sources.collect(&settings, &folder, &core, &stop)?;
    sources.probe(&settings, &core)?;
    let sealing = tokio::spawn(seal_regularly(Arc::clone(&core.lake), settings.seal_after(), settings.keep_rollups()));
    eprintln!("console: http://{}/", listener.local_addr()?);
    let (counters, exporters) = (sources.counters(), sources.exporters.clone());
    let served = tokio::select! {
        served = serve(&core, &folder, listener, counters, exporters) => served,
        failed = sources.failed() => failed,
        () = asked => Ok(()),
    };
    stop.send_replace(true);
    sources.stop().await;
    sealing.abort();
    core.close().await?;
    served
}

/// Opens the console's address; the error names setting and address.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("server.listen: cannot listen at {address}"))
}

/// Lake, state, ingest and detection: what serve and demo share.
pub(crate) struct Core {
    pub(crate) lake: Arc<Lake>,
    pub(crate) state: Arc<State>,
    definitions: Arc<Definitions>,
    profiles: JoinHandle<()>,
    rules: Arc<Vec<minamo_detect::Rule>>,
    batches: mpsc::Sender<RecordBatch>,
    ingest: JoinHandle<()>,
    detection: JoinHandle<()>,
    /// Dropped when detection shall end.
    detect: watch::Sender<()>,
    ingested: Arc<ingest::Counters>,
    /// Takes in files that are uploaded, beside the sources.
    importing: Importing,
    exports: Arc<Vec<Door>>,
    enrichment: Arc<minamo_enrich::Control>,
    /// Reads the files of enrichment again.
    watching: JoinHandle<()>,
    detected: Arc<detector::Counters>,
    started_at: Time,
}

impl Core {
    /// Opens everything in a data folder.
    pub(crate) async fn open(folder: &Path, settings: &Settings) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("data.folder: {}", folder.display()))?;
        let lake = Arc::new(Lake::open(&folder.join("lake"), settings.lake()?, clock::now)?);
        let state =
            State::open(&folder.join("state.db")).with_context(|| folder.join("state.db").display().to_string())?;
        let definitions = Arc::new(Definitions::open(&folder.join("state.db"))?);
        let rules = minamo_detect::shipped_rules()?;
        let (enricher, watch) = enrichment::start(settings.enrich(), Arc::clone(&definitions), clock::now())?;
        let enrichment = enricher.control();
        let beside = Enricher::beside(&enrichment, settings.enrich().enricher);
        let importer = import::importer(Arc::clone(&lake), beside, &folder.join("state.db"))?;
        let networks = Networks::Live(Arc::clone(&enrichment));
        let own = Own::Live(Kept::new(Arc::clone(&definitions)));
        lake.know_sets(Arc::new(AllSets { own, networks: Networks::Live(Arc::clone(&enrichment)) }));
        let mark = networks.mark();
        let known = minamo_server::profiles::sync(&lake, &definitions, &networks, clock::now()).await?;
        let profiles = follow_definitions(Arc::clone(&lake), Arc::clone(&definitions), networks, (mark, known));
        let watching = tokio::spawn(enrichment::watch(watch, Arc::clone(&enrichment), clock::now));
        let (batches, queue) = mpsc::channel(ingest::QUEUE);
        let (fresh, ingested) = (Arc::new(Fresh::default()), Arc::new(ingest::Counters::default()));
        let detected = Arc::new(detector::Counters::default());
        let detector = Detector::new(Arc::clone(&lake), rules.clone(), &fresh, Arc::clone(&detected)).await?;
        let detect = watch::Sender::new(());
        let open = |target| Door::open(target, export::Clock::System(clock::now)).context("cannot start an export");
        let exports: Vec<Door> = settings.exports()?.into_iter().map(open).collect::<anyhow::Result<_>>()?;
        let exports = Arc::new(exports);
        let (fresh_rows, taken) = (Arc::clone(&fresh), Arc::clone(&ingested));
        let ingest = ingest::run(Arc::clone(&lake), queue, enricher, fresh_rows, taken, Arc::clone(&exports));
        Ok(Self {
            state: Arc::new(state),
            definitions,
            profiles: tokio::spawn(profiles),
            rules: Arc::new(rules),
            batches,
            ingest: tokio::spawn(ingest),
            detection: tokio::spawn(detector.run(fresh, detect.subscribe())),
            detect,
            ingested,
            importing: importer.into(),
            exports,
            enrichment,
            watching,
            detected,
            started_at: clock::now(),
            lake,
        })
    }

    /// Where sources send their batches.
    pub(crate) fn batches(&self) -> mpsc::Sender<RecordBatch> {
        self.batches.clone()
    }

    /// Takes in what the sources have sent, and closes the lake.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        // It holds the lake: over before the lake is closed.
        self.profiles.abort();
        drop(self.profiles.await);
        drop(self.batches);
        self.watching.abort();
        self.ingest.await?;
        let exports = self.exports;
        tokio::task::spawn_blocking(move || exports.iter().for_each(Door::close)).await?;
        // An import that runs keeps the lake; its file goes on where it was when it is imported again.
        drop(self.importing);
        drop(self.detect);
        self.detection.await?;
        // Whoever still asks keeps the lake open; it then ends with the process, and nothing is lost by that.
        match Arc::try_unwrap(self.lake) {
            Ok(lake) => Ok(lake.close().await?),
            Err(_) => Ok(()),
        }
    }
}

/// Serves console and API until the listener fails, and commands on this machine through the socket in the data folder.
pub(crate) async fn serve(
    core: &Core,
    folder: &Path,
    listener: TcpListener,
    sources: SampleSource,
    exporters: Option<minamo_collect::Exporters>,
) -> anyhow::Result<()> {
    let (ingested, detected) = (Arc::clone(&core.ingested), Arc::clone(&core.detected));
    let (enrichment, exports) = (Arc::clone(&core.enrichment), Arc::clone(&core.exports));
    let counters = move || {
        let mut samples = sources();
        samples.extend(ingested.samples(&[]));
        samples.extend(enrichment.samples());
        samples.extend(detected.samples(&[]));
        samples.extend(exports.iter().flat_map(|export| export.counters().samples(&[export.name()])));
        samples
    };
    let services = services(Deps {
        lake: Arc::clone(&core.lake),
        state: Arc::clone(&core.state),
        definitions: Arc::clone(&core.definitions),
        networks: Arc::new(Networks::Live(Arc::clone(&core.enrichment))),
        importing: core.importing.clone(),
        rules: Arc::clone(&core.rules),
        counters: Arc::new(counters),
        exporters,
        started_at: core.started_at,
        clock: clock::now,
    });
    let commands = async {
        match LocalListener::bind(folder) {
            Ok(local) => axum::serve(local, services.local).await,
            // Such as a file system without sockets: all else works.
            Err(error) => {
                tracing::error!(%error, folder = %folder.display(), "commands cannot reach this server");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        served = axum::serve(listener, services.web) => served.context("the console stopped"),
        served = commands => served.context("the socket for commands stopped"),
    }
}

/// Gives the counters of the sources.
pub(crate) type SampleSource = Arc<dyn Fn() -> Vec<Sample> + Send + Sync>;

/// Probe and collector.
#[derive(Default)]
struct Sources {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: Arc<AtomicBool>,
    collector: Option<Arc<minamo_collect::Counters>>,
    exporters: Option<minamo_collect::Exporters>,
    /// Reads the file of elements again.
    watching: Option<JoinHandle<()>>,
    pairing: Option<Arc<pairing::Counters>>,
    forwarder: Option<Arc<Forwarder>>,
    probes: Vec<(String, Arc<probe::Counters>)>,
}

impl Sources {
    fn collect(
        &mut self,
        settings: &Settings,
        folder: &Path,
        core: &Core,
        stop: &watch::Sender<bool>,
    ) -> anyhow::Result<()> {
        let watch = settings.collect_elements().map(elements::Watch::new);
        let elements = settings.elements()?;
        let collect = settings.collect()?;
        if collect.listen.is_empty() && collect.tcp.is_empty() && collect.tls.is_empty() {
            return Ok(());
        }
        let collect = minamo_collect::Settings { folder: Some(folder.join("collect")), elements, ..collect };
        let forwarder = Arc::new(Forwarder::open(&settings.forwards()?)?);
        let stages = Stages::new(settings.pairing(), settings.duplicates());
        let (batches, collected) = mpsc::channel(ingest::QUEUE);
        let counters = Arc::new(pairing::Counters::default());
        self.pairing = Some(Arc::clone(&counters));
        let collector = Collector::new(collect, batches, clock::now).with_forwarder(Arc::clone(&forwarder));
        let names = InterfaceNames::new(collector.exporters());
        self.tasks.spawn(pairing::run(stages, collected, core.batches(), counters, names));
        self.forwarder = Some(forwarder);
        self.collector = Some(collector.counters());
        let stop = stop.subscribe();
        self.exporters = Some(collector.exporters());
        if let Some(watch) = watch {
            self.watching = Some(tokio::spawn(watch.run(collector.exporters(), collector.counters())));
        }
        self.tasks.spawn(async move { Ok(collector.run(stop).await?) });
        Ok(())
    }

    fn probe(&mut self, settings: &Settings, core: &Core) -> anyhow::Result<()> {
        let threads = settings.probe_threads();
        let model = settings.model()?;
        for (number, name) in settings.interfaces().into_iter().enumerate() {
            let counters = Arc::new(probe::Counters::default());
            self.probes.push((name.clone(), Arc::clone(&counters)));
            let live = LiveSettings { group: (threads > 1).then(|| probe::group(number)), ..settings.live()? };
            for _ in 0..threads {
                let capture = LiveCapture::open(&name, &live).context("probe.interfaces")?;
                let (meter, batches, stop) = (settings.meter(), core.batches(), Arc::clone(&self.stop));
                let (counters, judge) = (Arc::clone(&counters), Judge::new(Arc::clone(&model)));
                self.tasks.spawn_blocking(move || Ok(probe::run(capture, meter, judge, &batches, &counters, &stop)?));
            }
            tracing::info!(interface = name, threads, "metering");
        }
        Ok(())
    }

    fn counters(&self) -> SampleSource {
        let (collector, pairing, probes) = (self.collector.clone(), self.pairing.clone(), self.probes.clone());
        let forwarder = self.forwarder.clone();
        Arc::new(move || {
            let forwarded = forwarder.iter().flat_map(|forwarder| forwarder.samples());
            let collected = collector.iter().flat_map(|c| c.samples(&[]));
            let paired = pairing.iter().flat_map(|c| c.samples(&[]));
            collected
                .chain(forwarded)
                .chain(paired)
                .chain(probes.iter().flat_map(|(name, c)| c.samples(&[name])))
                .collect()
        })
    }

    /// The error of the first source that ends with one; never where none does.
    async fn failed(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a source broke")??;
        }
        std::future::pending().await
    }

    async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(watching) = &self.watching {
            watching.abort();
        }
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::error!("{error:#}");
            }
        }
    }
}

/// How long until a change of definitions by another process is noticed.
const FOLLOW: Duration = Duration::from_secs(5);

/// Brings the rollups in line where the command line changes definitions while the server runs, where the networks
/// file changes, and where a set begins or ends that a channel asks for.
async fn follow_definitions(
    lake: Arc<Lake>,
    definitions: Arc<Definitions>,
    networks: Networks,
    (mut mark, mut known): ((usize, Option<Time>), Synced),
) {
    loop {
        tokio::time::sleep(FOLLOW).await;
        let (now, marked) = (clock::now(), networks.mark());
        let same = definitions.generation().is_ok_and(|generation| generation == known.generation);
        if same && marked == mark && known.next_change.is_none_or(|at| now < at) {
            continue;
        }
        match minamo_server::profiles::sync(&lake, &definitions, &networks, now).await {
            Ok(synced) => (mark, known) = (marked, synced),
            Err(error) => tracing::error!(%error, "rollups are not in line with the definitions"),
        }
    }
}

/// Writes rows to segments even where they are few, and ends old rollups.
async fn seal_regularly(lake: Arc<Lake>, every: Duration, keep_rollups: Option<Duration>) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = lake.seal().await {
            tracing::error!(%error, "rows stay in the log");
        }
        if let Some(keep) = keep_rollups
            && let Err(error) = lake.expire_rollups(clock::now() - keep).await
        {
            tracing::error!(%error, "old rollups stay");
        }
    }
}
