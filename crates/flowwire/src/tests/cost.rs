// SPDX-License-Identifier: Apache-2.0
//! What decoding costs. Prints only; run with `cargo test --release -- --ignored --nocapture cost`.

use minamo_base::{FiveTuple, FlowId, Ip, Time};

use super::{EXPORTER, RECEIVED, v9, words};
use crate::{Cache, decode};

/// A template of 18 fields as routers send it.
const FIELDS: [u16; 36] = [
    8, 4, 12, 4, 15, 4, 10, 4, 14, 4, 2, 4, 1, 4, 22, 4, 21, 4, 7, 2, 11, 2, 16, 4, 17, 4, 9, 1, 13, 1, 4, 1, 6, 1, 5,
    1,
];

#[test]
#[ignore = "a measurement, not a check"]
#[allow(clippy::disallowed_methods, reason = "a stopwatch around the loop")]
fn eighteen_fields() {
    let mut template = vec![256, 18];
    template.extend(FIELDS);
    let record: usize = FIELDS.chunks(2).map(|pair| usize::from(pair[1])).sum();
    let data: Vec<u8> = (0..record * 25).map(|at| (at % 251) as u8).collect();
    let mut cache = Cache::default();
    decode(&v9(&[(0, &words(&template))]), Ip::v4(EXPORTER), RECEIVED, &mut cache, &mut |_| {});
    let octets = v9(&[(256, &data)]);
    let (rounds, mut rows) = (40_000u32, 0u64);
    let start = std::time::Instant::now();
    for _ in 0..rounds {
        decode(&octets, Ip::v4(EXPORTER), RECEIVED, &mut cache, &mut |flow| rows += u64::from(flow.core.proto != 1));
    }
    let took = start.elapsed();
    println!("{} rows, {:.0} ns each", u64::from(rounds) * 25, took.as_nanos() as f64 / f64::from(rounds * 25));
    assert!(rows > 0);
    let tuple = FiveTuple { src: Ip::v4(EXPORTER), dst: Ip::v4([1; 4]), src_port: 1, dst_port: 2, proto: 6 };
    let start = std::time::Instant::now();
    let mut same = 0;
    for at in 0..1_000_000 {
        same += usize::from(FlowId::new(tuple, 0, Ip::v4(EXPORTER), Time(at)).to_string() == "0");
    }
    println!("of which the identity: {} ns", start.elapsed().as_nanos() / 1_000_000 + same as u128);
}
