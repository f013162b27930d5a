// SPDX-License-Identifier: Apache-2.0
//! What the protocols of databases share: the kind of the first command, and the first error.

use minamo_model::Flow;

use super::text::some_text;

/// Longest name that is kept, in octets.
pub(super) const NAME_MAX: usize = 128;
/// Longest word of a command or error that is kept, in octets.
const WORD_MAX: usize = 32;
/// Octets in which the first word is looked for.
const LOOK: usize = 1_024;

/// Notes the kind of a command, where none was noted: its first word in capitals, and nothing of what follows.
pub(super) fn command(flow: &mut Flow, text: &[u8]) {
    let facts = flow.sql.get_or_insert_default();
    if facts.command.is_none() {
        facts.command = first_word(text.get(..LOOK).unwrap_or(text)).map(|word| word.to_ascii_uppercase());
    }
}

/// Notes an error, where none was noted.
pub(super) fn error(flow: &mut Flow, code: String) {
    let facts = flow.sql.get_or_insert_default();
    facts.error = facts.error.take().or(Some(code));
}

/// The first word behind blanks, brackets and comments (ISO/IEC 9075-2 §5.2): letters and underscores.
fn first_word(mut text: &[u8]) -> Option<String> {
    loop {
        text = match text.trim_ascii_start() {
            [b'(' | b';', rest @ ..] => rest,
            [b'-', b'-', rest @ ..] => behind(rest, b"\n")?,
            [b'/', b'*', rest @ ..] => behind(rest, b"*/")?,
            word => {
                let end = word.iter().take_while(|octet| octet.is_ascii_alphabetic() || **octet == b'_').count();
                return some_text(word.get(..end.min(WORD_MAX))?, WORD_MAX);
            }
        };
    }
}

/// What follows the end of a comment.
fn behind<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text, end)?;
    text.get(at + end.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_its_first_word() {
        let kind = |text: &str| {
            let mut flow = Flow::default();
            command(&mut flow, text.as_bytes());
            flow.sql.expect("a group").command
        };
        assert_eq!(kind(" select secret from t").as_deref(), Some("SELECT"));
        assert_eq!(kind("-- why\n/* a */ ((With x as").as_deref(), Some("WITH"));
        assert_eq!(kind("'1234'"), None);
        assert_eq!(kind("/* no end"), None);
        assert_eq!(kind(&"x".repeat(99)).map(|word| word.len()), Some(WORD_MAX));
    }

    #[test]
    fn the_first_stands() {
        let mut flow = Flow::default();
        ["begin", "drop"].iter().for_each(|text| command(&mut flow, text.as_bytes()));
        ["1045", "1146"].iter().for_each(|code| error(&mut flow, (*code).to_owned()));
        let facts = flow.sql.expect("a group");
        assert_eq!((facts.command.as_deref(), facts.error.as_deref()), (Some("BEGIN"), Some("1045")));
    }
}
