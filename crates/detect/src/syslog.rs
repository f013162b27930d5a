// SPDX-License-Identifier: Apache-2.0
//! Alerts in syslog: messages of a stream (RFC 6587, both framings) and what a message carries (RFC 5424, and the older
//! form of RFC 3164): a JSON object, after the cookie `@cee:` of the Common Event Expression or plain. Rows of JSON
//! without any header are taken, too. Facility and severity are not looked at: the alert says its own.

/// Longest message, in octets.
pub const LONGEST: usize = 1 << 20;
/// Digits of the length of a message.
const DIGITS: usize = 7;
/// What goes before JSON (Common Event Expression, "CEE Log Transport").
const COOKIE: &[u8] = b"@cee:";

/// What a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who sent it, where its header says so.
    pub host: Option<&'a str>,
    /// The JSON object, with what follows it; empty where there is none.
    pub json: &'a [u8],
}

/// Cuts the octets of a connection into messages. It keeps at most [`LONGEST`] octets.
#[derive(Debug, Default)]
pub struct Deframer {
    /// The beginning of a message whose end has not come.
    rest: Vec<u8>,
    /// What of a message that is too long is still to come.
    skipping: Option<Skipping>,
    /// Messages that were too long since the last look.
    long: u64,
}

/// The rest of a message that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skipping {
    /// So many octets.
    Octets(usize),
    /// Up to the end of the line.
    Line,
}

/// How the message at the beginning of some octets is framed.
enum Framed {
    /// Not to be told before more octets come.
    Open,
    /// It begins after so many octets and has so many.
    Counted(usize, usize),
    /// It ends with the line.
    Line,
}

impl Deframer {
    /// Takes octets and gives the messages that are whole, without what frames them.
    pub fn push(&mut self, mut octets: &[u8], mut message: impl FnMut(&[u8])) {
        if self.rest.is_empty() {
            // Most often the octets are whole messages: nothing is copied then.
            octets = self.cut(octets, &mut message);
            self.rest.extend_from_slice(octets);
            return;
        }
        // A line that comes in many small pieces is not searched again for each of them.
        let grows = self.rest.len() + octets.len() <= LONGEST && !octets.iter().any(|octet| is_end(*octet));
        if grows && matches!(framed(&self.rest), Framed::Line) {
            self.rest.extend_from_slice(octets);
            return;
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(octets);
        let left = self.cut(&all, &mut message).len();
        all.drain(..all.len() - left);
        self.rest = all;
    }

    /// The message whose end did not come before the connection ended.
    pub fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.rest)
    }

    /// Messages that were too long since this was asked last.
    pub fn long(&mut self) -> u64 {
        std::mem::take(&mut self.long)
    }

    /// Cuts whole messages off; what is left is the beginning of one, and no longer than the longest.
    fn cut<'a>(&mut self, mut octets: &'a [u8], message: &mut impl FnMut(&[u8])) -> &'a [u8] {
        loop {
            octets = self.skip(octets);
            if octets.is_empty() {
                return octets;
            }
            match framed(octets) {
                Framed::Open => return octets,
                Framed::Counted(head, length) if length > LONGEST => {
                    self.long += 1;
                    self.skipping = Some(Skipping::Octets(length));
                    octets = octets.get(head..).unwrap_or_default();
                }
                Framed::Counted(head, length) => match octets.get(head..head + length) {
                    Some(whole) => {
                        message(whole.trim_ascii_end());
                        octets = octets.get(head + length..).unwrap_or_default();
                    }
                    None => return octets,
                },
                Framed::Line => match octets.iter().position(|octet| is_end(*octet)) {
                    Some(end) => {
                        let line = octets.get(..end).unwrap_or_default();
                        if end > LONGEST {
                            self.long += 1;
                        } else if !line.trim_ascii().is_empty() {
                            message(line.trim_ascii_end());
                        }
                        octets = octets.get(end + 1..).unwrap_or_default();
                    }
                    None if octets.len() > LONGEST => {
                        self.long += 1;
                        self.skipping = Some(Skipping::Line);
                        return &[];
                    }
                    None => return octets,
                },
            }
        }
    }

    /// Steps over what is left of a message that is too long.
    fn skip<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let over = match self.skipping {
            None => return octets,
            Some(Skipping::Octets(left)) => {
                let over = left.min(octets.len());
                self.skipping = Some(left - over).filter(|left| *left > 0).map(Skipping::Octets);
                over
            }
            Some(Skipping::Line) => match octets.iter().position(|octet| is_end(*octet)) {
                Some(end) => {
                    self.skipping = None;
                    end + 1
                }
                None => octets.len(),
            },
        };
        octets.get(over..).unwrap_or_default()
    }
}

/// Ends of a line: LF, and NUL, which some senders use (RFC 6587, section 3.4.2).
fn is_end(octet: u8) -> bool {
    matches!(octet, b'\n' | 0)
}

/// A length, a blank and a message (RFC 6587, section 3.4.1), or a line.
fn framed(octets: &[u8]) -> Framed {
    let digits = octets.iter().take(DIGITS + 1).take_while(|octet| octet.is_ascii_digit()).count();
    let is_number = digits > 0 && digits <= DIGITS && octets.first() != Some(&b'0');
    match octets.get(digits) {
        None if is_number => Framed::Open,
        Some(b' ') if is_number => {
            let number = octets.get(..digits).unwrap_or_default();
            let length = number.iter().fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
            Framed::Counted(digits + 1, length)
        }
        _ => Framed::Line,
    }
}

/// What a message carries.
pub fn message(octets: &[u8]) -> Message<'_> {
    let (host, content) = match priority(octets) {
        None => (None, octets),
        Some(rest) => match rest.strip_prefix(b"1 ") {
            Some(rest) => structured(rest),
            None => older(rest),
        },
    };
    Message { host: host.filter(|host| *host != "-" && !host.is_empty()), json: json(content) }
}

/// What follows `<PRI>`.
fn priority(octets: &[u8]) -> Option<&[u8]> {
    let rest = octets.strip_prefix(b"<")?;
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    rest.get(digits..)?.strip_prefix(b">").filter(|_| (1..=3).contains(&digits))
}

/// Host and content of a message of RFC 5424 (section 6), after its version: time, host, program, process and message
/// id, elements in brackets or `-`, content.
fn structured(octets: &[u8]) -> (Option<&str>, &[u8]) {
    let mut rest = octets;
    let mut host = None;
    for field in 0..5 {
        let (word, after) = word(rest);
        if field == 1 {
            host = std::str::from_utf8(word).ok();
        }
        rest = after;
    }
    let content = match rest.first() {
        Some(b'[') => rest.get(elements(rest)..).unwrap_or_default(),
        _ => word(rest).1,
    };
    (host, content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content))
}

/// Octets of the structured data and of the blank after it. In a value `]` ends nothing, and `\` takes the meaning from
/// what follows it (section 6.3.3).
fn elements(octets: &[u8]) -> usize {
    let (mut quoted, mut escaped, mut open) = (false, false, false);
    for (at, octet) in octets.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' if !quoted => open = true,
            b']' if !quoted => open = false,
            b' ' if !quoted && !open => return at + 1,
            _ => {}
        }
    }
    octets.len()
}

/// Host and content of a message of RFC 3164 (section 4.1): `Mmm dd hh:mm:ss HOST TAG: content`, and with a time as of
/// RFC 3339 in its place, as some senders write it.
fn older(octets: &[u8]) -> (Option<&str>, &[u8]) {
    let clock = octets.get(..16).filter(|text| text.get(9) == Some(&b':') && text.get(15) == Some(&b' '));
    let after = match clock {
        Some(_) => octets.get(16..).unwrap_or_default(),
        None => {
            let (time, rest) = word(octets);
            let is_time = time.first().is_some_and(u8::is_ascii_digit) && time.contains(&b'T');
            if !is_time {
                return (None, octets);
            }
            rest
        }
    };
    let (host, content) = word(after);
    // Without a host the tag comes first.
    if host.ends_with(b":") || host.ends_with(b"]") || host.starts_with(b"{") || host.starts_with(b"@") {
        return (None, after);
    }
    (std::str::from_utf8(host).ok(), content)
}

/// What stands before the next blank, and what after it.
fn word(octets: &[u8]) -> (&[u8], &[u8]) {
    let end = octets.iter().position(|octet| *octet == b' ').unwrap_or(octets.len());
    (octets.get(..end).unwrap_or_default(), octets.get(end + 1..).unwrap_or_default())
}

/// The object in a content, after a cookie, a tag or nothing.
fn json(content: &[u8]) -> &[u8] {
    let start = content.windows(COOKIE.len()).position(|window| window == COOKIE).map(|at| at + COOKIE.len());
    let from = content.get(start.unwrap_or(0)..).unwrap_or_default();
    let open = from.iter().position(|octet| *octet == b'{').unwrap_or(from.len());
    // A cookie within an object is a text of it.
    match (start, content.iter().position(|octet| *octet == b'{')) {
        (Some(start), Some(open)) if open < start => content.get(open..).unwrap_or_default(),
        _ => from.get(open..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of some pieces, and how many were too long.
    fn messages(pieces: &[&[u8]]) -> (Vec<String>, u64) {
        let (mut deframer, mut found) = (Deframer::default(), Vec::new());
        for piece in pieces {
            deframer.push(piece, |message| found.push(String::from_utf8_lossy(message).into_owned()));
            assert!(deframer.rest.len() <= LONGEST + piece.len());
        }
        (found, deframer.long())
    }

    #[test]
    fn messages_are_cut_by_lines_and_by_their_lengths_wherever_the_octets_are_torn() {
        let stream = b"<13>one\n10 <13>two\n3\n<13>three\r\n\n\0{\"a\":1}\n7 <13>end<13>tail";
        let wanted = ["<13>one", "<13>two\n3", "<13>three", "{\"a\":1}", "<13>end"];
        for at in 0..stream.len() {
            let (one, other) = stream.split_at(at);
            assert_eq!(messages(&[one, other]).0, wanted, "torn at {at}");
        }
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(messages(&single), (wanted.map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn what_is_too_long_is_counted_and_what_follows_is_read() {
        let long = vec![b'x'; LONGEST + 10];
        let length = format!("{} ", long.len());
        let (found, count) = messages(&[length.as_bytes(), &long, b"3 abc", &long, b"y", b"\nz\n"]);
        assert_eq!((found, count), (vec!["abc".to_owned(), "z".to_owned()], 2));
        // Many digits are no length, and a zero before them neither.
        assert_eq!(messages(&[b"12345678 x\n012 y\n"]).0, ["12345678 x", "012 y"]);
    }

    #[test]
    fn the_object_is_found_behind_each_kind_of_header() {
        let told = |text: &'static str| {
            let found = message(text.as_bytes());
            (found.host, std::str::from_utf8(found.json).expect("text"))
        };
        assert_eq!(told("<134>Jan  5 10:00:05 ids1 suricata[812]: @cee: {\"a\":1}"), (Some("ids1"), "{\"a\":1}"));
        assert_eq!(told("<134>Jan  5 10:00:05 ids1 suricata: {\"a\":1}"), (Some("ids1"), "{\"a\":1}"));
        assert_eq!(told("<134>Jan  5 10:00:05 suricata[812]: {\"a\":1}"), (None, "{\"a\":1}"));
        assert_eq!(told("<134>2026-01-05T10:00:05+00:00 ids1 suricata: {\"a\":1}"), (Some("ids1"), "{\"a\":1}"));
        assert_eq!(
            told("<134>1 2026-01-05T10:00:05Z ids1 suricata 812 - - \u{feff}{\"a\":1}"),
            (Some("ids1"), "{\"a\":1}")
        );
        let elements = "<134>1 - - suricata - - [x@1 a=\"{ \\\" ]\"][y@1 b=\"c d\"] @cee:{\"a\":1}";
        assert_eq!(told(elements), (None, "{\"a\":1}"));
        assert_eq!(told("{\"a\":\"@cee: {}\"}"), (None, "{\"a\":\"@cee: {}\"}"));
        assert_eq!(told("@cee:{\"a\":1}"), (None, "{\"a\":1}"));
        for none in [
            "",
            "<",
            "<134",
            "<134>",
            "<1344>x",
            "<134>1 ",
            "<134>1 a b c d e",
            "<134>1 a b c d e [",
            "<134>Jan  5 10:00:05 ",
        ] {
            assert_eq!(told(none).1, "", "{none}");
        }
    }
}
