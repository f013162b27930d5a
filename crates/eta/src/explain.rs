// SPDX-License-Identifier: Apache-2.0
//! Why a verdict is what it is, in words: the features that moved it most, in both languages.

use crate::features::{COUNT, FEATURES, Values, Words};
use crate::measure::lack;
use crate::model::{Class, Model};
use crate::pairs::after;

/// A reason for a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Name of the feature.
    pub feature: &'static str,
    /// What it added to the log-odds; positive towards malware. 0 of why a session is not judged.
    pub contribution: f32,
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// What a session was judged by.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Its features.
    pub values: Values,
    /// The highest probability of malware that a recent session of the same hosts was told.
    pub told: Option<f64>,
}

/// Names of the reasons that are no features: an earlier session of the same hosts, and why a session is not judged.
const TOLD: &str = "earlier_verdict";
const NOT_JUDGED: &str = "not_judged";

/// The features that moved the verdict most (of a tunnel, towards one), and what an earlier session was told; the strongest first,
/// behind why a session is not judged, where it is not. Values that were not seen are not named.
pub fn explain(model: &Model, Evidence { values, told }: &Evidence, most: usize) -> Vec<Reason> {
    let mut contributions = [0.0; COUNT];
    let class = model.judge(values, *told).class;
    model.of_class(class).0.contributions(values, &mut contributions);
    let mut reasons: Vec<Reason> = FEATURES
        .iter()
        .zip(values)
        .zip(contributions)
        .filter(|((_, value), contribution)| !value.is_nan() && contribution.abs() >= 0.05)
        .map(|((feature, value), contribution)| {
            let (en, ja) = say(&feature.words, feature.unit, *value);
            Reason { feature: feature.name, contribution, en, ja }
        })
        .collect();
    let own = model.own(values);
    let moved = (log_odds(after(own, *told)) - log_odds(own)) as f32;
    if let Some(told) = told.filter(|_| moved >= 0.05 && class != Class::DohTunnel) {
        reasons.push(Reason {
            feature: TOLD,
            contribution: moved,
            en: format!("an earlier session of these hosts was given a probability of {told:.2}"),
            ja: format!("同じホスト間の以前のセッションの確率は {told:.2} だった"),
        });
    }
    reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    reasons.splice(..0, not_judged(model, values));
    reasons.truncate(most);
    reasons
}

/// Why a session is unknown, if it is.
fn not_judged(model: &Model, values: &Values) -> Option<Reason> {
    let (en, ja) = match lack(values) {
        Some(lack) => {
            let (en, ja) = lack.words();
            (en.to_owned(), ja.to_owned())
        }
        None if model.seen().is_strange(values) => {
            let outside = model.seen().outside(values);
            let said = outside.iter().map(|(feature, value)| say(&feature.words, feature.unit, *value));
            let (en, ja): (Vec<String>, Vec<String>) = said.unzip();
            (
                format!("not judged, because training has seen nothing like it: {}", en.join("; ")),
                format!("判定対象外：学習データの範囲外（{}）", ja.join("、")),
            )
        }
        None => return None,
    };
    Some(Reason { feature: NOT_JUDGED, contribution: 0.0, en, ja })
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

fn say(words: &Words, unit: &str, value: f32) -> (String, String) {
    match words {
        Words::Flag([en, ja], [not_en, not_ja]) => {
            if value > 0.5 {
                ((*en).to_owned(), (*ja).to_owned())
            } else {
                ((*not_en).to_owned(), (*not_ja).to_owned())
            }
        }
        Words::Amount(en, ja) => {
            // Logarithms are told as what they are the logarithm of.
            let value = match unit {
                "octets, logarithm" | "seconds, logarithm" => value.exp_m1(),
                "logarithm" => value.exp(),
                _ => value,
            };
            let number = match unit {
                "share" => format!("{:.0} %", 100.0 * value),
                _ if value.abs() >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
                _ => format!("{value:.2}"),
            };
            (en.replace("{}", &number), ja.replace("{}", &number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::small;

    #[test]
    fn the_reason_is_what_the_trees_asked_for() {
        let mut values = [0.5; COUNT];
        values[0] = 1.0;
        let reasons = explain(&small(), &Evidence { values, told: None }, 5);
        assert_eq!(reasons.len(), 1);
        let reason = reasons.first().expect("a reason");
        assert_eq!((reason.feature, reason.contribution), ("cert_self_signed", 3.0));
        assert_eq!(
            (reason.en.as_str(), reason.ja.as_str()),
            ("the certificate is signed by itself", "証明書が自己署名")
        );
    }

    #[test]
    fn an_earlier_session_is_a_reason_where_it_moved_the_verdict() {
        let mut values = [0.5; COUNT];
        values[0] = 0.0;
        let of = |told| explain(&small(), &Evidence { values, told: Some(told) }, 1).remove(0);
        assert_eq!(of(0.99).feature, "earlier_verdict");
        assert_eq!(of(0.99).en, "an earlier session of these hosts was given a probability of 0.99");
        assert_eq!(of(0.01).feature, "cert_self_signed", "less than the session's own evidence");
    }

    #[test]
    fn what_is_not_judged_is_told_why() {
        let of = |values: [f32; COUNT]| explain(&small(), &Evidence { values, told: None }, 5).remove(0);
        let unseen = of([f32::NAN; COUNT]);
        assert_eq!((unseen.feature, unseen.contribution), ("not_judged", 0.0));
        assert!(unseen.en.contains("first flight was not seen") && unseen.ja.contains("最初の応答"), "{unseen:?}");
        let mut values = [0.5; COUNT];
        values[3..8].fill(7.0);
        let strange = of(values);
        assert!(strange.en.contains("nothing like it: "), "{strange:?}");
        assert_eq!(strange.en.matches("; ").count(), 4, "{strange:?}");
        assert_ne!(of([0.5; COUNT]).feature, "not_judged");
    }

    #[test]
    fn amounts_are_said_with_their_number() {
        let said = |name: &str, value| {
            let feature = FEATURES.iter().find(|f| f.name == name).expect("a feature");
            say(&feature.words, feature.unit, value).0
        };
        assert_eq!(said("down", 1_000f32.ln_1p()), "1000 octets came from the server");
        assert_eq!(said("upload_share", 0.256), "26 % of what was said came from the client");
        assert_eq!(said("short_answers", 1.0), "100 % of the answers are short");
    }
}
