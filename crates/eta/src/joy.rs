// SPDX-License-Identifier: Apache-2.0
//! The logistic regression that Cisco published with Joy (2019), as a baseline: ports, amounts, length and two Markov chains
//! of lengths and times. It is measured against, never used for a verdict.

use minamo_model::flow::Flow;

/// States of a chain.
const STATES: usize = 10;
/// Octets and milliseconds of a state.
const LENGTH_STEP: u64 = 150;
const TIME_STEP: u64 = 50;
/// Bias, seven amounts, two chains.
const WEIGHTS: usize = 8 + 2 * STATES * STATES;

/// The weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Joy {
    name: String,
    weights: Vec<f64>,
}

impl Joy {
    /// Reads weights, one per line; `name` is what they are called. Those that count octet values, too, are refused: without these
    /// weights the others mean something else.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let numbers = text.split_whitespace().map(|word| word.parse().map_err(|_| format!("{word} is no number")));
        let weights = numbers.collect::<Result<Vec<f64>, String>>()?;
        if weights.len() != WEIGHTS {
            return Err(format!(
                "got {} weights, want {WEIGHTS} (those without counts of octet values)",
                weights.len()
            ));
        }
        Ok(Self { name: name.to_owned(), weights })
    }

    /// What they are called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Log-odds of malware, as Joy has them.
    pub fn score(&self, flow: &Flow) -> f64 {
        self.weights.iter().zip(features(flow)).map(|(weight, value)| weight * value).sum()
    }
}

fn features(flow: &Flow) -> Vec<f64> {
    let core = &flow.core;
    let splt = flow.splt.as_deref();
    let lengths = splt.and_then(|splt| splt.lengths.as_deref()).unwrap_or_default();
    let times = splt.and_then(|splt| splt.times_micros.as_deref()).unwrap_or_default();
    let millis: Vec<u64> = times.iter().map(|&micros| u64::from(micros) / 1_000).collect();
    let amounts = [core.dst_packets, core.src_packets, core.dst_bytes, core.src_bytes, millis.iter().sum()];
    let mut out = vec![1.0, f64::from(core.dst_port), f64::from(core.src_port)];
    out.extend(amounts.map(|amount| amount as f64));
    let lengths: Vec<u64> = lengths.iter().map(|length| u64::from(length.unsigned_abs())).collect();
    out.extend(chain(&lengths, LENGTH_STEP));
    out.extend(chain(&millis, TIME_STEP));
    out
}

/// Shares of the transitions from each state; one packet stays in its state.
fn chain(values: &[u64], step: u64) -> [f64; STATES * STATES] {
    let mut cells = [0f64; STATES * STATES];
    let state = |value: &u64| ((value / step) as usize).min(STATES - 1);
    if let [one] = values
        && let Some(cell) = cells.get_mut(state(one) * (STATES + 1))
    {
        *cell = 1.0;
    }
    for pair in values.windows(2) {
        if let [from, to] = pair
            && let Some(cell) = cells.get_mut(state(from) * STATES + state(to))
        {
            *cell += 1.0;
        }
    }
    for row in cells.chunks_mut(STATES) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().filter(|_| sum > 0.0).for_each(|cell| *cell /= sum);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_normalised_by_row() {
        let cells = chain(&[10, 200, 20, 30], LENGTH_STEP);
        assert_eq!((cells[1], cells[10], cells[0]), (0.5, 1.0, 0.5));
        assert_eq!(chain(&[5_000], LENGTH_STEP)[99], 1.0);
    }

    #[test]
    fn weights_are_counted() {
        assert!(Joy::read("few", "1 2").expect_err("too few").contains("got 2"));
        assert!(Joy::read("bd", &"1\n".repeat(464)).expect_err("too many").contains("got 464"));
        let joy = Joy::read("ones", &"1\n".repeat(WEIGHTS)).expect("as many as it takes");
        assert_eq!((joy.score(&Flow::default()), joy.name()), (1.0, "ones"));
    }
}
