// SPDX-License-Identifier: Apache-2.0
//! `minamo`: meters captures, keeps flows in the lake, answers questions, finds what should not be there,
//! and shows it in a browser. Exit codes: 0 done, 1 nothing could be done, 2 wrong arguments.

use std::process::ExitCode;

fn main() -> ExitCode {
    minamo::main()
}
