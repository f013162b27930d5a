// SPDX-License-Identifier: Apache-2.0
//! Fingerprints of handshakes: MD5 in hexadecimal over the fields that each method joins.

use md5::{Digest, Md5};
use minamo_base::hex;

/// MD5 of a text, in hexadecimal: the last step of JA3, JA3S and HASSH.
pub fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}
