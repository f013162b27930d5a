// SPDX-License-Identifier: Apache-2.0
//! Reads aggregates and conditions on them: `bytes > 1G and (flows > 100 or distinct(dst_port) >= 20)`. The same rules
//! for words, numbers, `and`, `or`, `not` and parentheses as in a filter.

use minamo_model::FLOWS;

use crate::aggregate::{Aggregate, Function, Having, sums_bare};
use crate::ast::{Measure, Subject};
use crate::error::{Cause, FilterError};
use crate::lex::Kind;
use crate::parse::{Context, MAX_TEXT, Parser, Tree, bounded, read};
use crate::suggest::suggest;
use crate::value::literal;
use crate::want::Want;

/// Reads a condition on groups of flows; an empty text is every group.
pub fn parse_having(text: &str) -> Result<Having, FilterError> {
    let having: Having = read(text, Context::of(&FLOWS), |parser| parser.tree())?;
    bounded(text, MAX_TEXT, having.depth(), having)
}

/// Reads one aggregate over flows: `bytes`, `flows`, `distinct(dst_port)`, `p95(npm_response_micros)`.
pub fn parse_aggregate(text: &str) -> Result<Aggregate, FilterError> {
    read(text, Context::of(&FLOWS), |parser| {
        let aggregate = parser.aggregate()?;
        parser.end()?;
        Ok(aggregate)
    })
}

impl Tree for Having {
    const LEAF: Want = Want::Aggregate;

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
        parser.condition()
    }
}

impl Parser<'_> {
    /// A comparison of an aggregate, or `any`.
    fn condition(&mut self) -> Result<Having, FilterError> {
        if self.is_word(0, "any") {
            self.skip(1);
            return Ok(Having::All);
        }
        let aggregate = self.aggregate()?;
        self.want(Want::Compare);
        let op = self.peek_compare().ok_or_else(|| self.unexpected())?;
        self.skip(1);
        let want = Want::Number(aggregate);
        let text = self.value(want)?;
        let value = literal(aggregate.sort(), text);
        let literal = value.ok_or_else(|| self.fail_value(Cause::BadValue { subject: aggregate.subject() }, want))?;
        Ok(Having::Test(aggregate, op, literal))
    }

    /// A function with its argument, or the bare name of a sum.
    pub(crate) fn aggregate(&mut self) -> Result<Aggregate, FilterError> {
        self.want(Want::Aggregate);
        let word = self.peek_word().ok_or_else(|| self.unexpected())?;
        if let Some(function) = Function::named(word).filter(|_| self.peek_at(1) == Some(&Kind::Open)) {
            self.skip(2);
            return self.argument(function);
        }
        if word.eq_ignore_ascii_case("flows") {
            self.skip(1);
            return Ok(Aggregate::Flows);
        }
        let subject = self.subject(word)?;
        if !sums_bare(subject) {
            return Err(self.fail(Cause::NeedsFunction { subject: name(subject) }));
        }
        self.skip(1);
        Ok(Aggregate::Of(Function::Sum, subject))
    }

    /// What stands in the parentheses of a function, and the closing one.
    fn argument(&mut self, function: Function) -> Result<Aggregate, FilterError> {
        self.want(Want::Argument(function));
        let word = self.peek_word().ok_or_else(|| self.unexpected())?;
        let subject = self.subject(word)?;
        if !function.takes(subject) {
            return Err(self.fail(Cause::BadArgument { function, subject: name(subject) }));
        }
        self.skip(1);
        if !self.eat_wanted(&Kind::Close, ")") {
            return Err(self.unexpected());
        }
        Ok(Aggregate::Of(function, subject))
    }

    /// The measure or column of that name.
    fn subject(&self, word: &str) -> Result<Subject, FilterError> {
        let measure = Measure::ALL.into_iter().find(|measure| measure.name().eq_ignore_ascii_case(word));
        let column = || self.table.column(&word.to_ascii_lowercase()).map(Subject::Column);
        let unknown = || self.fail(Cause::UnknownName { suggestion: suggest(word, self.table) });
        measure.map(Subject::Measure).or_else(column).ok_or_else(unknown)
    }
}

fn name(subject: Subject) -> &'static str {
    crate::check::Target::One(subject).name()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CompareOp, MAX_DEPTH, MAX_TEXT, complete_having};

    #[test]
    fn conditions_mean_what_they_should() {
        for (text, want) in [
            ("", "any"),
            ("FLOWS > 100 AND distinct(dst_port) >= 20", "flows > 100 and distinct(dst_port) >= 20"),
            ("sum(bytes) gt 1G or sum( src_bytes ) <> 5", "bytes > 1000000000 or src_bytes != 5"),
            ("not (avg(duration) > 5s || p95(bps) < 1.5M)", "not (avg(duration) > 5s or p95(bps) < 1500000)"),
            ("avg(npm_response_micros) > 2.5ms", "avg(npm_response_micros) > 2500"),
            ("max(npm_response_micros) > 50ms", "max(npm_response_micros) > 50000"),
            ("median(bpp) = 64 # typical", "p50(bpp) = 64"),
            ("min(time_start) >= 2026-01-01", "min(time_start) >= 2026-01-01T00:00:00Z"),
            ("packets = 1k and any", "packets = 1000 and any"),
        ] {
            let having = parse_having(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(having.to_string(), want, "{text}");
            assert_eq!(parse_having(want), Ok(having), "{text}");
        }
        let having = parse_having("flows > 1 and (bytes > 2 or not flows > 3)").expect("a condition");
        assert_eq!(having.aggregates(), [Aggregate::Flows, Aggregate::BYTES]);
        assert_eq!(parse_aggregate("bytes").map(|a| a.columns().len()), Ok(2));
        assert_eq!(
            parse_aggregate("p95(src_bytes)").map(|a| (a.to_string(), a.is_real())),
            Ok(("p95(src_bytes)".to_owned(), true))
        );
    }

    #[test]
    fn errors_name_place_and_remedy() {
        for (text, at, part) in [
            ("flows", 5, "the filter ends, want =, !=, <, <=, > or >="),
            ("flows > many", 8, "`many` is no value of flows, want a number such as 1500 or 10M"),
            ("duration > 5s", 0, "duration needs a function such as max(duration) or distinct(duration)"),
            ("dst_port > 5", 0, "dst_port needs a function"),
            ("sum(tls_sni) > 5", 4, "sum makes no sense of tls_sni"),
            ("distinct(bytes) > 5", 9, "distinct makes no sense of bytes"),
            ("avg(splt_lengths) > 5", 4, "avg makes no sense of splt_lengths"),
            ("max(dst_port) > 70000", 16, "`70000` is no value of dst_port, want a number from 0 to 65535"),
            ("distinct(port) > 5", 9, "did you mean src_port?"),
            ("distinct(dst_port > 5", 18, "got `>`, want )"),
            ("distinct( > 5", 10, "want a column"),
            ("p100(bytes) > 5", 0, "is no column or word"),
            ("flows > 5 bytes > 6", 10, "got `bytes`, want `and` or `or`"),
            ("flows > 5 and", 13, "want `not`, ( or a number of a group"),
            ("flows > 5 & bytes > 6", 10, "want &&"),
        ] {
            let error = parse_having(text).expect_err(text);
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.message_en().contains(part), "{text}: {error}");
            assert!(error.message_ja().starts_with(&format!("{} 文字目：", at + 1)), "{text}");
        }
        assert!(parse_aggregate("bytes > 5").is_err() && parse_aggregate("").is_err());
        let deep = format!("{}flows = 1{}", "(".repeat(MAX_DEPTH + 1), ")".repeat(MAX_DEPTH + 1));
        assert_eq!(parse_having(&deep).map_err(|e| e.cause), Err(Cause::TooDeep { max: MAX_DEPTH }));
    }

    #[test]
    fn proposals_fit_the_place() {
        for (marked, start, want) in [
            ("|", 0, vec!["flows", "bytes", "packets", "sum("]),
            ("flows |", 6, vec!["=", "!=", "<", "<=", ">", ">="]),
            ("dist|", 0, vec!["distinct("]),
            ("distinct(dst_por|", 9, vec!["dst_port"]),
            ("avg(dur|", 4, vec!["duration"]),
            ("avg(duration|", 4, vec!["duration"]),
            ("avg(duration |", 13, vec![")"]),
            ("flows > 5 |", 10, vec!["and", "or"]),
            ("flows > |", 8, vec![]),
        ] {
            let at = marked.find('|').unwrap_or(0);
            let completion = complete_having(&marked.replacen('|', "", 1), at);
            let texts: Vec<_> = completion.items.iter().map(|i| i.text.as_str()).take(want.len().max(1)).collect();
            assert_eq!((completion.start, texts), (start, want), "{marked}");
        }
    }

    fn subjects() -> impl Strategy<Value = Subject> {
        let columns: Vec<_> = FLOWS.columns().collect();
        prop_oneof![
            prop::sample::select(columns).prop_map(Subject::Column),
            prop::sample::select(Measure::ALL.to_vec()).prop_map(Subject::Measure),
        ]
    }

    fn functions() -> impl Strategy<Value = Function> {
        prop_oneof![prop::sample::select(Function::COMMON.to_vec()), (1..100u8).prop_map(Function::Percentile)]
    }

    fn conditions() -> impl Strategy<Value = Having> {
        let ops = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
        let of = (functions(), subjects()).prop_filter_map("it fits", |(function, subject)| {
            function.takes(subject).then_some(Aggregate::Of(function, subject))
        });
        let aggregates = prop_oneof![1 => Just(Aggregate::Flows), 6 => of];
        let test = (aggregates, prop::sample::select(ops.to_vec())).prop_flat_map(|(aggregate, op)| {
            crate::tests::literal(aggregate.sort()).prop_map(move |literal| Having::Test(aggregate, op, literal))
        });
        prop_oneof![9 => test, 1 => Just(Having::All)].prop_recursive(4, 24, 4, |inner| {
            let some = prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                some.clone().prop_map(Having::And),
                some.prop_map(Having::Or),
                inner.prop_map(|part| Having::Not(Box::new(part))),
            ]
        })
    }

    fn words() -> impl Strategy<Value = String> {
        let known = [
            "flows", "bytes", "distinct", "avg", "p95", "(", ")", "dst_port", "duration", ">", "=", "5", "10s", "1.5M",
            "and", "or", "not", "!", "\"", "#", "\u{3000}", "é",
        ];
        prop::collection::vec(prop::sample::select(known.to_vec()), 0..12).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(having in conditions()) {
            let text = having.to_string();
            if text.len() <= MAX_TEXT {
                prop_assert_eq!(parse_having(&text), Ok(having), "{}", text);
            }
        }

        #[test]
        fn places_lie_inside_any_text(text in prop_oneof![any::<String>(), words()], at in 0..80usize) {
            let len = text.chars().count();
            match parse_having(&text) {
                Ok(having) => prop_assert_eq!(parse_having(&having.to_string()), Ok(having)),
                Err(error) => {
                    prop_assert!(error.at + error.len <= len, "{:?}", error);
                    prop_assert!(!error.message_en().is_empty() && !error.message_ja().is_empty());
                }
            }
            let completion = complete_having(&text, at);
            prop_assert!(completion.start <= at.min(len));
        }
    }
}
