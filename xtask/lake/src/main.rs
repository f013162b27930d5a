// SPDX-License-Identifier: Apache-2.0
//! Load for the lake's benchmark (`benches/lake.sh`): flow datagrams of a capture become batches in a file,
//! and batches of a file go into a lake as fast as it takes them, as a collector would hand them over.
//!
//! ```text
//! xtask-lake prepare CAPTURE BATCHES.arrow      decodes UDP datagrams of NetFlow v5, v9, IPFIX
//! xtask-lake load FOLDER BATCHES.arrow          appends, seals, compacts; prints what it took
//! xtask-lake month FOLDER                       charts of a month from rollups; prints their times
//! ```

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a stopwatch that prints is what it is")]

mod month;

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use arrow::array::RecordBatch;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use minamo_base::{Ip, Time};
use minamo_capture::CaptureFile;
use minamo_flowwire::{Cache, Limits, decode};
use minamo_model::{FLOWS, Flow, FlowBuilder};
use minamo_packet::Transport;
use minamo_store::{Lake, Settings};

/// Rows of a batch, as sources make them.
const ROWS: usize = 8_192;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["prepare", capture, out] => prepare(Path::new(capture), Path::new(out)),
        ["load", folder, batches] => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(load(Path::new(folder), Path::new(batches)))
        }
        ["month", folder] => month::measure(Path::new(folder)),
        _ => bail!("usage: xtask-lake prepare CAPTURE BATCHES.arrow | load FOLDER BATCHES.arrow | month FOLDER"),
    }
}

fn prepare(capture: &Path, out: &Path) -> anyhow::Result<()> {
    let mut capture = CaptureFile::open(capture)?;
    let mut cache = Cache::new(Limits::default());
    let mut writer: Option<FileWriter<BufWriter<File>>> = None;
    let mut builder = FlowBuilder::default();
    let (mut pending, mut rows) = (0, 0_u64);
    loop {
        let frame = capture.next_frame()?;
        if let Some(frame) = &frame {
            let packet = minamo_packet::decode(frame.link, frame.data).map_err(|skip| anyhow::anyhow!("{skip}"))?;
            if !matches!(packet.transport, Transport::Udp(..)) {
                continue;
            }
            let mut take = |flow: &Flow| {
                builder.append(flow);
                pending += 1;
            };
            decode(packet.payload, Ip::v4([10, 0, 0, 254]), frame.time, &mut cache, &mut take);
        }
        if pending >= ROWS || (frame.is_none() && pending > 0) {
            let batch = builder.finish()?;
            rows += batch.num_rows() as u64;
            pending = 0;
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(FileWriter::try_new(BufWriter::new(File::create(out)?), batch.schema_ref())?),
            };
            writer.write(&batch)?;
        }
        if frame.is_none() {
            break;
        }
    }
    writer.context("the capture holds no flow records")?.finish()?;
    eprintln!("{rows} rows");
    Ok(())
}

async fn load(folder: &Path, batches: &Path) -> anyhow::Result<()> {
    let reader = FileReader::try_new(BufReader::new(File::open(batches)?), None)?;
    let lake = Arc::new(Lake::open(folder, Settings::default(), now)?);
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    let (sender, mut queue) = tokio::sync::mpsc::channel::<RecordBatch>(64);
    let reading = std::thread::spawn(move || -> anyhow::Result<()> {
        for batch in reader {
            sender.blocking_send(batch?)?;
        }
        Ok(())
    });
    let mut waiting = tokio::task::JoinSet::new();
    let mut rows = 0;
    while let Some(batch) = queue.recv().await {
        rows += batch.num_rows();
        while waiting.len() >= 32 {
            waiting.join_next().await.context("an append")???;
        }
        let lake = Arc::clone(&lake);
        waiting.spawn(async move { lake.append(&FLOWS, batch).await });
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    reading.join().map_err(|_| anyhow::anyhow!("reading failed"))??;
    let (durable, durable_cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    lake.seal().await?;
    lake.compact().await?;
    let (done, done_cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let stats = lake.stats();
    let flows = stats.table("flows").context("flows")?;
    println!("rows {rows}");
    println!("durable_seconds {durable:.2} cpu {durable_cpu:.2}");
    println!("compacted_seconds {done:.2} cpu {done_cpu:.2}");
    println!("segments {} bytes {} bytes_per_row {:.2}", flows.segments, flows.bytes, flows.bytes as f64 / rows as f64);
    println!("peak_memory_kib {}", status("VmHWM:")?);
    for counter in lake.counters() {
        println!("  {} {} {}", counter.metric.name, counter.label_text(), counter.value);
    }
    Arc::into_inner(lake).context("the lake is in use")?.close().await?;
    Ok(())
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Processor time of this process so far.
fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    Ok((ticks(11) + ticks(12)) / 100.0)
}

fn status(key: &str) -> anyhow::Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    Ok(line.trim().trim_end_matches(" kB").to_owned())
}
