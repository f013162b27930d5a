// SPDX-License-Identifier: Apache-2.0
//! The PROXY protocol (HAProxy, "The PROXY protocol" §2.1, §2.2): its line, or the signature of its binary header. What
//! follows is probed.

use super::tell::*;
use crate::{Dissector, Input, Step};
use minamo_model::Flow;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HAProxy",
    title: "PROXY protocol",
    category: Category::Web,
    spec: &["HAProxy, The PROXY protocol versions 1 and 2"],
    first: First::Of(b"P\r"),
    probe,
    start,
    sample: &[(Side::Src, b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    begins_with_any(data, &[b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN", SIGNATURE])
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line (§2.1).
const LINE_MAX: usize = 107;

fn start(_: bool) -> Box<dyn Dissector> {
    Box::new(HaProxy)
}

struct HaProxy;

impl Dissector for HaProxy {
    fn feed(&mut self, _: Side, input: Input<'_>, _: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if data.starts_with(SIGNATURE) {
            return be16(data, 14).map_or(Step::Continue(0), |length| Step::Inner(16 + length));
        }
        match line(data) {
            Some((_, n)) => Step::Inner(n),
            None if data.len() > LINE_MAX => Step::Done,
            None => Step::Continue(0),
        }
    }
}
