// SPDX-License-Identifier: Apache-2.0
//! Arguments of `minamo repro`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

#[derive(Args)]
#[command(
    group = ArgGroup::new("which").required(true),
    after_help = "\
Examples:
  minamo meter --format jsonl capture.pcap                          find the flow_id of what is labelled wrongly
  minamo repro capture.pcap --flow 01841a8b168f2b0cea2f6d21 --mask --out report.pcap
  minamo repro capture.pcap --community-id 1:3DZKyvfuOwYRxUvsiabGpzaBjf8= --out report.pcap

Addresses become those of documentation (RFC 5737, RFC 3849, RFC 9542) and checksums follow; frames are written from the IP header
on, so VLANs and tunnels are gone. Times, ports and payload stay: with --mask the names that the flow's row tells are covered.
Look at the file before you send it: what is in it still is said in the guide (docs/guide/applications.md)."
)]
pub(crate) struct Repro {
    /// Captures: files, or folders (all files in them, by name).
    #[arg(required = true, value_name = "CAPTURE")]
    pub(crate) captures: Vec<PathBuf>,
    /// The flow, by the flow_id that `minamo meter` gives it in the same captures.
    #[arg(long, value_name = "ID", group = "which")]
    pub(crate) flow: Option<String>,
    /// The conversation, by its community id, whatever its time.
    #[arg(long, value_name = "ID", group = "which")]
    pub(crate) community_id: Option<String>,
    /// Cover names of hosts and people, and the addresses of both ends, in the payload, as far as the row tells them.
    #[arg(long)]
    pub(crate) mask: bool,
    /// Most packets that are written: the first of the conversation.
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    pub(crate) packets: usize,
    /// File that is written (pcap); it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
