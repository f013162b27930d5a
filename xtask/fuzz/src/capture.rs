// SPDX-License-Identifier: Apache-2.0
//! Capture files, plain or compressed.

use std::io::Cursor;
use std::path::Path;

use minamo_capture::CaptureFile;

use crate::{Target, recordings};

pub(crate) static TARGET: Target = Target { name: "capture", run, seeds };

/// Compression can make much of little: a bound on the frames keeps one run short.
const MAX_FRAMES: usize = 10_000;

fn run(octets: &[u8]) {
    let input = Box::new(Cursor::new(octets.to_vec()));
    let Ok(mut file) = CaptureFile::from_reader(Path::new("fuzz"), input) else { return };
    let mut offset = 0;
    for _ in 0..MAX_FRAMES {
        if !matches!(file.next_frame(), Ok(Some(_))) {
            break;
        }
        assert!(file.offset() >= offset, "the offset only rises");
        offset = file.offset();
    }
}

/// Short recordings as they are, and pcapng, which none of them is.
fn seeds(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = vec![pcapng(false), pcapng(true)];
    for folder in ["protocols", "flow"] {
        for file in recordings::files(root, folder)? {
            let octets = std::fs::read(file)?;
            if octets.len() <= 8_192 {
                seeds.push(octets);
            }
        }
    }
    Ok(seeds)
}

/// A section with an interface, an enhanced, a simple and an unknown block (pcapng §4), in either byte order.
fn pcapng(big: bool) -> Vec<u8> {
    let u32_of = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let u16_of = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let length = u32_of(u32::try_from(body.len() + 12).unwrap_or(u32::MAX));
        out.extend([&u32_of(kind), &length[..], body, &length[..]].concat());
    };
    block(0x0a0d_0d0a, &[&u32_of(0x1a2b_3c4d)[..], &u16_of(1), &u16_of(0), &[0xff; 8]].concat());
    // Option 9 is the resolution of times, option 14 their offset.
    let options = [&u16_of(9)[..], &u16_of(1), &[9, 0, 0, 0], &u16_of(14), &u16_of(8), &[0; 8], &[0; 4]].concat();
    block(1, &[&u16_of(1)[..], &[0; 2], &u32_of(65_535), &options].concat());
    let lengths = [u32_of(5), u32_of(5)].concat();
    block(6, &[&u32_of(0)[..], &u32_of(1), &u32_of(2), &lengths, b"hello\0\0\0"].concat());
    block(3, &[&u32_of(5)[..], b"hello\0\0\0"].concat());
    block(0xbad, &[0; 8]);
    out
}
