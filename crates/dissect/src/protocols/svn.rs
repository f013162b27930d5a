// SPDX-License-Identifier: Apache-2.0
//! Subversion's own protocol (Subversion, libsvn_ra_svn "protocol"): the greeting of its server.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SVN",
    title: "Subversion",
    category: Category::Collaborative,
    spec: &["Subversion, svn protocol"],
    ports: &[3690],
    first: First::Of(b"("),
    probe,
    sample: &[(Side::Dst, b"( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) ")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    match begins(data, b"( success ( ") {
        Verdict::Yes => data.get(12).map_or(Verdict::Maybe, |number| yes_if(number.is_ascii_digit())),
        other => other,
    }
}
