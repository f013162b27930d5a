// SPDX-License-Identifier: Apache-2.0
//! Rows per CPU second of one core: `cargo run --release -p minamo-enrich --example rate [networks]`. Random rows, made anew at
//! each run in the same way; nothing is read from outside.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::sync::Arc;

use arrow::array::RecordBatch;
use minamo_base::{Ip, Prefix, Time};
use minamo_enrich::{Database, Definitions, Enricher, Entry, Settings, Sources, Table};
use minamo_model::{Flow, FlowBuilder};

#[allow(dead_code, unreachable_pub)]
#[path = "../src/tests/mmdb.rs"]
mod mmdb;

const ROWS: usize = 8_192;
const BATCHES: usize = 32;

/// Nanoseconds that this thread has had of a processor: other work on the machine does not count.
fn cpu_nanos() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    text.split(' ').next().and_then(|n| n.parse().ok()).expect("a number")
}

fn seconds_since(started: f64) -> f64 {
    (cpu_nanos() - started) / 1e9
}

/// Xorshift: the same numbers at each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn address(&mut self) -> Ip {
        Ip::v4((self.next() as u32).to_be_bytes())
    }
}

fn main() {
    let networks = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let entries: Vec<Entry> = (0..networks).map(|n| network(&mut numbers, n)).collect();
    let started = cpu_nanos();
    let table = Table::new(&entries);
    println!("{networks} networks made ready in {:.1} ms", seconds_since(started) * 1e3);
    let asked: Vec<Ip> = (0..1_000_000).map(|_| numbers.address()).collect();
    let started = cpu_nanos();
    let found = asked.iter().filter(|ip| table.find(**ip).is_some()).count();
    println!("networks alone: {:.1} M addresses/s ({found} of {} found)", 1.0 / seconds_since(started), asked.len());
    let batches = batches(&mut numbers);
    let definitions = || Definitions::always(entries.clone()).expect("good definitions");
    let databases = databases(&mut numbers);
    let nothing = Settings { dns_names: false, ..Settings::default() };
    run("nothing", Enricher::new(nothing, Sources::default()), &batches);
    run("names", Enricher::new(Settings::default(), Sources::default()), &batches);
    run("networks", Enricher::new(nothing, Sources::new(definitions(), vec![])), &batches);
    run("databases", Enricher::new(nothing, Sources::new(Definitions::default(), databases.clone())), &batches);
    run("all", Enricher::new(Settings::default(), Sources::new(definitions(), databases)), &batches);
}

fn network(numbers: &mut Numbers, n: usize) -> Entry {
    let length = 12 + (numbers.next() % 17) as u8;
    let prefix = Prefix::new(numbers.address(), length).expect("a length of IPv4");
    // One name per prefix even where it comes twice.
    Entry { name: Some(format!("net {prefix}")), tags: vec![format!("tag{}", n % 50)], ..Entry::new(prefix) }
}

/// A database of every /16 with 250 countries, and one of autonomous systems.
fn databases(numbers: &mut Numbers) -> Vec<Arc<Database>> {
    let prefixes: Vec<Prefix> =
        (0..65_536_u32).map(|n| Prefix::new(Ip::v4((n << 16).to_be_bytes()), 16).expect("a prefix")).collect();
    let codes: Vec<String> =
        (0..250_u8).map(|n| format!("{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26))).collect();
    let names: Vec<String> = (0..2_000).map(|n| format!("Example Networks Number {n}")).collect();
    let country = |n: u64| mmdb::city(&codes[(n % 250) as usize], "Somewhere");
    let system = |n: u64| mmdb::system(64_000 + (n % 2_000) as u32, &names[(n % 2_000) as usize]);
    let cities: Vec<_> = prefixes.iter().map(|p| (*p, country(numbers.next()))).collect();
    let systems: Vec<_> = prefixes.iter().map(|p| (*p, system(numbers.next()))).collect();
    [mmdb::write("City", 6, 28, &cities), mmdb::write("ASN", 6, 24, &systems)]
        .into_iter()
        .map(|octets| Arc::new(Database::open(octets).expect("a database")))
        .collect()
}

/// An office of a thousand hosts and 50,000 servers, the first few of them much asked for; each tenth row a DNS answer.
fn batches(numbers: &mut Numbers) -> Vec<RecordBatch> {
    let servers: Vec<Ip> = (0..50_000).map(|_| numbers.address()).collect();
    let mut builder = FlowBuilder::default();
    (0..BATCHES)
        .map(|batch| {
            for row in 0..ROWS {
                let mut flow = Flow::default();
                flow.core.src_ip = Ip::v4([10, 0, (numbers.next() % 4) as u8, numbers.next() as u8]);
                let narrow = numbers.next() % 50_000 + 1;
                let server = servers[(numbers.next() % narrow) as usize];
                flow.core.dst_ip = server;
                flow.core.time_start = Time((batch * ROWS + row) as i64 * 10_000_000);
                if row % 10 == 0 {
                    let dns = flow.dns.get_or_insert_default();
                    dns.query = Some(format!("host{}.example.net", narrow % 5_000));
                    dns.qtype = Some("A".into());
                    dns.answers = Some(vec![server.to_string()]);
                }
                builder.append(&flow);
            }
            builder.finish().expect("a batch")
        })
        .collect()
}

/// The least time of three runs over all batches, the first of which fills the caches.
fn run(what: &str, mut enricher: Enricher, batches: &[RecordBatch]) {
    let mut best = f64::MAX;
    let mut columns = 0;
    for _ in 0..4 {
        let started = cpu_nanos();
        for batch in batches {
            columns = enricher.enrich(batch).expect("enriched").num_columns() - batch.num_columns();
        }
        best = best.min(seconds_since(started));
    }
    let rows = (batches.len() * ROWS) as f64;
    println!("{what}: {:.2} M rows/s, {columns} columns added", rows / best / 1e6);
}
