// SPDX-License-Identifier: Apache-2.0
//! Why a verdict is what it is, in words: the features that moved it most, in both languages.

use crate::features::{COUNT, FEATURES, Values, Words};
use crate::model::{Class, Model};
use crate::pairs::after;

/// A reason for a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Name of the feature.
    pub feature: &'static str,
    /// What it added to the log-odds; positive towards malware.
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

/// Name of the reason that is no feature: an earlier session of the same hosts.
const TOLD: &str = "earlier_verdict";

/// The features that moved the verdict most (of a tunnel, towards one), and what an earlier session was told; the strongest first.
/// Values that were not seen are not named.
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
    reasons.truncate(most);
    reasons
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
            let number =
                if value.abs() >= 10.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
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
        let mut values = [f32::NAN; COUNT];
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
        let mut values = [f32::NAN; COUNT];
        values[0] = 0.0;
        let of = |told| explain(&small(), &Evidence { values, told: Some(told) }, 1).remove(0);
        assert_eq!(of(0.99).feature, "earlier_verdict");
        assert_eq!(of(0.99).en, "an earlier session of these hosts was given a probability of 0.99");
        assert_eq!(of(0.01).feature, "cert_self_signed", "less than the session's own evidence");
    }

    #[test]
    fn amounts_are_said_with_their_number() {
        let said = |name: &str, value| {
            let feature = FEATURES.iter().find(|f| f.name == name).expect("a feature");
            say(&feature.words, feature.unit, value).0
        };
        assert_eq!(said("down", 1_000f32.ln_1p()), "1000 octets came from the server");
        assert_eq!(said("upload_share", 0.256), "0.26 of what was said came from the client");
    }
}
