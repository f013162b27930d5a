// SPDX-License-Identifier: Apache-2.0
//! The target `joy` of `xtask/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| xtask_fuzz::run("joy", octets));
