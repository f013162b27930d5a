// SPDX-License-Identifier: Apache-2.0
//! Writing rows as JSON (RFC 8259): one object per row of the cells that have a value, under their column names.

use std::fmt::Display;
use std::io::Write as _;

use minamo_base::Written;
use minamo_schema::{Column, Value};

use crate::Flow;
use crate::reader::text_value;

/// An object that is being written. Names of columns have nothing to escape.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// Where it begins. What separates its members stands in front of the first one, too, until its end is written.
    start: usize,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        Self { start: out.len(), out }
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// The cell of a column.
    #[inline]
    fn cell(&mut self, column: &'static Column, value: &Value<'_>) {
        self.out.extend_from_slice(column.member.as_bytes());
        push_value(self.out, value);
    }

    /// A member; none where the value is null.
    pub(crate) fn value(&mut self, name: &str, value: &Value<'_>) {
        if !matches!(value, Value::Null) {
            self.name(name);
            push_value(self.out, value);
        }
    }

    /// A list of numbers.
    pub(crate) fn numbers(&mut self, name: &str, numbers: impl Iterator<Item = i64>) {
        self.name(name);
        push_numbers(self.out, numbers);
    }

    pub(crate) fn end(self) {
        match self.out.get_mut(self.start) {
            Some(first) => *first = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }
}

impl Flow {
    /// Appends the row as one JSON object of the cells that have a value.
    pub fn push_json(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        self.each(&mut |column, value| object.cell(column, value));
        object.end();
    }
}

/// A value as JSON.
pub fn json_value(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(v) => (*v).into(),
        Value::Uint(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Real(v) => (*v).into(),
        Value::Numbers(list) => list.clone().into(),
        Value::Texts(list) => list.to_vec().into(),
        other => text_value(other).into(),
    }
}

/// Where the type is known the match is none.
#[inline(always)]
fn push_value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Uint(number) => push_uint(out, *number),
        Value::Int(number) => push_int(out, *number),
        Value::Text(text) => push_text(out, text),
        Value::Numbers(numbers) => push_numbers(out, numbers.iter().copied()),
        // Nothing in them needs an escape.
        Value::Ip(ip) => push_quoted(out, ip),
        Value::Mac(mac) => push_quoted(out, mac),
        Value::Time(time) => push_quoted(out, time),
        other => push_other(out, other),
    }
}

fn push_numbers(out: &mut Vec<u8>, numbers: impl Iterator<Item = i64>) {
    out.push(b'[');
    for (at, number) in numbers.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_int(out, number);
    }
    out.push(b']');
}

/// What is rare.
fn push_other(out: &mut Vec<u8>, value: &Value<'_>) {
    push_display(out, json_value(value));
}

fn push_display(out: &mut Vec<u8>, value: impl Display) {
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "a Vec takes everything");
}

#[inline(never)]
fn push_quoted<T: Written>(out: &mut Vec<u8>, value: &T) {
    out.push(b'"');
    value.push_to(out);
    out.push(b'"');
}

/// Appends a string literal. What needs no escape is copied in runs.
fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = first_escaped(rest) {
        let (plain, escaped) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((letter, behind)) = escaped.split_first() else { break };
        match letter {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => push_display(out, format_args!("\\u{control:04x}")),
        }
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first octet is that needs an escape. Sixteen are looked at together.
fn first_escaped(octets: &[u8]) -> Option<usize> {
    let is_escaped = |octet: &u8| *octet < b' ' || *octet == b'"' || *octet == b'\\';
    let (chunks, _) = octets.as_chunks::<16>();
    let has = |chunk: &[u8; 16]| chunk.iter().fold(false, |has, octet| has | is_escaped(octet));
    let plain = 16 * chunks.iter().position(has).unwrap_or(chunks.len());
    octets.get(plain..)?.iter().position(is_escaped).map(|at| plain + at)
}

fn push_int(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_uint(out, number.unsigned_abs());
}

fn push_uint(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, Mac, Time};

    use super::*;
    use crate::{CellReader, FLOWS, FlowBuilder, Row};

    #[test]
    fn numbers_and_texts_are_what_json_says() {
        for number in [0, 7, 10, 99, 12_345, i64::MAX, -1, -10, i64::MIN] {
            let mut out = Vec::new();
            push_int(&mut out, number);
            assert_eq!(out, number.to_string().into_bytes());
        }
        let long = ["sixteen letters!", "sixteen letters!\n", "seventeen\tletters", "日本日本日本日本日本日本\u{1}"];
        for text in ["", "plain", "é\"ü", "\\\\", "a\nb\r\t", "\u{1}\u{1f}ß", "\"", "日本\n"].into_iter().chain(long)
        {
            let mut out = Vec::new();
            push_text(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text, "{out:?}");
        }
        let mut out = Vec::new();
        Object::begin(&mut out).end();
        assert_eq!(out, b"{}");
    }

    #[test]
    fn a_row_is_written_as_its_batch_is() {
        let mut full = Flow::default();
        for (id, column) in FLOWS.places() {
            let value = match column.cell.name() {
                "text" => Value::Text("a\"b\n".into()),
                "ip" => Value::Ip(Ip::v4([1, 2, 3, 4])),
                "mac" => Value::Mac(Mac([1; 6])),
                "time" => Value::Time(Time(7)),
                "bool" => Value::Bool(true),
                "f64" => Value::Real(1.5),
                "list<text>" => Value::Texts(vec!["x".to_owned(), "\\".to_owned()].into()),
                name if name.starts_with("list") => Value::Numbers(vec![1, 200]),
                _ => Value::Uint(9),
            };
            assert!(full.set(id, &value));
        }
        let mut empty = Flow::default();
        empty.splt.get_or_insert_default().lengths = Some(Vec::new());
        empty.enrich.get_or_insert_default().src_tags = Some(Vec::new());
        let mut builder = FlowBuilder::default();
        let rows = [full, empty, Flow::default()];
        rows.iter().for_each(|row| builder.append(row));
        let batch = builder.finish().expect("the columns fit");
        let readers = CellReader::all(&batch);
        for (at, row) in rows.iter().enumerate() {
            let (mut one, mut other) = (Vec::new(), Vec::new());
            row.push_json(&mut one);
            Row::new(&readers, at).push_json(&mut other);
            assert_eq!(String::from_utf8(one), String::from_utf8(other));
        }
    }
}
