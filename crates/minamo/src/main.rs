// SPDX-License-Identifier: Apache-2.0
//! `minamo`: meters captures, keeps flows in the lake, answers questions, finds what should not be there,
//! and shows it in a browser. Exit codes: 0 done, 1 nothing could be done, 2 wrong arguments.

use std::process::ExitCode;

/// Of a probe alone: flows come and go by millions, some on other threads than they came on, and the system's allocator takes
/// a sixth of the time. With the lake the system's is the better one (docs/performance.md).
#[cfg(not(feature = "lake"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    minamo::main()
}
