// SPDX-License-Identifier: Apache-2.0
//! Tokens to an expression. Recursive descent without backtracking; every place notes what it would take.

use std::fmt::Display;

use minamo_model::{FLOWS, Table};

use crate::ast::Expr;
use crate::error::{Cause, FilterError};
use crate::lex::{Kind, Token, lex};
use crate::sets::{NoSets, Sets};
use crate::want::Want;
use crate::words::is_joiner;

/// Most octets of a filter, also when written out.
pub const MAX_TEXT: usize = 16 << 10;
/// Most octets of a filter whose named sets are written out.
pub const MAX_WRITTEN_OUT: usize = 256 << 10;
/// Most levels that parentheses and operators stand in each other.
pub const MAX_DEPTH: usize = 64;
/// Most items of a set.
pub const MAX_SET: usize = 10_000;

/// Reads a filter of flows.
pub fn parse(text: &str) -> Result<Expr, FilterError> {
    parse_for(text, &FLOWS)
}

/// Reads a filter of the rows of `table`.
pub fn parse_for(text: &str, table: &'static Table) -> Result<Expr, FilterError> {
    parse_with(text, table, &NoSets)
}

/// Reads a filter of the rows of `table` that may ask for named sets.
pub fn parse_with(text: &str, table: &'static Table, sets: &dyn Sets) -> Result<Expr, FilterError> {
    parse_within(text, Context { sets, ..Context::of(table) })
}

/// Reads a filter of flows that [`Expr::resolve`] gave and that was written down: it may be longer than what people type.
pub fn parse_written_out(text: &str) -> Result<Expr, FilterError> {
    parse_within(text, Context { max_text: MAX_WRITTEN_OUT, ..Context::of(&FLOWS) })
}

/// What a text is read against.
#[derive(Clone, Copy)]
pub(crate) struct Context<'s> {
    /// The table whose rows are asked.
    pub(crate) table: &'static Table,
    /// Most octets, also when printed.
    pub(crate) max_text: usize,
    /// Most items of a set in brackets.
    pub(crate) max_set: usize,
    /// The sets that have a name.
    pub(crate) sets: &'s dyn Sets,
}

impl Context<'static> {
    /// Of a table, without named sets.
    pub(crate) fn of(table: &'static Table) -> Self {
        Self { table, max_text: MAX_TEXT, max_set: MAX_SET, sets: &NoSets }
    }
}

/// Reads a filter against a context.
pub(crate) fn parse_within(text: &str, context: Context<'_>) -> Result<Expr, FilterError> {
    let expr: Expr = read(text, context, |parser| parser.tree())?;
    bounded(text, context.max_text, expr.depth(), expr)
}

/// Reads a whole text with one of the parser's functions.
pub(crate) fn read<T>(
    text: &str,
    context: Context<'_>,
    with: impl FnOnce(&mut Parser<'_>) -> Result<T, FilterError>,
) -> Result<T, FilterError> {
    let len = text.chars().count();
    if text.len() > context.max_text {
        return Err(FilterError::new(0, len, text, Cause::TooLong { max: context.max_text }));
    }
    let lexed = lex(text);
    let mut parser = Parser::new(&lexed.tokens, len, context);
    let parsed = with(&mut parser);
    if let Some(error) = lexed.error {
        // What was wrong in front of it comes first; that the tokens ended there is its own doing.
        return Err(parsed.err().filter(|e| e.at < error.at && e.len > 0).unwrap_or(error));
    }
    parsed
}

/// What was read, where it is not nested too deep and its canonical text not too long.
pub(crate) fn bounded<T: Display>(text: &str, max: usize, depth: usize, tree: T) -> Result<T, FilterError> {
    let whole = |cause| FilterError::new(0, text.chars().count(), text, cause);
    if depth > MAX_DEPTH {
        return Err(whole(Cause::TooDeep { max: MAX_DEPTH }));
    }
    if tree.to_string().len() > max {
        return Err(whole(Cause::TooLong { max }));
    }
    Ok(tree)
}

/// What `and`, `or`, `not` and parentheses join: tests of rows, or of groups.
pub(crate) trait Tree: Sized {
    /// What a text without a test means.
    fn every() -> Self;
    /// All parts hold.
    fn all(parts: Vec<Self>) -> Self;
    /// At least one part holds.
    fn any(parts: Vec<Self>) -> Self;
    /// This one does not hold.
    fn opposite(self) -> Self;
    /// Reads one test.
    fn leaf(parser: &mut Parser<'_>) -> Result<Self, FilterError>;
    /// What can start one.
    const LEAF: Want;
}

impl Tree for Expr {
    const LEAF: Want = Want::Test;

    fn every() -> Self {
        Self::All
    }

    fn all(parts: Vec<Self>) -> Self {
        Self::And(parts)
    }

    fn any(parts: Vec<Self>) -> Self {
        Self::Or(parts)
    }

    fn opposite(self) -> Self {
        Self::Not(Box::new(self))
    }

    fn leaf(parser: &mut Parser<'_>) -> Result<Self, FilterError> {
        parser.test()
    }
}

/// A position in the tokens, and what could stand there.
pub(crate) struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    /// Length of the text.
    end: usize,
    pub(crate) table: &'static Table,
    pub(crate) max_set: usize,
    pub(crate) sets: &'t dyn Sets,
    wants: Vec<Want>,
    wants_at: usize,
    depth: usize,
    /// True for the test that a `not` stands directly in front of.
    pub(crate) negated: bool,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(tokens: &'t [Token], end: usize, context: Context<'t>) -> Self {
        let Context { table, max_set, sets, .. } = context;
        Self { tokens, at: 0, end, table, max_set, sets, wants: Vec::new(), wants_at: 0, depth: 0, negated: false }
    }

    /// The whole text.
    pub(crate) fn tree<T: Tree>(&mut self) -> Result<T, FilterError> {
        if self.tokens.is_empty() {
            self.want(T::LEAF);
            return Ok(T::every());
        }
        let tree = self.any_of()?;
        self.end()?;
        Ok(tree)
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), FilterError> {
        if self.peek().is_some() { Err(self.unexpected()) } else { Ok(()) }
    }

    /// What could stand at the end of the tokens; empty where parsing stopped earlier.
    pub(crate) fn wants_at_end(&self) -> &[Want] {
        if self.at >= self.tokens.len() && self.wants_at == self.at { &self.wants } else { &[] }
    }

    fn any_of<T: Tree>(&mut self) -> Result<T, FilterError> {
        let mut parts = vec![self.all_of()?];
        while self.eat_joiner("or", &Kind::Or) {
            parts.push(self.all_of()?);
        }
        Ok(single_or(parts, T::any))
    }

    fn all_of<T: Tree>(&mut self) -> Result<T, FilterError> {
        let mut parts = vec![self.negation()?];
        while self.eat_joiner("and", &Kind::And) {
            parts.push(self.negation()?);
        }
        Ok(single_or(parts, T::all))
    }

    fn negation<T: Tree>(&mut self) -> Result<T, FilterError> {
        self.want(Want::Word("not"));
        if self.eat_joiner("not", &Kind::Not) {
            self.enter()?;
            self.negated = true;
            let part: T = self.negation()?;
            self.depth -= 1;
            return Ok(part.opposite());
        }
        self.want(Want::Word("("));
        if self.eat(&Kind::Open) {
            self.enter()?;
            self.negated = false;
            let inner = self.any_of()?;
            if !self.eat_wanted(&Kind::Close, ")") {
                return Err(self.unexpected());
            }
            self.depth -= 1;
            return Ok(inner);
        }
        self.want(T::LEAF);
        let test = T::leaf(self);
        self.negated = false;
        test
    }

    /// One level deeper; the token just read is the one to blame.
    fn enter(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail_at(self.at.saturating_sub(1), Cause::TooDeep { max: MAX_DEPTH }));
        }
        Ok(())
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Option<&'t Kind> {
        self.peek_at(0)
    }

    /// The token `ahead` of the next one.
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<&'t Kind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    /// The next token, where it is a bare word.
    pub(crate) fn peek_word(&self) -> Option<&'t str> {
        match self.peek() {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// True where the token `ahead` is that word.
    pub(crate) fn is_word(&self, ahead: usize, want: &str) -> bool {
        matches!(self.peek_at(ahead), Some(Kind::Word(word)) if word.eq_ignore_ascii_case(want))
    }

    /// Moves over `n` tokens.
    pub(crate) fn skip(&mut self, n: usize) {
        self.at += n;
    }

    /// Reads that token, where it is next.
    pub(crate) fn eat(&mut self, kind: &Kind) -> bool {
        let found = self.peek() == Some(kind);
        self.at += usize::from(found);
        found
    }

    /// Notes that sign and reads it, where it is next.
    pub(crate) fn eat_wanted(&mut self, kind: &Kind, sign: &'static str) -> bool {
        self.want(Want::Word(sign));
        self.eat(kind)
    }

    /// Notes that word and reads it, where it is next.
    pub(crate) fn eat_word(&mut self, word: &'static str) -> bool {
        self.want(Want::Word(word));
        let found = self.is_word(0, word);
        self.at += usize::from(found);
        found
    }

    fn eat_joiner(&mut self, word: &'static str, sign: &Kind) -> bool {
        self.eat_word(word) || self.eat(sign)
    }

    /// The next token as a value: a bare word other than `and`, `or` and `not`, or a quoted text.
    pub(crate) fn value(&mut self, want: Want) -> Result<&'t str, FilterError> {
        self.want(want);
        match self.peek() {
            Some(Kind::Word(word)) if !is_joiner(word) && !word.starts_with('@') => {
                self.at += 1;
                Ok(word)
            }
            Some(Kind::Text(text)) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Notes what the next token could be.
    pub(crate) fn want(&mut self, want: Want) {
        if self.wants_at != self.at {
            self.wants.clear();
            self.wants_at = self.at;
        }
        if !self.wants.contains(&want) {
            self.wants.push(want);
        }
    }

    /// The next token is not what could stand there.
    pub(crate) fn unexpected(&self) -> FilterError {
        self.fail(Cause::Unexpected)
    }

    /// An error about the next token, with what was wanted there.
    pub(crate) fn fail(&self, cause: Cause) -> FilterError {
        let mut error = self.fail_at(self.at, cause);
        let known = matches!(error.cause, Cause::NoColumn { .. } | Cause::NeedsFunction { .. });
        if self.wants_at == self.at && !known {
            let labels = self.wants.iter().flat_map(|want| want.labels());
            (error.expected, error.expected_ja) = labels.unzip();
        }
        error
    }

    /// An error about the token just read, with what it should have been.
    pub(crate) fn fail_value(&self, cause: Cause, want: Want) -> FilterError {
        let mut error = self.fail_at(self.at.saturating_sub(1), cause);
        (error.expected, error.expected_ja) = want.labels().into_iter().unzip();
        error
    }

    /// An error about the token just read.
    pub(crate) fn fail_read(&self, cause: Cause) -> FilterError {
        self.fail_at(self.at.saturating_sub(1), cause)
    }

    fn fail_at(&self, at: usize, cause: Cause) -> FilterError {
        let Some(token) = self.tokens.get(at) else { return FilterError::new(self.end, 0, "", cause) };
        FilterError::new(token.at, token.len, &shown(&token.kind), cause)
    }
}

/// A token as it stands in messages.
fn shown(kind: &Kind) -> String {
    let sign = match kind {
        Kind::Word(text) | Kind::Text(text) => return text.clone(),
        Kind::Compare(op) => op.symbol(),
        Kind::Glob => "~",
        Kind::Regex => "=~",
        Kind::NotGlob => "!~",
        Kind::And => "&&",
        Kind::Or => "||",
        Kind::Not => "!",
        Kind::Open => "(",
        Kind::Close => ")",
        Kind::SetOpen => "[",
        Kind::SetClose => "]",
        Kind::Comma => ",",
    };
    sign.to_owned()
}

/// The only part, or all of them joined.
pub(crate) fn single_or<T>(mut parts: Vec<T>, join: fn(Vec<T>) -> T) -> T {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}
