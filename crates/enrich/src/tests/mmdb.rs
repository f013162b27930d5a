// SPDX-License-Identifier: Apache-2.0
//! Writes files in the MaxMind DB format 2.0, as its published specification describes it: search tree, data section,
//! metadata. Without pointers; a record that several prefixes share is written once.

use minamo_base::Prefix;

/// A value of the data section.
pub(crate) enum Value<'a> {
    Text(&'a str),
    U16(u16),
    U32(u32),
    U64(u64),
    Map(Vec<(&'a str, Value<'a>)>),
    List(Vec<Value<'a>>),
}

impl Value<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                head(out, 2, text.len());
                out.extend(text.as_bytes());
            }
            Self::U16(number) => sized(out, 5, &number.to_be_bytes()),
            Self::U32(number) => sized(out, 6, &number.to_be_bytes()),
            Self::U64(number) => sized(out, 9, &number.to_be_bytes()),
            Self::Map(members) => {
                head(out, 7, members.len());
                for (name, value) in members {
                    Value::Text(name).write(out);
                    value.write(out);
                }
            }
            Self::List(items) => {
                head(out, 11, items.len());
                items.iter().for_each(|item| item.write(out));
            }
        }
    }
}

fn sized(out: &mut Vec<u8>, kind: u8, octets: &[u8]) {
    head(out, kind, octets.len());
    out.extend(octets);
}

/// Control octet: type in three bits, or 0 and the type less 7 in a second octet; length in five bits, from 29 on in more.
fn head(out: &mut Vec<u8>, kind: u8, length: usize) {
    let (short, more) = match length {
        0..29 => (length as u8, None),
        29..285 => (29, Some((length - 29) as u8)),
        _ => panic!("longer than tests need"),
    };
    if kind < 8 {
        out.push(kind << 5 | short);
    } else {
        out.extend([short, kind - 7]);
    }
    out.extend(more);
}

#[derive(Clone, Copy)]
enum Child {
    Empty,
    Node(usize),
    Record(usize),
}

/// A file of prefixes and their records; the narrower prefix must come after the wider one.
pub(crate) fn write(kind: &str, ip_version: u16, record_size: u16, prefixes: &[(Prefix, Value<'_>)]) -> Vec<u8> {
    let mut nodes = vec![[Child::Empty; 2]];
    let mut records: Vec<u8> = Vec::new();
    let mut written: Vec<(Vec<u8>, usize)> = Vec::new();
    for (prefix, value) in prefixes {
        let mut octets = Vec::new();
        value.write(&mut octets);
        let known = written.iter().find(|(other, _)| *other == octets).map(|(_, at)| *at);
        let at = known.unwrap_or(records.len());
        if known.is_none() {
            records.extend(&octets);
            written.push((octets, at));
        }
        insert(&mut nodes, ip_version, *prefix, at);
    }
    let mut out = Vec::new();
    let count = nodes.len();
    for [left, right] in &nodes {
        let number = |child: &Child| match child {
            Child::Empty => count,
            Child::Node(node) => *node,
            Child::Record(at) => count + 16 + at,
        };
        push_node(&mut out, record_size, number(left) as u32, number(right) as u32);
    }
    out.extend([0; 16]);
    out.extend(records);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = vec![
        ("binary_format_major_version", Value::U16(2)),
        ("binary_format_minor_version", Value::U16(0)),
        ("build_epoch", Value::U64(1_767_225_600)),
        ("database_type", Value::Text(kind)),
        ("description", Value::Map(vec![("en", Value::Text("made by a test"))])),
        ("ip_version", Value::U16(ip_version)),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("node_count", Value::U32(count as u32)),
        ("record_size", Value::U16(record_size)),
    ];
    Value::Map(metadata).write(&mut out);
    out
}

fn insert(nodes: &mut Vec<[Child; 2]>, ip_version: u16, prefix: Prefix, record: usize) {
    let v4 = prefix.first().as_v4();
    // IPv4 lies at ::/96 of an IPv6 tree.
    let (value, length) = match (v4, ip_version) {
        (Some(octets), 4) => (u128::from(u32::from_be_bytes(octets)) << 96, prefix.len()),
        (Some(octets), _) => (u32::from_be_bytes(octets).into(), prefix.len() + 96),
        (None, _) => (prefix.first().to_u128(), prefix.len()),
    };
    let mut node = 0;
    for depth in 0..length {
        let side = usize::from(value >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[node][side] = Child::Record(record);
            return;
        }
        node = match nodes[node][side] {
            Child::Node(next) => next,
            other => {
                nodes.push([other; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = Child::Node(next);
                next
            }
        };
    }
}

fn push_node(out: &mut Vec<u8>, record_size: u16, left: u32, right: u32) {
    let [l3, l2, l1, l0] = left.to_be_bytes();
    let [r3, r2, r1, r0] = right.to_be_bytes();
    match record_size {
        24 => out.extend([l2, l1, l0, r2, r1, r0]),
        28 => out.extend([l2, l1, l0, l3 << 4 | r3, r2, r1, r0]),
        _ => out.extend([l3, l2, l1, l0, r3, r2, r1, r0]),
    }
}

/// A record as GeoLite2-City and DB-IP's city database have it.
pub(crate) fn city<'a>(country: &'a str, city: &'a str) -> Value<'a> {
    Value::Map(vec![
        ("city", Value::Map(vec![("names", Value::Map(vec![("de", Value::Text("x")), ("en", Value::Text(city))]))])),
        ("country", Value::Map(vec![("geoname_id", Value::U32(1)), ("iso_code", Value::Text(country))])),
        ("registered_country", Value::Map(vec![("iso_code", Value::Text("ZZ"))])),
        ("subdivisions", Value::List(vec![Value::Map(vec![("iso_code", Value::Text("13"))])])),
    ])
}

/// A record as GeoLite2-ASN and DB-IP's have it.
pub(crate) fn system(number: u32, organisation: &str) -> Value<'_> {
    Value::Map(vec![
        ("autonomous_system_number", Value::U32(number)),
        ("autonomous_system_organization", Value::Text(organisation)),
    ])
}
