// SPDX-License-Identifier: Apache-2.0
//! What is attached to a mail (RFC 2045, RFC 2046, RFC 2183): of each part in Base64 the kind by its first octets, for
//! SMTP, POP3 and IMAP. Line by line, with a bound for everything; texts are not read, and archives are not opened.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minamo_model::Flow;

use super::text::{after, some_text};
use crate::magic::{self, Class};
use crate::risk;

/// Octets of mail in one conversation that are looked through.
const MAIL_MAX: usize = 4 << 20;
/// Letters of Base64 that a look at a content takes.
const LETTERS: usize = magic::LOOK / 3 * 4;
/// Parts inside of parts that are followed.
const DEPTH_MAX: usize = 8;
/// Longest boundary (RFC 2046 §5.1.1).
const BOUNDARY_MAX: usize = 70;
/// Octets of a field of a head that are kept.
const FIELD_MAX: usize = 1_024;

/// Mail that is looked through.
#[derive(Default)]
pub(super) struct Mail {
    /// Boundaries of the parts that are open, the outermost first.
    boundaries: Vec<Vec<u8>>,
    place: Place,
    part: Part,
    /// The field of a head that is being read, with its continued lines.
    field: Vec<u8>,
    seen: usize,
}

/// Where the next line stands.
#[derive(Default)]
enum Place {
    #[default]
    Head,
    /// In Base64.
    Content,
    /// In what nobody wants.
    Other,
}

/// What the head of a part says, and the letters that its content begins with.
#[derive(Default)]
struct Part {
    base64: bool,
    /// Another message is inside (RFC 2046 §5.2.1).
    nested: bool,
    boundary: Option<Vec<u8>>,
    name: Option<String>,
    letters: Vec<u8>,
}

impl Mail {
    /// A message begins with its head.
    pub(super) fn begin(&mut self) {
        self.boundaries.clear();
        self.next(Place::Head);
    }

    /// The content of a part without its head begins (RFC 9051 §6.4.5): in Base64, or it is of no interest.
    pub(super) fn begin_content(&mut self) {
        self.boundaries.clear();
        self.next(Place::Content);
    }

    fn next(&mut self, place: Place) {
        (self.place, self.part) = (place, Part::default());
        self.field.clear();
    }

    /// Takes a line; false where enough mail was looked through. `from` says who sends it, and nothing where that is the sender of
    /// the envelope.
    pub(super) fn line(&mut self, line: &[u8], from: &str, flow: &mut Flow) -> bool {
        self.seen = self.seen.saturating_add(line.len() + 2);
        if let Some((depth, is_last)) = self.boundary(line) {
            self.end(from, flow);
            self.boundaries.truncate(if is_last { depth } else { depth + 1 });
            self.next(if is_last { Place::Other } else { Place::Head });
        } else {
            match self.place {
                Place::Head => self.head(line),
                Place::Content => self.content(line, from, flow),
                Place::Other => {}
            }
        }
        self.seen < MAIL_MAX
    }

    /// Which of the open parts this line ends, and whether none of that level follows.
    fn boundary(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        let last = line.strip_suffix(b"--");
        let find = |line: &[u8]| self.boundaries.iter().rposition(|boundary| boundary == line);
        find(line).map(|depth| (depth, false)).or_else(|| Some((find(last?)?, true)))
    }

    fn head(&mut self, line: &[u8]) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            let room = FIELD_MAX.saturating_sub(self.field.len());
            self.field.extend_from_slice(line.get(..room).unwrap_or(line));
            return;
        }
        self.part.field(&self.field);
        self.field.clear();
        self.field.extend_from_slice(line.get(..FIELD_MAX).unwrap_or(line));
        if !line.is_empty() {
            return;
        }
        let boundary = self.part.boundary.take().filter(|_| self.boundaries.len() < DEPTH_MAX);
        match (boundary, self.part.nested, self.part.base64) {
            (Some(boundary), ..) => {
                self.boundaries.push(boundary);
                self.place = Place::Other;
            }
            (None, true, false) => self.next(Place::Head),
            (None, _, base64) => self.place = if base64 { Place::Content } else { Place::Other },
        }
    }

    fn content(&mut self, line: &[u8], from: &str, flow: &mut Flow) {
        let room = LETTERS - self.part.letters.len().min(LETTERS);
        let line = line.trim_ascii();
        self.part.letters.extend_from_slice(line.get(..room).unwrap_or(line));
        if self.part.letters.len() >= LETTERS {
            self.end(from, flow);
            self.place = Place::Other;
        }
    }

    /// Looks at what the part began with, as far as it came.
    pub(super) fn end(&mut self, from: &str, flow: &mut Flow) {
        let letters = std::mem::take(&mut self.part.letters);
        let whole = letters.get(..letters.len() / 4 * 4).unwrap_or_default();
        let Some(kind) = STANDARD.decode(whole).ok().and_then(|content| magic::kind_of(&content)) else { return };
        if kind.class == Class::Program {
            let name = self.part.name.as_deref().unwrap_or("an attachment");
            let sender = flow.mail.as_ref().and_then(|mail| mail.from.clone()).filter(|_| from.is_empty());
            let from = if from.is_empty() { "the client" } else { from };
            risk::note(flow, &risk::EXECUTABLE_TRANSFER, &[kind.name, name, sender.as_deref().unwrap_or(from)]);
        }
    }
}

impl Part {
    fn field(&mut self, field: &[u8]) {
        if let Some(value) = after(field, b"Content-Transfer-Encoding:") {
            self.base64 = value.trim_ascii().eq_ignore_ascii_case(b"base64");
        } else if let Some(value) = after(field, b"Content-Type:").map(<[u8]>::trim_ascii_start) {
            if after(value, b"multipart/").is_some() {
                self.boundary = parameter(value, b"boundary").filter(|it| (1..=BOUNDARY_MAX).contains(&it.len()));
            }
            self.nested = after(value, b"message/rfc822").is_some();
            self.name = self.name.take().or_else(|| some_text(&parameter(value, b"name")?, 128));
        } else if let Some(value) = after(field, b"Content-Disposition:") {
            self.name = parameter(value, b"filename").and_then(|name| some_text(&name, 128)).or(self.name.take());
        }
    }
}

/// A parameter behind a value (RFC 2045 §5.1), also one that is continued or has a character set (RFC 2231), as it stands.
fn parameter(value: &[u8], wanted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value.get(memchr::memchr(b';', value)? + 1..)?;
    loop {
        rest = rest.trim_ascii_start();
        let equals = memchr::memchr(b'=', rest)?;
        let name = rest.get(..equals)?.split(|octet| *octet == b'*').next()?.trim_ascii();
        let text = rest.get(equals + 1..)?.trim_ascii_start();
        let quoted = text.first() == Some(&b'"');
        let (found, behind) = if quoted {
            let end = memchr::memchr(b'"', text.get(1..)?)?;
            (text.get(1..=end)?, text.get(end + 2..)?)
        } else {
            text.split_at(memchr::memchr2(b';', b' ', text).unwrap_or(text.len()))
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(found.to_vec());
        }
        rest = behind.get(memchr::memchr(b';', behind)? + 1..)?;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message with a text and, in a part inside of it, a program and a picture.
    pub(in crate::protocols) fn message() -> String {
        let program = STANDARD.encode([&b"\x7fELF\x02\x01\x01"[..], &[0; 900]].concat());
        let lines: Vec<&str> =
            program.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).expect("letters")).collect();
        format!(
            "From: a@example.com\r\nContent-Type: multipart/mixed;\r\n boundary=\"out er\"\r\n\r\npreamble\r\n\
            --out er\r\nContent-Type: text/plain\r\n\r\nhello\r\n..\r\n\
            --out er\r\nContent-Type: multipart/related; charset=x; boundary=out\r\n\r\n\
            --out\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n\
            --out\r\nContent-Type: application/octet-stream; name=old\r\nContent-Disposition: attachment; filename=\"set up.bin\"\r\n\
            Content-Transfer-Encoding: BASE64\r\n\r\n{}\r\n--out--\r\nepilogue\r\n--out er--\r\n",
            lines.join("\r\n")
        )
    }

    fn evidence(message: &str, begin: fn(&mut Mail)) -> Option<Vec<String>> {
        let (mut flow, mut mail) = (Flow::default(), Mail::default());
        begin(&mut mail);
        message.lines().for_each(|line| assert!(mail.line(line.as_bytes(), "b", &mut flow)));
        mail.end("b", &mut flow);
        flow.risk.and_then(|risk| risk.risk_evidence)
    }

    #[test]
    fn a_program_in_a_part_of_a_part() {
        assert_eq!(evidence(&message(), Mail::begin), Some(vec!["elf came as set up.bin from b".to_owned()]));
        let harmless = message().replace("f0VMR", "AAAAA");
        assert_eq!(evidence(&harmless, Mail::begin), None);
        let text = message().replace("Encoding: BASE64", "Encoding: 7bit");
        assert_eq!(evidence(&text, Mail::begin), None, "what is not encoded is a text");
    }

    #[test]
    fn a_message_inside_of_a_message() {
        let outer = format!("Content-Type: message/rfc822\r\n\r\n{}", message());
        assert!(evidence(&outer, Mail::begin).is_some());
    }

    #[test]
    fn a_part_by_itself() {
        assert_eq!(
            evidence("IyEvYmluL3No\r\n", Mail::begin_content),
            Some(vec!["script came as an attachment from b".into()])
        );
        assert_eq!(evidence("Dear all,\r\nhello\r\n", Mail::begin_content), None);
    }

    #[test]
    fn parameters_behind_values() {
        let of =
            |value: &str| parameter(value.as_bytes(), b"name").map(|name| String::from_utf8(name).expect("a text"));
        assert_eq!(of("a/b; Name=\"x; y\"").as_deref(), Some("x; y"));
        assert_eq!(of("a/b; c=\"name=z\";name = x ; d=e").as_deref(), Some("x"));
        assert_eq!(of("a/b; name*0*=utf-8''x").as_deref(), Some("utf-8''x"));
        assert_eq!(of("name=x"), None);
        assert_eq!(of("a/b; name=\"x"), None);
    }

    #[test]
    fn everything_is_bounded() {
        let (mut flow, mut mail) = (Flow::default(), Mail::default());
        for number in 0..100 {
            let line = format!("Content-Type: multipart/x; boundary=b{number}");
            assert!(mail.line(line.as_bytes(), "", &mut flow) && mail.line(b"", "", &mut flow));
            mail.line(format!("--b{number}").as_bytes(), "", &mut flow);
        }
        assert!(mail.boundaries.len() <= DEPTH_MAX);
        mail.begin();
        for _ in 0..100 {
            mail.line(&[b' '; 1_000], "", &mut flow);
        }
        assert!(mail.field.len() <= FIELD_MAX);
        mail.begin_content();
        let lines = (0..).take_while(|_| mail.line(&[b'A'; 1_000], "", &mut flow)).count();
        assert!(lines < MAIL_MAX / 1_000 && mail.part.letters.len() <= LETTERS);
    }

    proptest! {
        #[test]
        fn arbitrary_lines_do_no_harm(lines: Vec<Vec<u8>>, value: Vec<u8>) {
            let mut mail = Mail::default();
            lines.iter().for_each(|line| _ = mail.line(line, "", &mut Flow::default()));
            let _found = parameter(&[b"x;", &value[..]].concat(), b"name");
        }
    }
}
