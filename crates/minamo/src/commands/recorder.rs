// SPDX-License-Identifier: Apache-2.0
//! `minamo recorder`: packets out of the ring that the probe keeps.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use arrow::array::RecordBatch;
use minamo_base::{FiveTuple, Ip, Time};
use minamo_capture::recorder::{Cutter, Selection};
use minamo_model::CellReader;
use minamo_schema::Value;

use crate::cli::{RecorderCommand, RecorderCut};
use crate::clock;
use crate::commands::place::{open_to_read, place};

pub(crate) async fn run(command: RecorderCommand) -> anyhow::Result<()> {
    match command {
        RecorderCommand::Cut(args) => cut(*args).await,
    }
}

async fn cut(args: RecorderCut) -> anyhow::Result<()> {
    let (settings, folder) = place(&args.place)?;
    let recorder = settings.recorder(&folder, 1).context("recorder.size is off: no packets are kept")?;
    let mut selection = Selection { from: args.from, to: args.to, filter: args.filter.clone(), ..Selection::default() };
    if let Some(length) = args.last {
        selection.from = Some(clock::now() - length);
    }
    if let Some(id) = &args.flow {
        let found = open_to_read(&args.place)?.flow(id).await?;
        let batch = found.with_context(|| format!("--flow: there is no flow {id}"))?;
        let (tuple, start, end) = conversation(&batch).with_context(|| format!("--flow: {id} has no addresses"))?;
        selection.tuples = vec![tuple];
        (selection.from, selection.to) = (Some(start - args.around), Some(end + args.around));
    }
    let cut = Cutter::new(&recorder.folder).cut(&selection, &mut *output(&args.output)?)?;
    if cut.packets == 0 {
        bail!("there are no such packets, or no longer");
    }
    eprintln!("minamo: {} packet(s), {} octet(s)", cut.packets, cut.octets);
    Ok(())
}

/// Ends and times of a flow.
fn conversation(batch: &RecordBatch) -> Option<(FiveTuple, Time, Time)> {
    let value = |name: &str| {
        let at = batch.schema_ref().index_of(name).ok()?;
        Some(CellReader::new(batch.schema_ref().field(at), batch.column(at)).value(0))
    };
    let ip = |name: &str| match value(name)? {
        Value::Ip(ip) => Some(ip),
        _ => None,
    };
    let time = |name: &str| match value(name)? {
        Value::Time(time) => Some(time),
        _ => None,
    };
    let number = |name: &str| match value(name)? {
        Value::Uint(number) => u16::try_from(number).ok(),
        _ => None,
    };
    let (src, dst): (Ip, Ip) = (ip("src_ip")?, ip("dst_ip")?);
    let (src_port, dst_port) = (number("src_port")?, number("dst_port")?);
    let proto = u8::try_from(number("proto")?).ok()?;
    Some((FiveTuple { src, dst, src_port, dst_port, proto }, time("time_start")?, time("time_end")?))
}

fn output(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        if io::stdout().is_terminal() {
            bail!("--output: pcapng is not for terminals: name a file");
        }
        return Ok(Box::new(BufWriter::new(io::stdout())));
    }
    let file = File::create(path).with_context(|| format!("--output: {}", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}
