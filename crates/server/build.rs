// SPDX-License-Identifier: Apache-2.0
//! Rebuilds the crate when the console was built anew.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
