// SPDX-License-Identifier: Apache-2.0
//! The property that every protocol has to keep: whatever comes, nothing panics,
//! and what is asked to be consumed is within reason.

use minamo_model::Flow;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{Input, Protocol, Side, Step};

/// Feeds arbitrary octets, and samples with arbitrary octets in and behind them.
pub(crate) fn never_panics(protocol: &'static Protocol) {
    let octets = proptest::collection::vec(any::<u8>(), 0..200);
    let inputs = proptest::collection::vec((any::<bool>(), 0..40_usize, 0..400_usize, octets), 1..6);
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(any::<bool>(), inputs), |(stream, inputs)| {
        let mut dissector = (protocol.start)(stream);
        let mut flow = Flow::default();
        for (src, which, keep, octets) in inputs {
            let side = if src { Side::Src } else { Side::Dst };
            let start = protocol.sample.get(which).map_or(&[][..], |(_, data)| &data[..keep.min(data.len())]);
            let data = [start, &octets].concat();
            let _: crate::Verdict = (protocol.probe)(side, &data);
            if let Step::Inner(n) = dissector.feed(side, Input::Data(&data), &mut flow) {
                prop_assert!(n <= data.len() + 65_536);
            }
            if which == 39 {
                dissector.feed(side, Input::Gap(9), &mut flow);
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{}: {error}", protocol.name));
}
