// SPDX-License-Identifier: Apache-2.0
//! The extensions of a record as a table: where each value lies and which information element it is. The columns say
//! themselves which elements fill them, so an element that gets a column is read from files too, without a word here.
//!
//! Numbers and places were found by recording known datagrams with nfcapd 1.7.1 (`fixtures/record/nfdump.sh`); those
//! that could not be recorded so have a name and no fields, and are counted. Numbers are little endian.

use std::collections::HashMap;
use std::sync::LazyLock;

use minamo_base::{Ip, Mac, Time};
use minamo_model::{FLOWS, Flow};
use minamo_schema::{ColumnId, Value};

use crate::element::{REVERSE, Target, target};
use crate::elements::Elements;
use crate::measure::{Measure, Measures};
use crate::registry::{Learnt, Names};

/// Extension with times, counters and ports.
pub(super) const GENERIC: u16 = 1;
/// Extension with the exporter's IPv4 address.
pub(super) const RECEIVED_4: u16 = 12;
/// Extension with the exporter's IPv6 address.
pub(super) const RECEIVED_6: u16 = 13;

/// An extension.
struct Extension {
    number: u16,
    name: &'static str,
    fields: &'static [Field],
}

/// A value in an extension: its offset, how it is coded, what it is.
#[derive(Clone, Copy)]
struct Field(usize, Form, To);

/// How a value is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Number of so many octets.
    Uint(usize),
    /// Address of four octets.
    Ip4,
    /// Address as two numbers of eight octets, the higher first.
    Ip6,
    /// Address of six octets in a number of eight.
    Mac,
    /// Milliseconds since 1970.
    Millis,
    /// Text of at most so many octets, filled up with zeros.
    Text(usize),
}

/// What a value is.
#[derive(Clone, Copy)]
enum To {
    /// Element of the IANA registry.
    Ie(u16),
    /// Element of the reverse direction or of an enterprise.
    Pen(u32, u16),
    /// A column that no element of the registry fills.
    Column(&'static str),
}

use Form::{Ip4, Ip6, Mac as Hardware, Millis, Text, Uint};
use To::{Column, Ie, Pen};

static EXTENSIONS: &[Extension] = &[
    Extension {
        number: GENERIC,
        name: "times, counters, ports",
        fields: &[
            Field(0, Millis, Ie(152)),
            Field(8, Millis, Ie(153)),
            // 16: when nfcapd received it, read apart.
            Field(24, Uint(8), Ie(2)),
            Field(32, Uint(8), Ie(1)),
            Field(40, Uint(2), Ie(7)),
            Field(42, Uint(2), Ie(11)),
            Field(44, Uint(1), Ie(4)),
            Field(45, Uint(1), Ie(6)),
            Field(46, Uint(1), Ie(89)),
            Field(47, Uint(1), Ie(5)),
        ],
    },
    Extension { number: 2, name: "IPv4 addresses", fields: &[Field(0, Ip4, Ie(8)), Field(4, Ip4, Ie(12))] },
    Extension { number: 3, name: "IPv6 addresses", fields: &[Field(0, Ip6, Ie(27)), Field(16, Ip6, Ie(28))] },
    Extension {
        number: 4,
        name: "interfaces, masks, direction",
        fields: &[
            Field(0, Uint(4), Ie(10)),
            Field(4, Uint(4), Ie(14)),
            Field(8, Uint(1), Ie(9)),
            Field(9, Uint(1), Ie(13)),
            Field(10, Uint(1), Ie(61)),
            Field(11, Uint(1), Ie(55)),
            Field(12, Uint(1), Ie(239)),
            Field(13, Uint(1), Ie(136)),
        ],
    },
    Extension {
        number: 5,
        name: "counters of the other direction",
        fields: &[Field(8, Uint(8), Pen(REVERSE, 2)), Field(16, Uint(8), Pen(REVERSE, 1))],
    },
    Extension { number: 6, name: "VLAN", fields: &[Field(0, Uint(4), Ie(58)), Field(4, Uint(4), Ie(59))] },
    Extension { number: 7, name: "AS", fields: &[Field(0, Uint(4), Ie(16)), Field(4, Uint(4), Ie(17))] },
    Extension { number: 8, name: "BGP next hop, IPv4", fields: &[Field(0, Ip4, Ie(18))] },
    Extension { number: 9, name: "BGP next hop, IPv6", fields: &[Field(0, Ip6, Ie(63))] },
    Extension { number: 10, name: "next hop, IPv4", fields: &[Field(0, Ip4, Ie(15))] },
    Extension { number: 11, name: "next hop, IPv6", fields: &[Field(0, Ip6, Ie(62))] },
    Extension { number: RECEIVED_4, name: "exporter, IPv4", fields: &[Field(0, Ip4, Column("exporter_ip"))] },
    Extension { number: RECEIVED_6, name: "exporter, IPv6", fields: &[Field(0, Ip6, Column("exporter_ip"))] },
    Extension {
        number: 14,
        name: "MPLS labels",
        fields: &[
            Field(0, Uint(4), Ie(70)),
            Field(4, Uint(4), Ie(71)),
            Field(8, Uint(4), Ie(72)),
            Field(12, Uint(4), Ie(73)),
            Field(16, Uint(4), Ie(74)),
            Field(20, Uint(4), Ie(75)),
            Field(24, Uint(4), Ie(76)),
            Field(28, Uint(4), Ie(77)),
            Field(32, Uint(4), Ie(78)),
            Field(36, Uint(4), Ie(79)),
        ],
    },
    Extension {
        number: 15,
        name: "MAC addresses",
        // What leaves the exporter has a column only where what came in has none.
        fields: &[
            Field(0, Hardware, Ie(56)),
            Field(16, Hardware, Ie(80)),
            Field(8, Hardware, Ie(57)),
            Field(24, Hardware, Ie(81)),
        ],
    },
    Extension {
        number: 16,
        name: "neighbouring AS",
        fields: &[Field(0, Uint(4), Ie(128)), Field(4, Uint(4), Ie(129))],
    },
    Extension {
        number: 17,
        name: "latency",
        fields: &[
            Field(0, Uint(8), Column("npm_src_rtt_micros")),
            Field(8, Uint(8), Column("npm_dst_rtt_micros")),
            Field(16, Uint(8), Column("npm_response_micros")),
        ],
    },
    Extension { number: 18, name: "sampler", fields: &[] },
    Extension {
        number: 19,
        name: "event of a firewall (NSEL)",
        fields: &[
            Field(0, Uint(8), Ie(323)),
            Field(8, Uint(4), Ie(148)),
            Field(12, Uint(2), Ie(33_002)),
            Field(14, Uint(1), Ie(233)),
        ],
    },
    Extension {
        number: 20,
        name: "translated IPv4 addresses",
        fields: &[Field(0, Ip4, Ie(225)), Field(4, Ip4, Ie(226))],
    },
    Extension {
        number: 21,
        name: "translated IPv6 addresses",
        fields: &[Field(0, Ip6, Ie(281)), Field(16, Ip6, Ie(282))],
    },
    Extension {
        number: 22,
        name: "translated ports",
        fields: &[Field(0, Uint(2), Ie(227)), Field(2, Uint(2), Ie(228))],
    },
    Extension { number: 23, name: "access lists (ASA)", fields: &[] },
    Extension { number: 24, name: "user name", fields: &[Field(0, Text(65), Ie(40_000))] },
    Extension {
        number: 25,
        name: "event of a translator (NEL)",
        fields: &[Field(0, Uint(8), Ie(323)), Field(8, Uint(4), Ie(283)), Field(12, Uint(1), Ie(230))],
    },
    Extension {
        number: 26,
        name: "block of ports",
        fields: &[
            Field(0, Uint(2), Ie(361)),
            Field(2, Uint(2), Ie(362)),
            Field(4, Uint(2), Ie(363)),
            Field(6, Uint(2), Ie(364)),
        ],
    },
    Extension { number: 27, name: "application (NBAR)", fields: &[] },
    Extension { number: 28, name: "label", fields: &[] },
    Extension { number: 29, name: "payload", fields: &[] },
    Extension { number: 30, name: "payload of the other direction", fields: &[] },
    Extension { number: 31, name: "tunnel, IPv4", fields: &[] },
    Extension { number: 32, name: "tunnel, IPv6", fields: &[] },
    Extension {
        number: 33,
        name: "observation point and domain",
        fields: &[Field(0, Uint(8), Ie(138)), Field(8, Uint(4), Ie(149))],
    },
    Extension { number: 36, name: "VRF", fields: &[Field(0, Uint(4), Ie(235)), Field(4, Uint(4), Ie(234))] },
];

/// What an extension is called; nothing where it is not known here.
pub(super) fn name(number: u16) -> Option<&'static str> {
    EXTENSIONS.iter().find(|extension| extension.number == number).map(|extension| extension.name)
}

/// A value to read and where it goes.
struct Step {
    at: usize,
    form: Form,
    to: Goes,
    /// Zero is a value, not "not told".
    zero: bool,
    /// Another field of the extension has filled the column where that was told.
    second: bool,
}

enum Goes {
    Column(ColumnId),
    Measure(Measure),
}

static STEPS: LazyLock<HashMap<u16, Vec<Step>>> =
    LazyLock::new(|| EXTENSIONS.iter().map(|extension| (extension.number, steps(extension))).collect());

fn steps(extension: &Extension) -> Vec<Step> {
    let column = |name: &str| FLOWS.places().find(|(_, column)| column.name == name).map(|(id, _)| Goes::Column(id));
    let (configured, learnt) = (Elements::default(), Learnt::default());
    let names = Names { configured: &configured, learnt: &learnt };
    let element = |pen, element| match target(pen, element, false, &names) {
        Target::Column(place) => Some(Goes::Column(place.id)),
        Target::Measure(measure) => Some(Goes::Measure(measure)),
        Target::Special(_) | Target::List(_) | Target::Extra(_) | Target::Nowhere => None,
    };
    let mut out: Vec<Step> = Vec::new();
    for Field(at, form, to) in extension.fields {
        let found = match *to {
            Ie(id) => element(0, id),
            Pen(pen, id) => element(pen, id),
            Column(name) => column(name),
        };
        let Some(goes) = found else { continue };
        let same = |step: &Step| matches!((&step.to, &goes), (Goes::Column(a), Goes::Column(b)) if a == b);
        let second = out.iter().any(same);
        out.push(Step { at: *at, form: *form, zero: matches!(to, Ie(5 | 6)), second, to: goes });
    }
    out
}

/// What became of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    /// Its values are in the row; so many did not fit their columns.
    Read(u64),
    /// It has nothing that the flow table has a column for, or is unknown.
    Unread,
}

/// Reads an extension into the row. One that is shorter than its fields gives what it has.
pub(super) fn read(number: u16, octets: &[u8], flow: &mut Flow, measures: &mut Measures) -> Done {
    let steps = match STEPS.get(&number) {
        Some(steps) if !steps.is_empty() => steps,
        _ => return Done::Unread,
    };
    let mut unfit = 0;
    for step in steps {
        let Some(value) = value(step.form, octets.get(step.at..).unwrap_or_default()) else { continue };
        let zero = match &value {
            Value::Uint(0) => true,
            Value::Ip(ip) => *ip == Ip::default() || ip.as_v4() == Some([0; 4]),
            Value::Mac(mac) => *mac == Mac::default(),
            Value::Time(time) => *time == Time(0),
            _ => false,
        };
        if zero && !step.zero {
            continue;
        }
        match &step.to {
            Goes::Measure(measure) => {
                if let Value::Uint(number) = value {
                    measures.set(*measure, number);
                }
            }
            Goes::Column(id) if step.second && flow.get(*id) != Value::Null => {}
            Goes::Column(id) => unfit += u64::from(!flow.set(*id, &value)),
        }
    }
    Done::Read(unfit)
}

/// The number that begins the octets.
pub(super) fn uint(octets: &[u8], len: usize) -> Option<u64> {
    let octets = octets.get(..len.min(8))?;
    Some(octets.iter().rev().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

fn value(form: Form, octets: &[u8]) -> Option<Value<'_>> {
    Some(match form {
        Uint(len) => Value::Uint(uint(octets, len)?),
        Ip4 => Value::Ip(ip4(octets)?),
        Ip6 => Value::Ip(ip6(octets)?),
        Hardware => {
            let [_, _, mac @ ..] = uint(octets, 8)?.to_be_bytes();
            Value::Mac(Mac(mac))
        }
        Millis => Value::Time(Time::from_millis(i64::try_from(uint(octets, 8)?).ok()?)),
        Text(len) => {
            let text = octets.get(..len.min(octets.len()))?;
            let end = text.iter().position(|octet| *octet == 0).unwrap_or(text.len());
            Value::Text(String::from_utf8_lossy(text.get(..end).filter(|text| !text.is_empty())?))
        }
    })
}

/// The IPv4 address that begins the octets.
pub(super) fn ip4(octets: &[u8]) -> Option<Ip> {
    Some(Ip::v4(u32::try_from(uint(octets, 4)?).ok()?.to_be_bytes()))
}

/// The IPv6 address that begins the octets.
pub(super) fn ip6(octets: &[u8]) -> Option<Ip> {
    let (high, low) = (uint(octets, 8)?, uint(octets.get(8..)?, 8)?);
    Some(Ip::from_u128(u128::from(high) << 64 | u128::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_not_used_twice_and_columns_exist() {
        let mut seen = std::collections::HashSet::new();
        for extension in EXTENSIONS {
            assert!(seen.insert(extension.number), "extension {} twice", extension.number);
            for Field(_, _, to) in extension.fields {
                if let Column(name) = to {
                    assert!(FLOWS.columns().any(|column| column.name == *name), "{name} is no column");
                }
            }
        }
    }

    #[test]
    fn addresses_are_numbers_of_the_machine_that_wrote_them() {
        assert_eq!(ip4(&[1, 2, 0, 192]), Some(Ip::v4([192, 0, 2, 1])));
        let six = [0, 0, 0, 0, 0xb8, 0x0d, 1, 0x20, 5, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(ip6(&six).map(|ip| ip.to_string()).as_deref(), Some("2001:db8::5"));
        assert_eq!((ip4(&[1, 2, 3]), ip6(&[0; 15])), (None, None));
    }
}
