// SPDX-License-Identifier: Apache-2.0
//! Sends the rows of `fixtures/nfdump` as NetFlow version 9 to a collector on this machine:
//! `cargo run -p minamo-flowwire --example nfdump_rows -- 127.0.0.1:39995`. `fixtures/nfdump/record.sh` uses it.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use minamo_base::Time;
use minamo_flowwire::{Encoder, Wire};

#[path = "../../../fixtures/nfdump/rows.rs"]
mod rows;

fn main() -> std::io::Result<()> {
    let wrong = || std::io::Error::other("want the address of a collector on this machine, such as 127.0.0.1:39995");
    let to: SocketAddr = std::env::args().nth(1).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    if !to.ip().is_loopback() {
        return Err(wrong());
    }
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let boot = Time(rows::START.0 - 3_600_000_000_000);
    let now = Time(rows::START.0 + 600_000_000_000);
    let mut encoder = Encoder::new(Wire::Netflow9, 7, boot).with_limits(1_400, 1);
    let mut failed = None;
    let done = encoder.encode(&rows::rows(), now, &mut |datagram| {
        failed = socket.send_to(datagram, to).err().or(failed.take());
        // Slow enough for the smallest socket buffer.
        std::thread::sleep(Duration::from_millis(2));
    });
    match failed {
        Some(error) => Err(error),
        None if done.refused > 0 => Err(std::io::Error::other(format!("{} rows cannot be sent", done.refused))),
        None => Ok(()),
    }
}
