// SPDX-License-Identifier: Apache-2.0
//! `minamo serve`: probe, collector, lake, detection and console in one process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use minamo_base::{Ip, Sample, Time};
use minamo_capture::recorder::{self, Cutter};
use minamo_capture::{LiveSettings, Watched};
use minamo_collect::{Collector, Forwarder};
use minamo_enrich::{Control, Enricher};
use minamo_eta::judge::{InForce, Judge};
use minamo_filter::Sets;
use minamo_meter::Names;
use minamo_server::detection::{Ruling, Suppressing};
use minamo_server::lake::import::{Importer, Importing};
use minamo_server::local::LocalListener;
use minamo_server::profiles::Synced;
use minamo_server::{Deps, State, random_password, services};
use minamo_state::{Definitions, History, Notices, Triages};
use minamo_store::Lake;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::actions::{self, Action, Actions, Books};
use crate::alerts::{self, AlertSources};
use crate::applications;
use crate::bundles;
use crate::cli::Serve;
use crate::clock;
pub(crate) use crate::commands::interrupt::interrupted;
use crate::commands::place::{make_folder, place};
use crate::detector::{self, Around, Detector};
use crate::elements;
use crate::enrichment;
use crate::exported::{self, Exported};
use crate::exporters;
use crate::feeds::{self, Feeds};
use crate::import;
use crate::ingest::{self, Fresh};
use crate::interfaces::InterfaceNames;
use crate::outgoing::Outgoing;
use crate::pairing::{self, Stages};
use crate::probe::{self, Recording};
use crate::reread::Watch;
use crate::rules;
use crate::sets::{AllSets, Kept, Networks, Own};
use crate::settings::{Interface, Settings};

pub(crate) async fn run(args: Serve) -> anyhow::Result<()> {
    let (settings, folder) = place(&args.place)?;
    // What needs privileges comes first.
    let listener = bind(settings.listen()?).await?;
    let probes = Probes::open(&settings)?;
    let forwarder = Arc::new(Forwarder::open(&settings.forwards()?)?);
    if let Some(user) = settings.probe_user() {
        minamo_capture::become_user(&user).with_context(|| format!("probe.user: cannot become {user:?}"))?;
    }
    let core = Core::open(&folder, &settings).await?;
    if core.state.is_new()? {
        let password = random_password();
        core.state.set_user("admin", &password)?;
        eprintln!("first start: log in as `admin` with the password `{password}` (shown only now)");
    }
    let asked = interrupted();
    let stop = watch::Sender::new(false);
    let mut sources = Sources::default();
    sources.collect(&settings, &folder, &core, forwarder, &stop)?;
    sources.know_own(&settings)?;
    sources.probe(probes, &settings, &folder, &core)?;
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

/// Which addresses are of the own network, as the networks file says now.
fn own(enrichment: &Arc<Control>) -> Arc<dyn Fn(Ip) -> bool + Send + Sync> {
    let enrichment = Arc::clone(enrichment);
    Arc::new(move |ip| enrichment.sources().is_local(ip, clock::now()))
}

/// Lake, state, ingest and detection: what serve and demo share.
pub(crate) struct Core {
    pub(crate) lake: Arc<Lake>,
    pub(crate) state: Arc<State>,
    definitions: Arc<Definitions>,
    profiles: JoinHandle<()>,
    rules: Arc<minamo_detect::Rules>,
    ruling: Arc<Ruling>,
    suppressing: Arc<Suppressing>,
    triages: Arc<Triages>,
    history: Arc<History>,
    batches: mpsc::Sender<RecordBatch>,
    fresh: Arc<Fresh>,
    ingest: JoinHandle<()>,
    detection: JoinHandle<()>,
    /// Dropped when detection shall end.
    detect: watch::Sender<()>,
    ingested: Arc<ingest::Counters>,
    /// Takes in files that are uploaded, beside the sources.
    importing: Importing,
    exports: Arc<Vec<Outgoing>>,
    enrichment: Arc<Control>,
    /// Reads the files of enrichment again.
    watching: JoinHandle<()>,
    detected: Arc<detector::Counters>,
    packets: Option<Cutter>,
    told: Vec<(String, Arc<actions::Counters>)>,
    heard: Arc<alerts::Counters>,
    feeds: Arc<feeds::Counters>,
    /// Fetches and reads feeds.
    following: JoinHandle<()>,
    bundled: Arc<bundles::Counters>,
    /// Fetches and installs bundles.
    bundling: Option<JoinHandle<()>>,
    /// The model of encrypted sessions that is in force.
    model: Arc<InForce>,
    /// Verdicts on rows of exporters and of imported files.
    judged: Arc<exported::Counters>,
    /// Reads it again when it changes.
    modelling: JoinHandle<()>,
    started_at: Time,
}

/// People's sets, and the networks that are sets.
fn all_sets(definitions: Arc<Definitions>, networks: Networks) -> Arc<dyn Sets + Send + Sync> {
    Arc::new(AllSets { own: Own::Live(Kept::new(definitions)), networks })
}

/// Takes in files beside the sources, and the counters of verdicts, which are those of exporters' rows, too.
fn importer(
    folder: &Path,
    settings: &Settings,
    lake: &Arc<Lake>,
    enrichment: &Arc<Control>,
    model: &Arc<InForce>,
) -> anyhow::Result<(Importer, Arc<exported::Counters>)> {
    let beside = Enricher::beside(enrichment, settings.enrich().enricher);
    let judge = Exported::following(Arc::clone(model));
    let judged = judge.counters();
    Ok((import::importer(Arc::clone(lake), beside, judge, &folder.join("state.db"))?, judged))
}

/// The actions of the settings; what they tell goes into `books`.
fn start_actions(settings: &Settings, books: &Books) -> anyhow::Result<Actions> {
    let start = |(wanted, target)| Action::start(wanted, target, Some(books.clone()));
    Ok(Actions::new(settings.actions()?.into_iter().map(start).collect::<anyhow::Result<_>>()?))
}

impl Core {
    /// Opens everything in a data folder.
    pub(crate) async fn open(folder: &Path, settings: &Settings) -> anyhow::Result<Self> {
        make_folder(folder)?;
        let lake = Arc::new(Lake::open(&folder.join("lake"), settings.lake()?, clock::now)?);
        let state =
            State::open(&folder.join("state.db")).with_context(|| folder.join("state.db").display().to_string())?;
        let definitions = Arc::new(Definitions::open(&folder.join("state.db"))?);
        let sources = settings.rules()?.with_ruling(&folder.join("state.db"))?;
        let ruling = sources.ruling.clone().context("the rules of people")?;
        let loaded = rules::planned(&lake, sources.load_first()?).await;
        let (enricher, watch) = enrichment::start(settings.enrich(), Arc::clone(&definitions), clock::now())?;
        let enrichment = enricher.control();
        let origin = settings.model();
        let model = Arc::new(InForce::new(origin.at_start()?));
        let (importer, judged) = importer(folder, settings, &lake, &enrichment, &model)?;
        let networks = Networks::Live(Arc::clone(&enrichment));
        let sets = all_sets(Arc::clone(&definitions), Networks::Live(Arc::clone(&enrichment)));
        lake.know_sets(Arc::clone(&sets));
        let mark = networks.mark();
        let known = minamo_server::profiles::sync(&lake, &definitions, &networks, clock::now()).await?;
        let profiles = follow_definitions(Arc::clone(&lake), Arc::clone(&definitions), networks, (mark, known));
        let watching = tokio::spawn(enrichment::watch(watch, Arc::clone(&enrichment), clock::now));
        let (batches, queue) = mpsc::channel(ingest::QUEUE);
        let (fresh, ingested) = (Arc::new(Fresh::default()), Arc::new(ingest::Counters::default()));
        let detected = Arc::new(detector::Counters::default());
        let suppressing = Arc::new(Suppressing::open(&folder.join("state.db"))?);
        let (own_lake, counted, hidden) = (Arc::clone(&lake), Arc::clone(&detected), Arc::clone(&suppressing));
        let notices = Arc::new(Notices::open(&folder.join("state.db"))?);
        let history = Arc::new(History::open(&folder.join("state.db"))?);
        let actions = start_actions(settings, &Books { notices, history: Arc::clone(&history) })?;
        let told = actions.counters();
        let heard = Arc::new(alerts::Counters::default());
        let alerts = AlertSources::start(settings.alerts()?, &folder.join("alerts"), Arc::clone(&heard))?;
        let around = Around { suppressing: hidden, perspectives: settings.perspectives()?, actions, alerts };
        let detector = Detector::new(own_lake, sources, loaded, around, &fresh, counted).await?;
        let rules = detector.rules();
        let feeds = Arc::new(feeds::Counters::default());
        let list =
            Feeds::new(settings.feeds()?, &folder.join("feeds"), Arc::clone(&feeds)).with_bundles(settings.bundles());
        let (bundled, (url, every)) = (Arc::new(bundles::Counters::default()), settings.bundle_source()?);
        let bundling = settings.bundles().map(|at| tokio::spawn(bundles::follow(at, url, every, Arc::clone(&bundled))));
        let following = tokio::spawn(feeds::follow(list, Arc::clone(&enrichment), Arc::clone(&fresh)));
        let detect = watch::Sender::new(());
        let exports = settings.exports()?.into_iter().map(|export| Outgoing::open(export, &lake, &sets));
        let exports = Arc::new(exports.collect::<anyhow::Result<Vec<_>>>()?);
        let (fresh_rows, taken) = (Arc::clone(&fresh), Arc::clone(&ingested));
        let ingest = ingest::run(Arc::clone(&lake), queue, enricher, fresh_rows, taken, Arc::clone(&exports));
        Ok(Self {
            state: Arc::new(state),
            definitions,
            profiles: tokio::spawn(profiles),
            rules,
            ruling,
            suppressing,
            triages: Arc::new(Triages::open(&folder.join("state.db"))?),
            history,
            batches,
            ingest: tokio::spawn(ingest),
            detection: tokio::spawn(detector.run(Arc::clone(&fresh), detect.subscribe())),
            fresh,
            detect,
            ingested,
            importing: importer.into(),
            exports,
            enrichment,
            watching,
            detected,
            packets: settings.recorder(folder, 1).map(|recorder| Cutter::new(&recorder.folder)),
            told,
            heard,
            feeds,
            following,
            bundled,
            bundling,
            modelling: tokio::spawn(origin.follow(Arc::clone(&model))),
            model,
            judged,
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
        self.following.abort();
        self.bundling.iter().for_each(JoinHandle::abort);
        self.modelling.abort();
        self.ingest.await?;
        let exports = self.exports;
        tokio::task::spawn_blocking(move || exports.iter().for_each(Outgoing::close)).await?;
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
    let (told, heard, feeds) = (core.told.clone(), Arc::clone(&core.heard), Arc::clone(&core.feeds));
    let (enrichment, exports) = (Arc::clone(&core.enrichment), Arc::clone(&core.exports));
    let (bundled, judged) = (Arc::clone(&core.bundled), Arc::clone(&core.judged));
    let counters = move || {
        let mut samples = sources();
        samples.extend(ingested.samples(&[]));
        samples.extend(enrichment.samples());
        samples.extend(detected.samples(&[]));
        samples.extend(exports.iter().flat_map(Outgoing::samples));
        samples.extend(actions::samples(&told));
        samples.extend(heard.samples(&[]));
        samples.extend(feeds.samples(&[]));
        samples.extend(bundled.samples(&[]));
        samples.extend(judged.samples(&[]));
        samples
    };
    let services = services(Deps {
        lake: Arc::clone(&core.lake),
        state: Arc::clone(&core.state),
        definitions: Arc::clone(&core.definitions),
        networks: Arc::new(Networks::Live(Arc::clone(&core.enrichment))),
        importing: core.importing.clone(),
        rules: Arc::clone(&core.rules),
        ruling: Arc::clone(&core.ruling),
        suppressing: Arc::clone(&core.suppressing),
        triages: Arc::clone(&core.triages),
        history: Arc::clone(&core.history),
        counters: Arc::new(counters),
        exporters,
        own: own(&core.enrichment),
        packets: core.packets.clone(),
        model: Arc::clone(&core.model),
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
        served = minamo_server::serve(&core.state, listener, services.web) => served.context("the console stopped"),
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
    pairing: Option<Arc<pairing::Counters>>,
    forwarder: Option<Arc<Forwarder>>,
    probes: Vec<(String, Arc<probe::Counters>)>,
    recorders: Vec<(String, Arc<recorder::Counters>)>,
    /// A person's services and signatures, what happened to their files, and who reads them again.
    own: applications::Own,
    applications: Arc<applications::Counters>,
    /// Who reads files again.
    reading: Vec<JoinHandle<()>>,
}

/// The interfaces that are metered, open: one capture for each thread.
struct Probes(Vec<(Interface, Vec<Watched>)>);

impl Probes {
    fn open(settings: &Settings) -> anyhow::Result<Self> {
        let mut probes = Vec::new();
        for (number, interface) in settings.probed()?.into_iter().enumerate() {
            let group = (interface.threads > 1).then(|| probe::group(number));
            let live = LiveSettings { group, ..interface.live.clone() };
            let captures: Vec<_> = (0..interface.threads)
                .map(|_| Watched::open(&interface.name, live.clone(), settings.waits()))
                .collect::<Result<_, _>>()
                .context("probe.interfaces")?;
            probes.push((interface, captures));
        }
        Ok(Self(probes))
    }

    fn threads(&self) -> usize {
        self.0.iter().map(|(_, captures)| captures.len()).sum()
    }
}

impl Sources {
    fn collect(
        &mut self,
        settings: &Settings,
        folder: &Path,
        core: &Core,
        forwarder: Arc<Forwarder>,
        stop: &watch::Sender<bool>,
    ) -> anyhow::Result<()> {
        let elements_watch = settings.collect_elements().map(|path| Watch::new(path, elements::load));
        let exporters_watch = settings.collect_exporters().map(|path| Watch::new(path, exporters::load));
        let elements = settings.elements()?;
        let collect = settings.collect()?;
        if collect.listen.is_empty() && collect.tcp.is_empty() && collect.tls.is_empty() {
            return Ok(());
        }
        let collect = minamo_collect::Settings { folder: Some(folder.join("collect")), elements, ..collect };
        let stages = Stages::new(settings.pairing(), settings.duplicates());
        let (batches, collected) = mpsc::channel(ingest::QUEUE);
        let counters = Arc::new(pairing::Counters::default());
        self.pairing = Some(Arc::clone(&counters));
        let collector = Collector::new(collect, batches, clock::now).with_forwarder(Arc::clone(&forwarder));
        let names = InterfaceNames::new(collector.exporters());
        let judge = Exported::following(Arc::clone(&core.model)).with_counters(Arc::clone(&core.judged));
        self.tasks.spawn(pairing::run(
            stages,
            collected,
            (core.batches(), Arc::clone(&core.fresh)),
            counters,
            (judge, names),
        ));
        self.forwarder = Some(forwarder);
        self.collector = Some(collector.counters());
        let stop = stop.subscribe();
        self.exporters = Some(collector.exporters());
        if let Some(watch) = elements_watch {
            let (exporters, counters) = (collector.exporters(), collector.counters());
            let run = watch.run(move |read| exporters.set_elements(&read), move || counters.elements_refused());
            self.reading.push(tokio::spawn(run));
        }
        if let Some(watch) = exporters_watch {
            let (exporters, counters) = (collector.exporters(), collector.counters());
            let run = watch.run(move |read| exporters.set_known(read), move || counters.exporters_refused());
            self.reading.push(tokio::spawn(run));
        }
        self.tasks.spawn(async move { Ok(collector.run(stop).await?) });
        Ok(())
    }

    /// Reads a person's services and signatures, and again whenever their files change.
    fn know_own(&mut self, settings: &Settings) -> anyhow::Result<()> {
        let counters = Arc::clone(&self.applications);
        let watch =
            applications::Watch::start(&settings.applications(), &self.own, counters).context("applications")?;
        self.reading.push(tokio::spawn(watch.run()));
        Ok(())
    }

    fn probe(&mut self, probes: Probes, settings: &Settings, folder: &Path, core: &Core) -> anyhow::Result<()> {
        let (model, recorder) = (Arc::clone(&core.model), settings.recorder(folder, probes.threads()));
        let recorder = recorder.as_ref();
        for (interface, captures) in probes.0 {
            let counters = Arc::new(probe::Counters::default());
            self.probes.push((interface.name.clone(), Arc::clone(&counters)));
            let recorded = recorder.map(|_| Arc::new(recorder::Counters::default()));
            self.recorders.extend(recorded.iter().map(|counters| (interface.name.clone(), Arc::clone(counters))));
            let names = Names::new(interface.meter.dns_names);
            for (thread, capture) in captures.into_iter().enumerate() {
                let name = format!("{}-{thread}", interface.name);
                let recording = match (recorder, &recorded) {
                    (Some(settings), Some(counters)) => {
                        let made = Recording::new(name, settings, Arc::clone(counters));
                        Some(made.with_context(|| format!("recorder.folder: {}", settings.folder.display()))?)
                    }
                    _ => None,
                };
                let meter = self.own.within(probe::apart(&interface.meter, thread));
                let (batches, stop, counters) = (core.batches(), Arc::clone(&self.stop), Arc::clone(&counters));
                let meter = (meter, names.clone(), Judge::following(Arc::clone(&model)));
                self.tasks
                    .spawn_blocking(move || Ok(probe::run(capture, meter, recording, &batches, &counters, &stop)?));
            }
            tracing::info!(interface = interface.name, threads = interface.threads, "metering");
        }
        Ok(())
    }

    fn counters(&self) -> SampleSource {
        let (collector, pairing, probes) = (self.collector.clone(), self.pairing.clone(), self.probes.clone());
        let (forwarder, recorders) = (self.forwarder.clone(), self.recorders.clone());
        let applications = Arc::clone(&self.applications);
        Arc::new(move || {
            let forwarded = forwarder.iter().flat_map(|forwarder| forwarder.samples());
            let collected = collector.iter().flat_map(|c| c.samples(&[]));
            let paired = pairing.iter().flat_map(|c| c.samples(&[]));
            collected
                .chain(forwarded)
                .chain(paired)
                .chain(applications.samples(&[]))
                .chain(probes.iter().flat_map(|(name, c)| c.samples(&[name])))
                .chain(recorders.iter().flat_map(|(name, c)| c.samples(&[name])))
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
        for reading in &self.reading {
            reading.abort();
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
pub(crate) async fn seal_regularly(lake: Arc<Lake>, every: Duration, keep_rollups: Option<Duration>) {
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
