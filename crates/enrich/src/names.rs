// SPDX-License-Identifier: Apache-2.0
//! Names of addresses, learned from DNS answers that passed by (RFC 1035, RFC 3596): what was asked for stands for the
//! addresses of the answer, and the answer to a reverse question (`in-addr.arpa`, `ip6.arpa`) for its address.
//!
//! One address serves many names, so the name that the same client asked for comes first; the name that anybody asked for
//! last is the second best. Answers are believed as they are: whoever can forge them can forge names. A name counts from
//! the question's time on (the flows' own time, no clock), so that a flow that came before it does not get it.

use std::sync::Arc;

use arrow::array::{
    Array, AsArray, FixedSizeBinaryArray, ListArray, RecordBatch, StringViewArray, TimestampNanosecondArray,
    UInt32Array,
};
use minamo_base::{Ip, NANOS_PER_SEC, Recent};

use crate::Counters;

/// Resolvers in programs keep answers beyond a short time to live, and connections are made again by address: below this a
/// name would be missing on most flows to addresses that change every few seconds.
const LEAST_HOLD: i64 = 600 * NANOS_PER_SEC;
/// An address may be somebody else's after a day, whatever the answer said.
const MOST_HOLD: i64 = 86_400 * NANOS_PER_SEC;
/// Clocks of exporters differ, and the flow and its question may have the same start in whole seconds.
const EARLIER: i64 = 2 * NANOS_PER_SEC;
/// Most octets of a name (RFC 1035 §2.3.4).
const MAX_NAME: usize = 255;

/// A name and when it counts, in nanoseconds.
#[derive(Clone)]
struct Known {
    name: Arc<str>,
    from: i64,
    to: i64,
}

impl Known {
    fn counts(&self, at: i64) -> bool {
        self.from.saturating_sub(EARLIER) <= at && at < self.to
    }
}

/// What the answers said.
pub(crate) struct Names {
    /// By address and who asked; `None` is whoever asked last.
    known: Recent<(Ip, Option<Ip>), Known>,
}

impl Names {
    /// A store of at most `max` names.
    pub(crate) fn new(max: usize) -> Self {
        Self { known: Recent::new(max) }
    }

    /// True where no name is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Learns from the answers among the rows.
    pub(crate) fn observe(&mut self, rows: &RecordBatch, counters: &Counters) {
        let Some(found) = Columns::of(rows) else { return };
        for row in 0..rows.num_rows() {
            if found.query.is_null(row) || found.answers.is_null(row) {
                continue;
            }
            let (Some(client), list) = (ip(found.client, row), found.answers.value(row)) else { continue };
            let Some(answers) = list.as_string_view_opt() else { continue };
            let from = found.time.value(row);
            let ttl = found.ttl.filter(|ttl| ttl.is_valid(row)).map_or(0, |ttl| ttl.value(row).into());
            let hold = i64::saturating_mul(ttl, NANOS_PER_SEC).clamp(LEAST_HOLD, MOST_HOLD);
            let times = (from, from.saturating_add(hold));
            let kind = found.kind.filter(|kind| kind.is_valid(row)).map(|kind| kind.value(row));
            self.learn(client, (kind, found.query.value(row)), answers, times, counters);
        }
        counters.names_evicted(self.known.take_evicted());
        counters.names_held(self.known.len());
    }

    fn learn(
        &mut self,
        client: Ip,
        (kind, query): (Option<&str>, &str),
        answers: &StringViewArray,
        times: (i64, i64),
        counters: &Counters,
    ) {
        match kind {
            Some("PTR") => {
                let Some((ip, name)) = reverse(query).zip(answers.iter().flatten().next()) else { return };
                self.put(ip, client, name, times, counters);
            }
            // Text and other records may look like addresses and are none.
            Some("A" | "AAAA") => {
                for ip in answers.iter().flatten().filter_map(|answer| answer.parse().ok()) {
                    self.put(ip, client, query, times, counters);
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, ip: Ip, client: Ip, name: &str, (from, to): (i64, i64), counters: &Counters) {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return counters.name_refused();
        }
        let name: Arc<str> = name.into();
        for who in [Some(client), None] {
            let key = (ip, who);
            // Rows come in the order in which flows ended: the later question stands.
            if self.known.get(&key).is_none_or(|known| known.from <= from) {
                self.known.insert(key, Known { name: Arc::clone(&name), from, to });
            }
        }
        counters.name_learned();
    }

    /// Whether anybody asked for a name of this address. Both keys are set together, so that an address without this one
    /// has no name at all.
    pub(crate) fn knows(&mut self, ip: Ip) -> bool {
        self.known.get(&(ip, None)).is_some()
    }

    /// The name of an address for a flow with `peer` that started at `at`.
    pub(crate) fn name(&mut self, ip: Ip, peer: Ip, at: i64) -> Option<Arc<str>> {
        let mut of = |who| self.known.get(&(ip, who)).filter(|known| known.counts(at)).map(|known| known.name);
        of(Some(peer)).or_else(|| of(None))
    }
}

/// The columns that an answer is in.
struct Columns<'a> {
    client: &'a FixedSizeBinaryArray,
    time: &'a TimestampNanosecondArray,
    query: &'a StringViewArray,
    kind: Option<&'a StringViewArray>,
    answers: &'a ListArray,
    ttl: Option<&'a UInt32Array>,
}

impl<'a> Columns<'a> {
    /// The columns, where the batch has answers at all.
    fn of(rows: &'a RecordBatch) -> Option<Self> {
        let column = |name| rows.column_by_name(name);
        Some(Self {
            answers: column("dns_answers")?.as_list_opt()?,
            query: column("dns_query")?.as_string_view_opt()?,
            client: column("src_ip")?.as_fixed_size_binary_opt()?,
            time: column("time_start")?.as_primitive_opt()?,
            kind: column("dns_qtype").and_then(|array| array.as_string_view_opt()),
            ttl: column("dns_ttl_secs").and_then(|array| array.as_primitive_opt()),
        })
    }
}

/// The address in a row.
pub(crate) fn ip(array: &FixedSizeBinaryArray, row: usize) -> Option<Ip> {
    if array.is_null(row) { None } else { array.value(row).try_into().ok().map(Ip) }
}

/// The address that a reverse question is about: its octets (RFC 1035 §3.5) or hexadecimal digits (RFC 3596 §2.5), the
/// last one first.
fn reverse(query: &str) -> Option<Ip> {
    if let Some(labels) = query.strip_suffix(".in-addr.arpa") {
        let mut octets = Vec::with_capacity(4);
        for label in labels.rsplit('.') {
            octets.push(label.parse::<u8>().ok().filter(|_| !label.starts_with('+'))?);
        }
        return Some(Ip::v4(octets.try_into().ok()?));
    }
    let mut value = 0_u128;
    let mut digits = 0_u32;
    for label in query.strip_suffix(".ip6.arpa")?.rsplit('.') {
        let digit = u128::from_str_radix(label, 16).ok().filter(|_| label.len() == 1)?;
        value = value << 4 | digit;
        digits += 1;
        if digits > 32 {
            return None;
        }
    }
    if digits == 32 { Some(Ip(value.to_be_bytes())) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverse_questions_name_their_address() {
        let ip6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(reverse("7.2.0.192.in-addr.arpa"), Some(Ip::v4([192, 0, 2, 7])));
        assert_eq!(reverse(ip6), "2001:db8::1".parse().ok());
        for bad in [
            "2.0.192.in-addr.arpa",
            "256.2.0.192.in-addr.arpa",
            "1.ip6.arpa",
            "in-addr.arpa",
            "a.example",
            "+1.2.0.192.in-addr.arpa",
        ] {
            assert_eq!(reverse(bad), None, "{bad}");
        }
        assert_eq!(reverse(&format!("1.{ip6}")), None);
    }
}
