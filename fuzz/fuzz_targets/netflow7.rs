// SPDX-License-Identifier: Apache-2.0
//! The target `netflow7` of `xtask/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| xtask_fuzz::run("netflow7", octets));
