// SPDX-License-Identifier: Apache-2.0
//! Text to tokens. A word is whatever stands between blanks, quotes, brackets and operators, so that
//! addresses, instants, numbers with units and names are one token each; the parser knows which it wants.

use crate::ast::CompareOp;
use crate::error::{Cause, FilterError};
use crate::words::is_joiner;

/// One token and its place in the text, in characters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    /// Offset of its first character.
    pub(crate) at: usize,
    /// Number of its characters.
    pub(crate) len: usize,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A bare word.
    Word(String),
    /// A quoted text, without its quotes.
    Text(String),
    /// `=`, `!=`, `<` and so on.
    Compare(CompareOp),
    /// `~`
    Glob,
    /// `=~`
    Regex,
    /// `!~`
    NotGlob,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Not,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    SetOpen,
    /// `]`
    SetClose,
    /// `,`
    Comma,
}

/// The tokens of a text, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// The tokens in front of the error, or all.
    pub(crate) tokens: Vec<Token>,
    /// Why reading stopped.
    pub(crate) error: Option<FilterError>,
    /// True where the text ends inside a comment.
    pub(crate) in_comment: bool,
}

/// Reads a text.
pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0 };
    let mut out = Lexed::default();
    loop {
        out.in_comment = lexer.skip_blank();
        let Some(first) = lexer.peek(0) else { return out };
        let at = lexer.at;
        match lexer.token(first) {
            Ok(kind) => out.tokens.push(Token { at, len: lexer.at - at, kind }),
            Err(error) => {
                out.error = Some(error);
                return out;
            }
        }
    }
}

/// True for characters that a bare word is made of.
fn is_word(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(c, '(' | ')' | '[' | ']' | ',' | '"' | '\'' | '=' | '<' | '>' | '!' | '~' | '&' | '|' | '#')
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Skips blanks and comments; true where the text ended inside a comment.
    fn skip_blank(&mut self) -> bool {
        let mut comment = false;
        while let Some(c) = self.peek(0) {
            match c {
                '\n' => comment = false,
                '#' => comment = true,
                c if comment || c.is_whitespace() => {}
                _ => break,
            }
            self.at += 1;
        }
        comment
    }

    fn token(&mut self, first: char) -> Result<Kind, FilterError> {
        let (kind, len) = match (first, self.peek(1)) {
            ('"' | '\'', _) => return self.text(first),
            ('=', Some('~')) => (Kind::Regex, 2),
            ('!', Some('~')) => (Kind::NotGlob, 2),
            ('=', Some('=')) => (Kind::Compare(CompareOp::Eq), 2),
            ('!', Some('=')) | ('<', Some('>')) => (Kind::Compare(CompareOp::Ne), 2),
            ('<', Some('=')) => (Kind::Compare(CompareOp::Le), 2),
            ('>', Some('=')) => (Kind::Compare(CompareOp::Ge), 2),
            ('&', Some('&')) => (Kind::And, 2),
            ('|', Some('|')) => (Kind::Or, 2),
            ('=', _) => (Kind::Compare(CompareOp::Eq), 1),
            ('<', _) => (Kind::Compare(CompareOp::Lt), 1),
            ('>', _) => (Kind::Compare(CompareOp::Gt), 1),
            ('~', _) => (Kind::Glob, 1),
            ('!', _) => (Kind::Not, 1),
            ('(', _) => (Kind::Open, 1),
            (')', _) => (Kind::Close, 1),
            ('[', _) => (Kind::SetOpen, 1),
            (']', _) => (Kind::SetClose, 1),
            (',', _) => (Kind::Comma, 1),
            ('&', _) => return Err(self.stray("&&")),
            ('|', _) => return Err(self.stray("||")),
            _ => return Ok(self.word()),
        };
        self.at += len;
        Ok(kind)
    }

    fn word(&mut self) -> Kind {
        let word: String = self.chars.iter().skip(self.at).copied().take_while(|c| is_word(*c)).collect();
        self.at += word.chars().count();
        Kind::Word(word)
    }

    /// A quoted text. A backslash protects the quote and itself, and is plain in front of anything else.
    fn text(&mut self, quote: char) -> Result<Kind, FilterError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            self.at += 1;
            match (c, self.peek(0)) {
                (c, _) if c == quote => return Ok(Kind::Text(text)),
                ('\\', Some(next)) if next == quote || next == '\\' => {
                    text.push(next);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        let found: String = self.chars.iter().skip(start).collect();
        Err(FilterError::new(start, self.at - start, &found, Cause::UnclosedText))
    }

    fn stray(&self, want: &'static str) -> FilterError {
        let found: String = self.chars.iter().skip(self.at).take(1).collect();
        let mut error = FilterError::new(self.at, 1, &found, Cause::Unexpected);
        error.expected.push(want.to_owned());
        error.expected_ja.push(want.to_owned());
        error
    }
}

/// The text in quotes, as [`lex`] reads it back.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The name of a set as it is typed: `@guests`, `@"second floor"`.
pub(crate) fn set_name(name: &str) -> String {
    if !name.is_empty() && name.chars().all(is_word) { format!("@{name}") } else { format!("@{}", quoted(name)) }
}

/// The name of a tag as it is typed: `guest-upload`, `"second floor"`.
pub(crate) fn tag_name(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(is_word) && !is_joiner(name) && !name.starts_with('@');
    if bare { name.to_owned() } else { quoted(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        lex(text).tokens.into_iter().map(|t| t.kind).collect()
    }

    fn word(text: &str) -> Kind {
        Kind::Word(text.to_owned())
    }

    #[test]
    fn words_hold_addresses_numbers_and_instants() {
        for text in [
            "2001:db8::/32",
            "10/8",
            "1.5M",
            "2026-01-01T00:00:00+09:00",
            "*.example.com",
            "icmp-type",
            "東京",
            "@guests",
        ] {
            assert_eq!(kinds(text), [word(text)]);
        }
        assert_eq!(kinds("port=80"), [word("port"), Kind::Compare(CompareOp::Eq), word("80")]);
        assert_eq!(kinds("a&&!b"), [word("a"), Kind::And, Kind::Not, word("b")]);
        assert_eq!(kinds("a # b\nc"), [word("a"), word("c")]);
    }

    #[test]
    fn places_count_characters() {
        let lexed = lex("東京 = \"a\\\"b\"");
        assert_eq!(lexed.tokens.iter().map(|t| (t.at, t.len)).collect::<Vec<_>>(), [(0, 2), (3, 1), (5, 6)]);
        assert_eq!(lexed.tokens[2].kind, Kind::Text("a\"b".to_owned()));
        assert_eq!(kinds(r#""\d\\""#), [Kind::Text(r"\d\".to_owned())]);
        assert_eq!(kinds(&quoted(r#"a\"b\\"#)), [Kind::Text(r#"a\"b\\"#.to_owned())]);
    }

    #[test]
    fn open_ends_are_told() {
        assert_eq!(lex("a \"b").error.map(|e| (e.at, e.len)), Some((2, 2)));
        assert_eq!(lex("a & b").error.map(|e| (e.at, e.expected)), Some((2, vec!["&&".to_owned()])));
        assert!(lex("a # b").in_comment && !lex("a # b\n").in_comment);
    }
}
