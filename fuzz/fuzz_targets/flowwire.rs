// SPDX-License-Identifier: Apache-2.0
//! Datagrams of flow exports, several to one cache: each begins with its length in two octets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minamo_base::{Ip, Time};
use minamo_flowwire::{Cache, decode};

fuzz_target!(|data: &[u8]| {
    let mut cache = Cache::default();
    let mut rest = data;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (datagram, next) = tail.split_at(usize::from(u16::from_be_bytes(*length)).min(tail.len()));
        decode(datagram, Ip::v4([192, 0, 2, 1]), Time(0), &mut cache, &mut |_| {});
        rest = next;
    }
});
