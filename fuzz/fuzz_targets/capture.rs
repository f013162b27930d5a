// SPDX-License-Identifier: Apache-2.0
//! Capture files, plain or compressed.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use minamo_capture::CaptureFile;

fuzz_target!(|data: &[u8]| {
    let Ok(mut file) = CaptureFile::from_reader(Path::new("fuzz"), Box::new(Cursor::new(data.to_vec()))) else { return };
    // Compression can make much of little: a bound on the frames keeps one run short.
    for _ in 0..10_000 {
        if !matches!(file.next_frame(), Ok(Some(_))) {
            break;
        }
    }
});
