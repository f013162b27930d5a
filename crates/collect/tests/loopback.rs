// SPDX-License-Identifier: Apache-2.0
//! The collector on loopback sockets: datagrams in, batches and counters out.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what is wrong by failing")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use minamo_base::Time;
use minamo_collect::{CollectError, Collector, Counters, Settings};
use minamo_flowwire::FORMATS;
use minamo_model::{CellReader, Row, text_value};
use minamo_schema::arrow::array::RecordBatch;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

fn clock() -> Time {
    Time(1_711_276_033_000_000_000)
}

struct Running {
    batches: mpsc::Receiver<RecordBatch>,
    addresses: Vec<SocketAddr>,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), CollectError>>,
}

fn settings(listeners: usize) -> Settings {
    let any_port: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    Settings { listen: vec![any_port; listeners], batch_age: Duration::from_secs(3_600), ..Settings::default() }
}

async fn start(settings: Settings, room: usize) -> Running {
    let (sender, batches) = mpsc::channel(room);
    let (stop, stopped) = watch::channel(false);
    let collector = Collector::new(settings, sender, clock);
    let (counters, mut open) = (collector.counters(), collector.addresses());
    let task = tokio::spawn(collector.run(stopped));
    let addresses = open.wait_for(|list| !list.is_empty()).await.expect("it listens").clone();
    Running { batches, addresses, counters, stop, task }
}

async fn send(to: SocketAddr, datagrams: &[&[u8]]) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    for datagram in datagrams {
        socket.send_to(datagram, to).await.expect("sent");
    }
}

fn value(counters: &Counters, name: &str) -> u64 {
    counters.samples(&[]).iter().filter(|sample| sample.metric.name == name).map(|sample| sample.value).sum()
}

/// Waits until a counter has a value: the datagrams are on their way through the system.
async fn reaches(counters: &Counters, name: &str, wanted: u64) {
    let done = async {
        while value(counters, name) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), done).await.unwrap_or_else(|_| panic!("{name} is {}", value(counters, name)));
}

#[tokio::test]
async fn datagrams_of_all_formats_become_one_batch_at_the_end() {
    let mut running = start(settings(2), 4).await;
    let [first, second] = running.addresses[..] else { panic!("two listeners") };
    let samples: Vec<_> = FORMATS.iter().map(|format| format.sample).collect();
    send(first, &samples).await;
    send(second, &[samples[0], &b"\0\x08junk"[..]]).await;
    reaches(&running.counters, "minamo_collect_rows_total", 7).await;
    reaches(&running.counters, "minamo_collect_skipped_datagrams_total", 1).await;
    running.stop.send(true).expect("it runs");
    let batch = timeout(Duration::from_secs(20), running.batches.recv()).await.expect("in time").expect("a batch");
    assert_eq!(batch.num_rows(), 7);
    let readers = CellReader::all(&batch);
    let mut sources: Vec<_> = (0..7).map(|row| text_value(&Row::new(&readers, row).get("source"))).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["ipfix", "netflow1", "netflow5", "netflow5", "netflow7", "netflow9", "sflow"]);
    assert_eq!(text_value(&Row::new(&readers, 0).get("exporter_ip")), "127.0.0.1");
    assert_eq!(text_value(&Row::new(&readers, 0).get("time_received")), "2024-03-24T10:27:13Z");
    assert!(running.batches.recv().await.is_none(), "the channel closes with the collector");
    assert!(running.task.await.expect("no panic").is_ok());
    assert_eq!(value(&running.counters, "minamo_collect_datagrams_total"), 8);
    assert_eq!(value(&running.counters, "minamo_collect_templates"), 2);
    assert_eq!(value(&running.counters, "minamo_collect_format_rows_total"), 7);
}

#[tokio::test]
async fn full_batches_leave_at_once() {
    let mut running = start(Settings { batch_rows: 2, ..settings(1) }, 4).await;
    send(running.addresses[0], &[FORMATS[0].sample; 5]).await;
    for _ in 0..2 {
        let batch = timeout(Duration::from_secs(20), running.batches.recv()).await.expect("in time").expect("a batch");
        assert_eq!(batch.num_rows(), 2);
    }
    reaches(&running.counters, "minamo_collect_rows_total", 5).await;
    drop(running.stop);
    assert_eq!(running.batches.recv().await.map(|batch| batch.num_rows()), Some(1), "the rest at the end");
}

#[tokio::test]
async fn a_channel_that_stays_full_costs_rows_and_is_counted() {
    let brief = Settings { batch_rows: 1, send_wait: Duration::from_millis(1), ..settings(1) };
    let mut running = start(brief, 1).await;
    send(running.addresses[0], &[FORMATS[0].sample; 3]).await;
    reaches(&running.counters, "minamo_collect_dropped_rows_total", 2).await;
    assert_eq!(running.batches.recv().await.map(|batch| batch.num_rows()), Some(1));
    running.stop.send(true).expect("it runs");
    assert!(running.task.await.expect("no panic").is_ok());
    assert_eq!(value(&running.counters, "minamo_collect_rows_total"), 3);
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_sentence() {
    let running = start(settings(1), 1).await;
    let taken = running.addresses[0];
    let (sender, _batches) = mpsc::channel(1);
    let (_stop, stopped) = watch::channel(false);
    let error = Collector::new(Settings { listen: vec![taken], ..settings(0) }, sender, clock).run(stopped).await;
    assert_eq!(
        error.map_err(|e| e.to_string()),
        Err(format!(
            "cannot listen at {taken}: the port is in use by another program; choose another one in `collect.listen`"
        ))
    );
}

#[tokio::test]
async fn it_ends_when_nobody_takes_the_batches() {
    let running = start(Settings { batch_rows: 1, ..settings(1) }, 1).await;
    drop(running.batches);
    send(running.addresses[0], &[FORMATS[0].sample]).await;
    let ended = timeout(Duration::from_secs(20), running.task).await.expect("in time").expect("no panic");
    assert_eq!(ended.map_err(|e| e.to_string()), Err("the receiver of the batches is gone".to_owned()));
}
