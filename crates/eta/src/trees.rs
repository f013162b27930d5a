// SPDX-License-Identifier: Apache-2.0
//! Inference: boosted trees in flat arrays, walked by index. A tree is complete to its depth, so that a walk needs no ends.

use serde::{Deserialize, Serialize};

use crate::features::{COUNT, Values};

/// Deepest tree that is accepted.
pub const MAX_DEPTH: u8 = 6;
/// Trees at most.
pub const MAX_TREES: usize = 4_096;

/// What a sum of trees says, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trees {
    /// Depth of every tree.
    pub depth: u8,
    /// Log-odds before any tree.
    pub base: f32,
    /// Feature asked at each inner node, tree after tree, breadth first.
    pub feature: Vec<u16>,
    /// Values at most this go left.
    pub threshold: Vec<f32>,
    /// Missing values go left.
    pub missing_left: Vec<bool>,
    /// Log-odds that each leaf adds, tree after tree.
    pub leaf: Vec<f32>,
    /// Expectation at every inner node, for explanations: the mean of the leaves below it by training weight.
    pub expectation: Vec<f32>,
}

impl Trees {
    /// Inner nodes of a tree.
    pub fn nodes(&self) -> usize {
        (1 << self.depth) - 1
    }

    /// Number of trees.
    pub fn len(&self) -> usize {
        self.leaf.len() >> self.depth
    }

    /// True where there is no tree.
    pub fn is_empty(&self) -> bool {
        self.leaf.is_empty()
    }

    /// What is wrong with the arrays, if anything: lengths that do not fit, features that do not exist, numbers that are none.
    pub fn fault(&self) -> Option<&'static str> {
        if self.depth == 0 || self.depth > MAX_DEPTH {
            return Some("the depth of the trees is none that is supported");
        }
        let (trees, nodes) = (self.len(), self.nodes());
        if trees > MAX_TREES {
            return Some("there are too many trees");
        }
        let whole = self.leaf.len() == trees << self.depth
            && [self.feature.len(), self.threshold.len(), self.missing_left.len(), self.expectation.len()]
                .iter()
                .all(|&length| length == trees * nodes);
        if !whole {
            return Some("the arrays of the trees do not fit together");
        }
        if self.feature.iter().any(|&feature| usize::from(feature) >= COUNT) {
            return Some("a tree asks for a feature that does not exist");
        }
        let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        if !finite(&self.threshold) || !finite(&self.leaf) || !finite(&self.expectation) || !self.base.is_finite() {
            return Some("a number of the trees is none");
        }
        None
    }

    /// Log-odds of the values.
    pub fn predict(&self, values: &Values) -> f32 {
        let nodes = self.nodes();
        let mut sum = self.base;
        for tree in 0..self.len() {
            let mut node = 0;
            for _ in 0..self.depth {
                node = self.below(tree * nodes, node, values);
            }
            sum += self.leaf.get((tree << self.depth) + node - nodes).copied().unwrap_or(0.0);
        }
        sum
    }

    /// Adds to `out` what each feature contributes to the log-odds: the change of the expectation at each question
    /// (Saabas's decomposition). The sum of `out`, and of what is returned, is the prediction.
    pub fn contributions(&self, values: &Values, out: &mut Values) -> f32 {
        let nodes = self.nodes();
        let mut base = self.base;
        for tree in 0..self.len() {
            let (first, leaves) = (tree * nodes, tree << self.depth);
            let mut node = 0;
            let mut before = self.expectation.get(first).copied().unwrap_or(0.0);
            base += before;
            for _ in 0..self.depth {
                let feature = self.feature.get(first + node).map_or(0, |&feature| usize::from(feature));
                node = self.below(first, node, values);
                let after = match node.checked_sub(nodes) {
                    Some(leaf) => self.leaf.get(leaves + leaf),
                    None => self.expectation.get(first + node),
                };
                let after = after.copied().unwrap_or(before);
                if let Some(place) = out.get_mut(feature) {
                    *place += after - before;
                }
                before = after;
            }
        }
        base
    }

    fn below(&self, first: usize, node: usize, values: &Values) -> usize {
        let at = first + node;
        let value = self.feature.get(at).and_then(|&feature| values.get(usize::from(feature)));
        let value = value.copied().unwrap_or(f32::NAN);
        let left = if value.is_nan() {
            self.missing_left.get(at).copied().unwrap_or(true)
        } else {
            self.threshold.get(at).is_none_or(|&threshold| value <= threshold)
        };
        2 * node + if left { 1 } else { 2 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stump() -> Trees {
        Trees {
            depth: 1,
            base: 0.5,
            feature: vec![3],
            threshold: vec![2.0],
            missing_left: vec![false],
            leaf: vec![-1.0, 1.0],
            expectation: vec![0.25],
        }
    }

    #[test]
    fn values_go_left_up_to_the_threshold_and_missing_ones_where_the_tree_says() {
        let mut values = [0.0; COUNT];
        for (value, wanted) in [(2.0, -0.5), (2.1, 1.5), (f32::NAN, 1.5)] {
            values[3] = value;
            assert_eq!(stump().predict(&values), wanted);
        }
    }

    #[test]
    fn contributions_and_their_base_add_up_to_the_prediction() {
        let values = [0.0; COUNT];
        let mut out = [0.0; COUNT];
        let base = stump().contributions(&values, &mut out);
        assert_eq!((base, out[3]), (0.75, -1.25));
        assert_eq!(base + out.iter().sum::<f32>(), stump().predict(&values));
    }

    #[test]
    fn faulty_arrays_are_named() {
        type Fault = (fn(&mut Trees), &'static str);
        let faults: [Fault; 4] = [
            (|t| t.depth = 9, "depth"),
            (|t| t.threshold.push(1.0), "fit together"),
            (|t| t.feature = vec![u16::MAX], "does not exist"),
            (|t| t.leaf = vec![f32::NAN, 0.0], "number"),
        ];
        assert_eq!(stump().fault(), None);
        for (break_it, word) in faults {
            let mut trees = stump();
            break_it(&mut trees);
            assert!(trees.fault().is_some_and(|fault| fault.contains(word)), "{word}");
        }
    }
}
