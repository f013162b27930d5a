// SPDX-License-Identifier: Apache-2.0
//! Tests that go through the door that everybody uses: whole datagrams in, rows and accounts out.

mod conformance;
mod corpus;
mod cost;
mod family;
mod golden;
mod malformed;
mod options;
mod round_trip;
mod sflow;
mod structured;
mod ways;

use minamo_base::{Ip, Time};
use minamo_model::Flow;

use crate::{Cache, Report, decode};

pub(crate) const EXPORTER: [u8; 4] = [192, 0, 2, 200];
pub(crate) const RECEIVED: Time = Time(1_711_276_033_000_000_000);

/// Decodes one datagram; the rows and the account.
pub(crate) fn rows(octets: &[u8], cache: &mut Cache) -> (Vec<Flow>, Report) {
    let mut rows = Vec::new();
    let report = decode(octets, Ip::v4(EXPORTER), RECEIVED, cache, &mut |flow| rows.push(flow.clone()));
    (rows, report)
}

/// The reasons of an account, in words.
pub(crate) fn reasons(report: &Report) -> Vec<String> {
    report.skipped.iter().map(ToString::to_string).collect()
}

/// A NetFlow v9 datagram of these sets, exported 10 s after the start, at 1,711,276,032 s.
pub(crate) fn v9(sets: &[(u16, &[u8])]) -> Vec<u8> {
    let mut out = vec![0, 9, 0, 1, 0, 0, 0x27, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7];
    for (id, body) in sets {
        out.extend(id.to_be_bytes());
        out.extend(u16::try_from(body.len() + 4).expect("a short set").to_be_bytes());
        out.extend(*body);
    }
    out
}

/// An IPFIX message of these sets, exported at 1,711,276,032 s.
pub(crate) fn ipfix(sets: &[(u16, &[u8])]) -> Vec<u8> {
    let inner = v9(sets).split_off(20);
    let mut out = vec![0, 10];
    out.extend(u16::try_from(inner.len() + 16).expect("a short message").to_be_bytes());
    out.extend([0x66, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7]);
    out.extend(inner);
    out
}

/// Big-endian 16-bit words as octets: the body of a template.
pub(crate) fn words(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_be_bytes()).collect()
}
