// SPDX-License-Identifier: Apache-2.0
//! `minamo serve`, `minamo demo` and `minamo check-config`.

use std::path::PathBuf;

use clap::Args;

use super::Place;
use super::values::time;

#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct Demo {
    /// Captures to replay instead of the ones that come with the program.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) pcap: Vec<PathBuf>,
    /// Address of the console.
    #[arg(long, default_value = "127.0.0.1:8470", value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
    /// Keep the data in this folder instead of one that is removed at the end.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Replay, print the totals, and end without serving the console.
    #[arg(long)]
    pub(crate) once: bool,
    /// When the captures end, instead of now: the same windows of the rules each time.
    #[arg(long, value_parser = time, value_name = "TIME", requires = "once")]
    pub(crate) end: Option<minamo_base::Time>,
}

#[derive(Args)]
pub(crate) struct CheckConfig {
    /// Configuration file.
    pub(crate) config: PathBuf,
}
