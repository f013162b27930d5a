// SPDX-License-Identifier: Apache-2.0
//! Files of nfdump, and blocks in each packing: the first octet chooses whether the input is a whole file, or the one
//! block of a file packed in that way.

use std::path::Path;

use minamo_flowwire::nfdump::Decoder;

use crate::Target;

pub(crate) static TARGET: Target = Target { name: "nfdump", run, seeds };

/// Octets of a file's header, and of a block's.
const HEADERS: (usize, usize) = (40, 12);
/// Packings of layout 2: none, LZO, bzip2, LZ4, zstd.
const PACKINGS: u8 = 5;
/// The input is a whole file.
const WHOLE: u8 = 0xff;

fn run(octets: &[u8]) {
    let Some((&kind, input)) = octets.split_first() else { return };
    let file = if kind == WHOLE { input.to_vec() } else { wrapped(kind % PACKINGS, input) };
    let (mut decoder, mut rest, mut rows) = (Decoder::default(), &file[..], 0u64);
    while decoder.wants() > 0 {
        assert!(decoder.wants() <= 16 << 20, "no more than a block is asked for");
        let (now, later) = rest.split_at(decoder.wants().min(rest.len()));
        if decoder.take(now, &mut |_| rows += 1).is_err() {
            break;
        }
        rest = later;
    }
    assert_eq!(decoder.account().rows, rows, "the account agrees with what was delivered");
    assert!(decoder.account().faults.len() <= 20);
}

/// A file with one block.
fn wrapped(packing: u8, body: &[u8]) -> Vec<u8> {
    let mut file = vec![0; HEADERS.0];
    let head = [0x0c, 0xa5, 2, 0];
    for (to, from) in file.iter_mut().zip(head) {
        *to = from;
    }
    if let Some(to) = file.get_mut(16) {
        *to = packing;
    }
    file.extend([0; 4]);
    file.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    file.extend([3, 0, 0, 0]);
    file.extend_from_slice(body);
    file
}

/// The recordings, whole and as the content of their first block.
fn seeds(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for (name, packing) in [("plain", 0), ("lzo", 1), ("bzip2", 2), ("lz4", 3)] {
        let file = std::fs::read(root.join("fixtures/nfdump").join(format!("nfcapd.{name}")))?;
        let size = file.get(44..48).and_then(|size| size.try_into().ok()).map_or(0, u32::from_le_bytes);
        let begin = HEADERS.0 + HEADERS.1;
        let body = file.get(begin..begin + usize::try_from(size)?).unwrap_or_default();
        seeds.push([&[packing], body].concat());
        seeds.push([&[WHOLE], &file[..]].concat());
    }
    Ok(seeds)
}
