// SPDX-License-Identifier: Apache-2.0
//! Text out of untrusted octets, for every protocol that has text in it: cut to a length, without control
//! characters, line by line. No allocation except in what goes into a row.

use crate::{Step, Verdict};

/// Longest line that a dissector waits for. SMTP allows 1,000 octets, others name no bound (RFC 5321 §4.5.3.1.6).
const LINE_MAX: usize = 4_096;

/// At most `max` octets of text: what is not UTF-8 is replaced, control characters are left out.
pub(super) fn text(data: &[u8], max: usize) -> String {
    // Nearly all texts are short and plain: one allocation, and none too large.
    if data.len() <= max && data.is_ascii() && !data.iter().any(u8::is_ascii_control) {
        return String::from_utf8(data.to_vec()).unwrap_or_default();
    }
    let mut out = String::with_capacity(data.len().min(max));
    for chunk in data.utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() { None } else { Some(char::REPLACEMENT_CHARACTER) };
        for c in chunk.valid().chars().filter(|c| !c.is_control()).chain(replaced) {
            if out.len() + c.len_utf8() > max {
                return out;
            }
            out.push(c);
        }
    }
    out
}

/// [`text`] without blanks around it; `None` where nothing is left.
pub(super) fn some_text(data: &[u8], max: usize) -> Option<String> {
    let out = text(data.trim_ascii(), max);
    if out.is_empty() { None } else { Some(out) }
}

/// At most `max` characters of UTF-16, little endian; what is none is replaced.
pub(super) fn utf16(data: &[u8], max: usize) -> String {
    let units = data.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?)));
    char::decode_utf16(units).take(max).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The first line of `data` without its end, and how many octets it takes; `None` until its line feed is there.
pub(super) fn line(data: &[u8]) -> Option<(&[u8], usize)> {
    let end = memchr::memchr(b'\n', data)?;
    let line = data.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// The first word of a line, and what follows the blank behind it.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', line) {
        Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
        None => (line, &[]),
    }
}

/// What follows `prefix`, in whatever case it is written.
pub(super) fn after<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = line.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// True where `part` stands anywhere in `data`, in whatever case. `part` is upper case.
pub(super) fn mentions(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len().max(1)).any(|w| w.eq_ignore_ascii_case(part))
}

/// True where `data` could be the beginning of something that starts with `whole`, or starts with it.
pub(super) fn begins(data: &[u8], whole: &[u8]) -> Verdict {
    let n = data.len().min(whole.len());
    match data.get(..n) == whole.get(..n) {
        false => Verdict::No,
        true if n == whole.len() => Verdict::Yes,
        true => Verdict::Maybe,
    }
}

/// True where every octet is printable ASCII, a tab or beyond ASCII.
pub(super) fn printable(data: &[u8]) -> bool {
    data.iter().all(|b| *b == b'\t' || *b >= 0x20 && *b != 0x7f)
}

/// Feeds the complete lines of `data` to `each`, as long as it answers [`Step::Continue`]. An answer of
/// [`Step::Inner`] takes the lines up to that one. A line without end is given up.
pub(super) fn by_lines(data: &[u8], mut each: impl FnMut(&[u8]) -> Step) -> Step {
    let mut used = 0;
    while let Some((line, n)) = line(data.get(used..).unwrap_or_default()) {
        used += n;
        match each(line) {
            Step::Continue(_) => {}
            Step::Inner(_) => return Step::Inner(used),
            other => return other,
        }
    }
    if data.len() - used > LINE_MAX { Step::Done } else { Step::Continue(used) }
}

/// A reply that starts with three digits, as SMTP and FTP have them: its code, and true on its last line.
pub(super) fn reply(line: &[u8]) -> Option<(u16, bool)> {
    let (code, rest) = line.split_first_chunk::<3>()?;
    let code = std::str::from_utf8(code).ok()?.parse().ok()?;
    match rest.first() {
        None | Some(b' ') => Some((code, true)),
        Some(b'-') => Some((code, false)),
        Some(_) => None,
    }
}

/// True where a TLS handshake record starts here (RFC 8446 §5.1): a side went over to TLS.
pub(super) fn is_tls(data: &[u8]) -> bool {
    matches!(data, [0x16, 0x03, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_clean() {
        assert_eq!(text(b"a\x00b\x1b[31m\xffc", 64), "ab[31m\u{fffd}c");
        assert_eq!(text("日本".as_bytes(), 5), "日");
        assert_eq!(some_text(b" \t ", 9), None);
        assert_eq!(utf16(b"a\0\x00\xd8b\0c", 3), "a\u{fffd}b");
    }

    #[test]
    fn lines_words_and_replies() {
        assert_eq!(line(b"ab\r\ncd"), Some((&b"ab"[..], 4)));
        assert_eq!(line(b"ab"), None);
        assert_eq!(word(b"EHLO me there"), (&b"EHLO"[..], &b"me there"[..]));
        assert_eq!(after(b"mail from:<a>", b"MAIL FROM:"), Some(&b"<a>"[..]));
        assert_eq!(reply(b"220-hello"), Some((220, false)));
        assert_eq!(reply(b"220"), Some((220, true)));
        assert_eq!(reply(b"2200"), None);
        assert_eq!(begins(b"SS", b"SSH-"), Verdict::Maybe);
    }
}
