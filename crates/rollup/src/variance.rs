// SPDX-License-Identifier: Apache-2.0
//! How sure a sampled row is: the variance of what it stands for (see `docs/explain/sampling.md`). Of one side of a flow
//! of which one packet in N was looked at, N·(N−1) times the sum of the squares of what its packets count, all of them
//! taken for their mean.

/// Of the octets of one side, in so many packets; octets without a packet are taken for one packet.
pub fn of_octets(rate: u64, octets: u64, packets: u64) -> f64 {
    factor(rate) * (octets as f64 * octets as f64 / packets.max(1) as f64)
}

/// Of packets, or of rows: each counts one.
pub fn of_count(rate: u64, count: u64) -> f64 {
    factor(rate) * count as f64
}

/// Of octets or packets of a flow that was chosen as a whole: it is one draw.
pub fn of_whole(rate: u64, counted: u64) -> f64 {
    factor(rate) * (counted as f64 * counted as f64)
}

fn factor(rate: u64) -> f64 {
    let rate = rate as f64;
    rate * (rate - 1.0)
}
