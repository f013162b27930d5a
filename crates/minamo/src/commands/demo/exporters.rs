// SPDX-License-Identifier: Apache-2.0
//! The exporters of the demo: a collector on loopback and three that send to it, so that the console has something
//! true to say of them. One replays a recording of softflowd, one is a second probe that sends IPFIX, and one is
//! configured as badly as many are: its clock is behind, its active timeout is half an hour, datagrams get lost.
//!
//! They tell flows that the demo's own probe meters: their rows are marked as duplicates, so that totals count every
//! flow once.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use arrow::array::{ArrayRef, FixedSizeBinaryArray, RecordBatch};
use arrow::datatypes::Schema;
use minamo_base::{Ip, Time};
use minamo_capture::CaptureFile;
use minamo_collect::{Collector, Counters, Exporters, Known, Settings};
use minamo_flowwire::{Encoder, Wire};
use minamo_model::{FLOWS, Flow};
use minamo_packet::decode;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock;
use crate::ingest;
use crate::read::{self, Job};

/// The recording of softflowd, from the folder of the captures.
const RECORDING: &str = "../flow/softflowd-v9.pcap.zst";
/// What a switch with few fields in its template tells.
const FEW: [&str; 9] =
    ["time_start", "time_end", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "src_bytes", "src_packets"];
/// How long devices run.
const UPTIME: Duration = Duration::from_secs(86_400);
/// How far the clock of the bad one is behind.
const BEHIND: Duration = Duration::from_secs(420);
/// Its active timeout, and from which length on a flow shows it.
const ACTIVE_TIMEOUT: Duration = Duration::from_secs(1_800);
const LONG: i64 = 60_000_000_000;
/// Each of so many datagrams of the bad one gets lost.
const LOST: usize = 5;
/// Time between datagrams: the system's receive buffer may be small.
const PACE: Duration = Duration::from_millis(1);
/// Octets in front of the export time in the header of NetFlow version 9 (RFC 3954 §5.1).
const V9_TIME: usize = 8;

/// The collector while it runs.
pub(super) struct Collection {
    pub(super) exporters: Exporters,
    pub(super) counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    collecting: JoinHandle<anyhow::Result<()>>,
    marking: JoinHandle<anyhow::Result<()>>,
}

impl Collection {
    /// True where the recording of an exporter lies beside the captures.
    pub(super) fn is_recorded(fixtures: &Path) -> bool {
        fixtures.join(RECORDING).is_file()
    }

    /// Starts the collector at a port of its own and sends to it what the recordings in `fixtures` give.
    /// `forward` is the shift of the demo's captures, in nanoseconds.
    pub(super) async fn start(
        fixtures: &Path,
        forward: i64,
        batches: mpsc::Sender<RecordBatch>,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            listen: vec![(Ipv4Addr::LOCALHOST, 0).into()],
            known: SENDERS.iter().map(Sender::known).collect(),
            ..Settings::default()
        };
        let (sender, collected) = mpsc::channel(ingest::QUEUE);
        let collector = Collector::new(settings, sender, clock::now);
        let (exporters, counters) = (collector.exporters(), collector.counters());
        let mut addresses = collector.addresses();
        let stop = watch::Sender::new(false);
        let stopped = stop.subscribe();
        let collecting = tokio::spawn(async move { Ok(collector.run(stopped).await?) });
        let marking = tokio::spawn(mark(collected, batches));
        let to = addresses.wait_for(|open| !open.is_empty()).await.context("the demo's collector does not listen")?;
        let to = to.first().copied().context("the demo's collector has no address")?;
        let scene = Scene { fixtures: fixtures.to_owned(), forward, now: clock::now() };
        tokio::task::spawn_blocking(move || SENDERS.iter().try_for_each(|sender| sender.send(&scene, to))).await??;
        Ok(Self { exporters, counters, stop, collecting, marking })
    }

    /// Ends the collector; what it has taken is handed on.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.collecting.await.context("the demo's collector broke")??;
        self.marking.await.context("the demo's collector broke")?
    }
}

/// What exporters tell of.
struct Scene {
    fixtures: PathBuf,
    /// Shift of the captures, in nanoseconds.
    forward: i64,
    now: Time,
}

/// One exporter of the demo.
struct Sender {
    address: Ipv4Addr,
    name: &'static str,
    site: &'static str,
    datagrams: fn(&Scene) -> anyhow::Result<Vec<Vec<u8>>>,
}

static SENDERS: [Sender; 3] = [
    Sender { address: Ipv4Addr::new(127, 0, 0, 2), name: "edge-router", site: "Tokyo", datagrams: recorded },
    Sender { address: Ipv4Addr::new(127, 0, 0, 3), name: "branch-switch", site: "Osaka", datagrams: bad },
    Sender { address: Ipv4Addr::new(127, 0, 0, 4), name: "probe-2", site: "Tokyo", datagrams: probe },
];

impl Sender {
    fn known(&self) -> (Ip, Known) {
        let known = Known { name: self.name.to_owned(), site: self.site.to_owned(), ..Known::default() };
        (Ip::v4(self.address.octets()), known)
    }

    fn send(&self, scene: &Scene, to: SocketAddr) -> anyhow::Result<()> {
        let datagrams = (self.datagrams)(scene).with_context(|| format!("exporter {}", self.name))?;
        let socket = UdpSocket::bind((self.address, 0)).with_context(|| format!("exporter {}", self.address))?;
        for datagram in datagrams {
            socket.send_to(&datagram, to).with_context(|| format!("exporter {}", self.address))?;
            std::thread::sleep(PACE);
        }
        Ok(())
    }
}

/// The recording of softflowd, shifted so that it ends now.
fn recorded(scene: &Scene) -> anyhow::Result<Vec<Vec<u8>>> {
    let path = scene.fixtures.join(RECORDING);
    let forward = match read::time_span(&path)? {
        Some((_, last)) => u32::try_from(scene.now.since(last) / 1_000_000_000).unwrap_or(0),
        None => 0,
    };
    let mut file = CaptureFile::open(&path)?;
    let mut datagrams = Vec::new();
    while let Some(frame) = file.next_frame()? {
        let Ok(packet) = decode(frame.link, frame.data) else { continue };
        let mut octets = packet.payload.to_vec();
        if let Some(time) = octets.get_mut(V9_TIME..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            *time = u32::from_be_bytes(*time).saturating_add(forward).to_be_bytes();
            datagrams.push(octets);
        }
    }
    Ok(datagrams)
}

/// A probe that exports all that it knows as IPFIX.
fn probe(scene: &Scene) -> anyhow::Result<Vec<Vec<u8>>> {
    let rows = scene.metered(&["office.pcap.zst"], Duration::ZERO)?;
    let mut encoder = Encoder::new(Wire::Ipfix, 1, scene.now - UPTIME);
    let mut datagrams = Vec::new();
    encoder.encode(&rows, scene.now, &mut |datagram| datagrams.push(datagram.to_vec()));
    Ok(datagrams)
}

/// A switch with the usual faults.
fn bad(scene: &Scene) -> anyhow::Result<Vec<Vec<u8>>> {
    let told = scene.now - BEHIND;
    let mut rows = scene.metered(&["web.pcap.zst", "bittorrent.pcap.zst"], BEHIND)?;
    for core in rows.iter_mut().map(|row| &mut row.core).filter(|core| core.time_end.since(core.time_start) > LONG) {
        core.time_start = core.time_end - ACTIVE_TIMEOUT;
    }
    let few: Vec<_> = FLOWS.places().filter(|(_, column)| FEW.contains(&column.name)).map(|(id, _)| id).collect();
    let mut encoder = Encoder::new(Wire::Netflow9, 1, told - UPTIME).with_limits(512, 16).with_columns(&few);
    let mut datagrams = Vec::new();
    encoder.encode(&rows, told, &mut |datagram| datagrams.push(datagram.to_vec()));
    let arrives = |at: usize| at % LOST != LOST - 1;
    Ok(datagrams.into_iter().enumerate().filter(|(at, _)| arrives(*at)).map(|(_, datagram)| datagram).collect())
}

impl Scene {
    /// The rows of captures, at the times that the demo's own probe has, or `behind` them.
    fn metered(&self, names: &[&str], behind: Duration) -> anyhow::Result<Vec<Flow>> {
        let files: Vec<_> = names.iter().map(|name| self.fixtures.join(name)).collect();
        let mut rows = Vec::new();
        let shift = |time: Time| Time(time.0.saturating_add(self.forward)) - behind;
        let job = Job { shift: &shift, ..Job::of(&files, minamo_meter::Settings::default()) };
        let report = read::meter(&job, &read::progress(), &mut |row: Flow| {
            rows.push(row);
            true
        });
        match report.errors.into_iter().next() {
            Some(error) => Err(error.into()),
            None => Ok(rows),
        }
    }
}

/// Hands rows on, marked as told by the probe of this host, too.
async fn mark(mut collected: mpsc::Receiver<RecordBatch>, batches: mpsc::Sender<RecordBatch>) -> anyhow::Result<()> {
    while let Some(batch) = collected.recv().await {
        if batches.send(marked(&batch)?).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The batch with a mark in each row; batches of the collector have none of their own.
fn marked(batch: &RecordBatch) -> anyhow::Result<RecordBatch> {
    let column = FLOWS.column("duplicate_of").context("there is no column duplicate_of")?;
    let here = Ip::v4(Ipv4Addr::LOCALHOST.octets());
    let marks = FixedSizeBinaryArray::try_from_iter(std::iter::repeat_n(here.0, batch.num_rows()))?;
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    fields.push(Arc::new(column.field()));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(marks) as ArrayRef);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
