// SPDX-License-Identifier: Apache-2.0
//! `minamo`: meters captures, keeps flows in the lake, answers questions, finds what should not be there,
//! and shows it in a browser. Exit codes: 0 done, 1 nothing could be done, 2 wrong arguments.

use std::process::ExitCode;

/// Flows come and go by millions, some on other threads than they came on: the system's allocator took a sixth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    minamo::main()
}
