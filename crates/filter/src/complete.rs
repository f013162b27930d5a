// SPDX-License-Identifier: Apache-2.0
//! Help while typing: what could stand at the cursor.

use minamo_model::{FLOWS, Table};

use crate::aggregate::{Function, Having, sums_bare};
use crate::ast::{Expr, Subject};
use crate::check::{Sort, Target};
use crate::error::FilterError;
use crate::having::parse_having;
use crate::lex::{Kind, lex, set_name, tag_name};
use crate::parse::{Context, MAX_TEXT, Parser, parse_with};
use crate::sets::{NoSets, SetKind, Sets};
use crate::want::{COMPARE, Want, operators};
use crate::words::{FLAG_LETTERS, KEYWORDS, Keyword, Meaning, PROTOCOLS};

/// Most proposals at a place.
pub const MAX_ITEMS: usize = 50;

/// What could stand at a place of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Why the whole text is no filter yet.
    pub error: Option<FilterError>,
    /// Offset of the word being typed, in characters; a proposal replaces from here to the cursor.
    pub start: usize,
    /// Proposals, the likeliest first, at most [`MAX_ITEMS`].
    pub items: Vec<Item>,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What would be typed.
    pub text: String,
    /// What it is.
    pub kind: ItemKind,
    /// Help, in English; may be empty.
    pub doc: String,
    /// Help, in Japanese; may be empty.
    pub doc_ja: String,
}

/// What a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemKind {
    /// A column of the table.
    Column,
    /// A word of the language.
    Keyword,
    /// An operator or a sign.
    Operator,
    /// A value.
    Value,
}

/// Proposals for a filter of flows, at the cursor in front of the character `at`.
pub fn complete(text: &str, at: usize) -> Completion {
    complete_for(text, at, &FLOWS)
}

/// Proposals for a filter of the rows of `table`, at the cursor in front of the character `at`.
pub fn complete_for(text: &str, at: usize, table: &'static Table) -> Completion {
    complete_with(text, at, table, &NoSets)
}

/// Proposals for a filter that may ask for named sets.
pub fn complete_with(text: &str, at: usize, table: &'static Table, sets: &dyn Sets) -> Completion {
    let context = Context { sets, ..Context::of(table) };
    proposals(text, at, context, parse_with(text, table, sets).err(), |parser| drop(parser.tree::<Expr>()))
}

/// Proposals for a condition on groups of flows ([`crate::parse_having`]), at the cursor in front of the character `at`.
pub fn complete_having(text: &str, at: usize) -> Completion {
    proposals(text, at, Context::of(&FLOWS), parse_having(text).err(), |parser| drop(parser.tree::<Having>()))
}

fn proposals(
    text: &str,
    at: usize,
    context: Context<'_>,
    error: Option<FilterError>,
    read: impl FnOnce(&mut Parser<'_>),
) -> Completion {
    let at = at.min(text.chars().count());
    let none = Completion { error, start: at, items: Vec::new() };
    if text.len() > MAX_TEXT {
        return none;
    }
    let before: String = text.chars().take(at).collect();
    let mut lexed = lex(&before);
    if lexed.in_comment {
        return none;
    }
    if let Some(error) = lexed.error {
        return Completion { start: error.at, ..none };
    }
    let (mut start, mut typed) = (at, String::new());
    if let Some(token) = lexed.tokens.pop_if(|token| matches!(token.kind, Kind::Word(_)) && token.at + token.len == at)
        && let Kind::Word(word) = token.kind
    {
        (start, typed) = (token.at, word.to_lowercase());
    }
    let mut parser = Parser::new(&lexed.tokens, start, context);
    // Whether it parses does not matter; the places that it came through tell what fits.
    read(&mut parser);
    let wants = parser.wants_at_end();
    let items = wants.iter().flat_map(|want| items(*want, context)).collect();
    Completion { start, items: ranked(items, &typed), ..none }
}

/// The proposals that fit what was typed, best first.
fn ranked(items: Vec<Item>, typed: &str) -> Vec<Item> {
    let mut scored: Vec<_> = items.into_iter().filter_map(|item| Some((score(&item.text, typed)?, item))).collect();
    scored.sort_by_key(|(score, _)| *score);
    let mut out: Vec<Item> = Vec::new();
    for (_, item) in scored {
        if out.len() < MAX_ITEMS && out.iter().all(|o| o.text != item.text) {
            out.push(item);
        }
    }
    out
}

/// How well a proposal fits, 0 best; nothing where it does not.
fn score(text: &str, typed: &str) -> Option<u8> {
    let text = text.to_lowercase();
    if text == typed {
        Some(0)
    } else if text.starts_with(typed) {
        Some(1)
    } else if text.split(['_', '-']).any(|part| part.starts_with(typed)) {
        Some(2)
    } else {
        text.contains(typed).then_some(3)
    }
}

fn item(text: &str, kind: ItemKind, doc: &str, doc_ja: &str) -> Item {
    Item { text: text.to_owned(), kind, doc: doc.trim().to_owned(), doc_ja: doc_ja.trim().to_owned() }
}

fn items(want: Want, context: Context<'_>) -> Vec<Item> {
    let table = context.table;
    match want {
        Want::Test => {
            let mut all = tests(table);
            if table.name == FLOWS.name {
                all.extend(named_sets(context.sets, None));
            }
            all
        }
        Want::Set(kind) => named_sets(context.sets, Some(kind)),
        Want::Tag => tags(context.sets),
        Want::Property => properties(table),
        Want::WayProperty => way_properties(table),
        Want::Operator(target) => operators(target).map(operator).collect(),
        Want::Value(target) => values(target),
        Want::Flags => flags(),
        Want::Word(word) if word.starts_with(char::is_alphabetic) => vec![item(word, ItemKind::Keyword, "", "")],
        Want::Word(sign) => vec![item(sign, ItemKind::Operator, "", "")],
        Want::Aggregate => aggregates(table),
        Want::Argument(function) => arguments(function, table),
        Want::Compare => COMPARE.map(operator).to_vec(),
        Want::Number(_) | Want::Pattern | Want::Mask => Vec::new(),
    }
}

fn tests(table: &'static Table) -> Vec<Item> {
    let keywords = KEYWORDS.iter().filter(|k| k.meaning.is_for(table));
    let mut out: Vec<Item> = keywords.map(|k| item(k.word, ItemKind::Keyword, k.doc, k.doc_ja)).collect();
    out.extend(table.columns().map(|c| item(c.name, ItemKind::Column, c.doc, c.doc_ja)));
    if table.column("proto").is_some() {
        out.extend(protocols(ItemKind::Keyword));
    }
    out
}

fn properties(table: &'static Table) -> Vec<Item> {
    let fits = |k: &&Keyword| match k.meaning {
        Meaning::Pair(..) => true,
        Meaning::Measure(_) => matches!(k.word, "bytes" | "packets"),
        Meaning::Column(name) => name == "l2_vlan",
        _ => false,
    };
    let known = KEYWORDS.iter().filter(fits).filter(|k| k.meaning.is_for(table));
    known.map(|k| item(k.word, ItemKind::Keyword, k.doc, k.doc_ja)).collect()
}

fn aggregates(table: &'static Table) -> Vec<Item> {
    let mut out = vec![item("flows", ItemKind::Keyword, "Number of flows", "フロー数")];
    let measures =
        KEYWORDS.iter().filter(|k| matches!(k.meaning, Meaning::Measure(m) if sums_bare(Subject::Measure(m))));
    out.extend(measures.map(|k| item(k.word, ItemKind::Keyword, k.doc, k.doc_ja)));
    out.extend(Function::COMMON.map(|function| {
        let (doc, doc_ja) = function_help(function);
        item(&format!("{function}("), ItemKind::Keyword, &doc, &doc_ja)
    }));
    let sums = table.columns().filter(|column| sums_bare(Subject::Column(column)));
    out.extend(sums.map(|c| item(c.name, ItemKind::Column, c.doc, c.doc_ja)));
    out
}

fn function_help(function: Function) -> (String, String) {
    let (en, ja) = match function {
        Function::Sum => ("Sum over the flows", "フローの合計"),
        Function::Avg => ("Mean of the flows", "フローの平均"),
        Function::Min => ("Smallest of the flows", "フローの最小値"),
        Function::Max => ("Largest of the flows", "フローの最大値"),
        Function::Distinct => ("How many different values", "異なる値の数"),
        Function::Percentile(n) => {
            return (format!("Value below which {n} % of the flows lie"), format!("フローの {n} パーセンタイル"));
        }
    };
    (en.to_owned(), ja.to_owned())
}

fn arguments(function: Function, table: &'static Table) -> Vec<Item> {
    let measure = |k: &&Keyword| matches!(k.meaning, Meaning::Measure(m) if function.takes(Subject::Measure(m)));
    let measures = KEYWORDS.iter().filter(measure).map(|k| item(k.word, ItemKind::Keyword, k.doc, k.doc_ja));
    let columns = table.columns().filter(|column| function.takes(Subject::Column(column)));
    measures.chain(columns.map(|c| item(c.name, ItemKind::Column, c.doc, c.doc_ja))).collect()
}

/// The names of sets, of one kind or of all.
fn named_sets(sets: &dyn Sets, kind: Option<SetKind>) -> Vec<Item> {
    let known = sets.names().into_iter().filter(|(_, of)| kind.is_none_or(|kind| kind == *of));
    let doc = |of: SetKind| (format!("Set of {}", of.name()), format!("{}の集合", of.name_ja()));
    known
        .map(|(name, of)| {
            let (doc, doc_ja) = doc(of);
            item(&set_name(&name), ItemKind::Value, &doc, &doc_ja)
        })
        .collect()
}

/// The names of tags.
fn tags(sets: &dyn Sets) -> Vec<Item> {
    sets.tags().iter().map(|name| item(&tag_name(name), ItemKind::Value, "Tag", "タグ")).collect()
}

fn way_properties(table: &'static Table) -> Vec<Item> {
    let known = KEYWORDS.iter().filter(|k| matches!(k.word, "if" | "bytes" | "packets" | "mac" | "src" | "dst"));
    known.filter(|k| k.meaning.is_for(table)).map(|k| item(k.word, ItemKind::Keyword, k.doc, k.doc_ja)).collect()
}

fn operator(word: &'static str) -> Item {
    let (doc, doc_ja) = match word {
        "=" => ("equal", "等しい"),
        "!=" => ("has a value that is different", "値があり、異なる"),
        "<" => ("less", "小さい"),
        "<=" => ("less or equal", "以下"),
        ">" => ("greater", "大きい"),
        ">=" => ("greater or equal", "以上"),
        "~" => ("fits a pattern with * and ?", "* と ? のパターンに合う"),
        "!~" => ("does not fit a pattern", "パターンに合わない"),
        "=~" => ("contains a regular expression", "正規表現に合う部分がある"),
        "in" => ("one of: in [a b]", "いずれか：in [a b]"),
        "flags" => ("flags are set: flags SA", "フラグが立っている：flags SA"),
        _ => ("has a value", "値がある"),
    };
    item(word, ItemKind::Operator, doc, doc_ja)
}

fn values(target: Target) -> Vec<Item> {
    match target.sort() {
        Sort::Protocol => protocols(ItemKind::Value).collect(),
        Sort::Bool => ["true", "false"].map(|word| item(word, ItemKind::Value, "", "")).to_vec(),
        Sort::Flags => flags(),
        _ => Vec::new(),
    }
}

fn protocols(kind: ItemKind) -> impl Iterator<Item = Item> {
    let doc = |number| (format!("IP protocol {number}"), format!("IP プロトコル {number}"));
    PROTOCOLS.iter().map(move |(name, number)| {
        let (doc, doc_ja) = doc(*number);
        item(name, kind, &doc, &doc_ja)
    })
}

fn flags() -> Vec<Item> {
    const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
    let both = FLAG_LETTERS.iter().zip(NAMES);
    both.map(|(letter, name)| item(&letter.to_string(), ItemKind::Value, name, name)).collect()
}
