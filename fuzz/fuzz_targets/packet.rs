// SPDX-License-Identifier: Apache-2.0
//! Frames of every link type: the first two octets choose it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minamo_packet::{LinkType, decode};

fuzz_target!(|data: &[u8]| {
    if let Some((link, frame)) = data.split_first_chunk::<2>() {
        if let Ok(packet) = decode(LinkType(u16::from_be_bytes(*link) % 300), frame) {
            assert!(packet.payload.len() <= frame.len());
        }
    }
});
