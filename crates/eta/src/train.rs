// SPDX-License-Identifier: Apache-2.0
//! Training: gradient boosting of shallow trees on histograms, for the logistic loss, with second-order steps (Friedman 2001;
//! Chen and Guestrin 2016). Directions that are known beforehand are kept; a missing value goes where it costs least.
//! Deterministic: the same data and seed give the same trees.

use std::mem;

use serde::{Deserialize, Serialize};

use crate::features::{COUNT, FEATURES, Source, Values};
use crate::random::Random;
use crate::trees::Trees;

/// Bins of a feature; bin 0 holds missing values.
const BINS: usize = 64;

/// A session to learn from.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its features.
    pub values: Values,
    /// True for malware.
    pub malware: bool,
    /// How much it counts.
    pub weight: f32,
}

/// How to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Number of trees.
    pub trees: usize,
    /// Depth of each.
    pub depth: u8,
    /// What a tree's step is multiplied by.
    pub shrinkage: f64,
    /// Added to the second derivative of every leaf.
    pub ridge: f64,
    /// Examples in a leaf at least.
    pub leaf_examples: usize,
    /// Share of examples that a tree sees.
    pub rows: f64,
    /// Share of features that a tree may ask.
    pub columns: f64,
    /// Keeps the directions of the features' table.
    pub directed: bool,
    /// Seed of the two shares.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            trees: 100,
            depth: 3,
            shrinkage: 0.1,
            ridge: 70.0,
            leaf_examples: 15,
            rows: 0.7,
            columns: 0.4,
            directed: true,
            seed: 1,
        }
    }
}

/// Why nothing can be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// One class is missing.
    #[error("there are examples of one class only: both malware and benign sessions are needed")]
    OneClass,
    /// The recipe cannot be followed.
    #[error("the recipe is out of range: want 1 to 4,096 trees of depth 1 to 6, shares above 0 up to 1")]
    Recipe,
}

/// Learns trees from examples, asking only features of the sources.
pub fn train(examples: &[Example], sources: &[Source], recipe: &Recipe) -> Result<Trees, TrainError> {
    let malware = examples.iter().filter(|example| example.malware).count();
    if malware == 0 || malware == examples.len() {
        return Err(TrainError::OneClass);
    }
    let share = |share: f64| share > 0.0 && share <= 1.0;
    if recipe.trees == 0
        || recipe.trees > crate::trees::MAX_TREES
        || recipe.depth == 0
        || recipe.depth > crate::trees::MAX_DEPTH
        || !share(recipe.rows)
        || !share(recipe.columns)
    {
        return Err(TrainError::Recipe);
    }
    Ok(Trainer::new(examples, sources, recipe).run())
}

/// Sums of derivatives in a bin or a node.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    gradient: f64,
    hessian: f64,
    count: u32,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
        self.count += other.count;
    }

    fn without(self, other: Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            hessian: self.hessian - other.hessian,
            count: self.count.saturating_sub(other.count),
        }
    }
}

type Histogram = [Sums; BINS];

/// Smallest and largest value that a node's leaves may have.
#[derive(Clone, Copy, Debug)]
struct Bounds(f64, f64);

#[derive(Clone, Copy, Debug)]
struct Split {
    gain: f64,
    feature: usize,
    /// Bins 1 up to this one go left.
    bin: usize,
    missing_left: bool,
    left: f64,
    right: f64,
}

struct Trainer<'a> {
    recipe: &'a Recipe,
    examples: &'a [Example],
    columns: Vec<usize>,
    /// Upper ends of the bins, by feature.
    cuts: Vec<Vec<f32>>,
    /// Bin of each example, by feature.
    bins: Vec<Vec<u8>>,
    sums: Vec<Sums>,
    scores: Vec<f64>,
    random: Random,
    trees: Trees,
}

impl<'a> Trainer<'a> {
    fn new(examples: &'a [Example], sources: &[Source], recipe: &'a Recipe) -> Self {
        let columns = (0..COUNT).filter(|&at| FEATURES.get(at).is_some_and(|f| sources.contains(&f.source)));
        let cuts: Vec<Vec<f32>> = (0..COUNT).map(|feature| cuts(examples, feature)).collect();
        let bins = cuts.iter().enumerate().map(|(feature, cuts)| {
            examples.iter().map(|example| bin(cuts, example.values.get(feature).copied())).collect()
        });
        let bins = bins.collect();
        let (yes, all) = examples.iter().fold((0.0, 0.0), |(yes, all), example| {
            let weight = f64::from(example.weight);
            (if example.malware { yes + weight } else { yes }, all + weight)
        });
        let share = (yes / f64::max(all, f64::MIN_POSITIVE)).clamp(1e-6, 1.0 - 1e-6);
        let base = (share / (1.0 - share)).ln();
        Self {
            recipe,
            examples,
            columns: columns.collect(),
            cuts,
            bins,
            sums: vec![Sums::default(); examples.len()],
            scores: vec![base; examples.len()],
            random: Random::new(recipe.seed),
            trees: Trees {
                depth: recipe.depth,
                base: base as f32,
                feature: Vec::new(),
                threshold: Vec::new(),
                missing_left: Vec::new(),
                leaf: Vec::new(),
                expectation: Vec::new(),
            },
        }
    }

    fn run(mut self) -> Trees {
        for _ in 0..self.recipe.trees {
            self.derive();
            let rows: Vec<u32> =
                (0..self.examples.len() as u32).filter(|_| self.random.chance(self.recipe.rows)).collect();
            let columns = self.choose_columns();
            let tree = self.grow(rows, &columns);
            for (score, example) in self.scores.iter_mut().zip(self.examples) {
                *score += f64::from(tree.predict(&example.values));
            }
            self.trees.feature.extend(tree.feature);
            self.trees.threshold.extend(tree.threshold);
            self.trees.missing_left.extend(tree.missing_left);
            self.trees.leaf.extend(tree.leaf);
            self.trees.expectation.extend(tree.expectation);
        }
        self.trees
    }

    /// Derivatives of the logistic loss at the scores so far.
    fn derive(&mut self) {
        for ((sums, score), example) in self.sums.iter_mut().zip(&self.scores).zip(self.examples) {
            let (probability, weight) = (logistic(*score), f64::from(example.weight));
            let wanted = if example.malware { 1.0 } else { 0.0 };
            sums.gradient = weight * (probability - wanted);
            sums.hessian = weight * probability * (1.0 - probability);
            sums.count = 1;
        }
    }

    fn choose_columns(&mut self) -> Vec<usize> {
        let mut left = self.columns.clone();
        let wanted = ((left.len() as f64 * self.recipe.columns).ceil() as usize).max(1);
        while left.len() > wanted {
            let out = (self.random.unit() * left.len() as f64) as usize;
            left.remove(out.min(left.len() - 1));
        }
        left
    }

    fn grow(&self, rows: Vec<u32>, columns: &[usize]) -> Trees {
        let depth = self.recipe.depth;
        let (nodes, leaves) = ((1usize << depth) - 1, 1usize << depth);
        let mut tree = Trees {
            depth,
            base: 0.0,
            feature: vec![0; nodes],
            threshold: vec![f32::MAX; nodes],
            missing_left: vec![true; nodes],
            leaf: vec![0.0; leaves],
            expectation: vec![0.0; nodes],
        };
        let all = self.total(&rows);
        let value = self.step(all, Bounds(f64::NEG_INFINITY, f64::INFINITY));
        let sums = self.histograms(&rows, columns);
        let mut waiting = vec![(0usize, rows, Bounds(f64::NEG_INFINITY, f64::INFINITY), value, sums)];
        let mut weights = vec![0f64; nodes + leaves];
        while let Some((node, rows, bounds, value, sums)) = waiting.pop() {
            if let Some(weight) = weights.get_mut(node) {
                *weight =
                    rows.iter().filter_map(|&row| self.examples.get(row as usize)).map(|e| f64::from(e.weight)).sum();
            }
            if let Some(leaf) = node.checked_sub(nodes) {
                put(&mut tree.leaf, leaf, (value * self.recipe.shrinkage) as f32);
                continue;
            }
            let Some(split) = self.best(&rows, columns, &sums, bounds) else {
                // Nothing to ask: everything goes left, and both sides say the same.
                waiting.push((2 * node + 1, rows, bounds, value, sums));
                waiting.push((2 * node + 2, Vec::new(), bounds, value, Vec::new()));
                continue;
            };
            let cut = self.cuts.get(split.feature).and_then(|cuts| cuts.get(split.bin - 1)).copied();
            put(&mut tree.feature, node, split.feature as u16);
            put(&mut tree.threshold, node, cut.unwrap_or(f32::MAX));
            put(&mut tree.missing_left, node, split.missing_left);
            let (left, right) = self.divide(rows, &split);
            let (below, above) = self.narrowed(bounds, &split);
            let (of_left, of_right) =
                if 2 * node + 1 < nodes { self.divided(sums, &left, &right, columns) } else { Default::default() };
            waiting.push((2 * node + 1, left, below, split.left, of_left));
            waiting.push((2 * node + 2, right, above, split.right, of_right));
        }
        expectations(&mut tree, &weights);
        tree
    }

    fn total(&self, rows: &[u32]) -> Sums {
        let mut sums = Sums::default();
        rows.iter().filter_map(|&row| self.sums.get(row as usize)).for_each(|one| sums.add(*one));
        sums
    }

    /// The step that lowers the loss most, within the bounds.
    fn step(&self, sums: Sums, bounds: Bounds) -> f64 {
        (-sums.gradient / (sums.hessian + self.recipe.ridge)).clamp(bounds.0, bounds.1)
    }

    /// By how much a step lowers the loss, to second order.
    fn gain(&self, sums: Sums, step: f64) -> f64 {
        -(sums.gradient * step + 0.5 * (sums.hessian + self.recipe.ridge) * step * step)
    }

    /// Sums of rows by bin, of each column.
    fn histograms(&self, rows: &[u32], columns: &[usize]) -> Vec<Histogram> {
        let sums: Vec<Sums> = rows.iter().filter_map(|&row| self.sums.get(row as usize).copied()).collect();
        let one = |&feature: &usize| {
            let mut histogram = [Sums::default(); BINS];
            let bins = self.bins.get(feature).map(Vec::as_slice).unwrap_or_default();
            for (&row, &sums) in rows.iter().zip(&sums) {
                let bin = bins.get(row as usize).copied().unwrap_or(0);
                if let Some(place) = histogram.get_mut(usize::from(bin)) {
                    place.add(sums);
                }
            }
            histogram
        };
        columns.iter().map(one).collect()
    }

    /// Histograms of both sides of a split: those of the smaller are counted, the others are what is left.
    fn divided(
        &self,
        all: Vec<Histogram>,
        left: &[u32],
        right: &[u32],
        columns: &[usize],
    ) -> (Vec<Histogram>, Vec<Histogram>) {
        let mut rest = all;
        let counted = self.histograms(if left.len() < right.len() { left } else { right }, columns);
        for (rest, counted) in rest.iter_mut().flatten().zip(counted.iter().flatten()) {
            *rest = rest.without(*counted);
        }
        if left.len() < right.len() { (counted, rest) } else { (rest, counted) }
    }

    fn best(&self, rows: &[u32], columns: &[usize], histograms: &[Histogram], bounds: Bounds) -> Option<Split> {
        if rows.len() < 2 * self.recipe.leaf_examples {
            return None;
        }
        let all = self.total(rows);
        let before = self.gain(all, self.step(all, bounds));
        let mut best: Option<Split> = None;
        for (&feature, histogram) in columns.iter().zip(histograms) {
            let found = self.best_of(feature, histogram, all, bounds, before);
            best = match (best, found) {
                (Some(best), Some(found)) if found.gain > best.gain => Some(found),
                (None, found) => found,
                (best, _) => best,
            };
        }
        best
    }

    fn best_of(&self, feature: usize, histogram: &Histogram, all: Sums, bounds: Bounds, before: f64) -> Option<Split> {
        let direction = if self.recipe.directed { FEATURES.get(feature).map_or(0, |f| f.direction) } else { 0 };
        let missing = histogram.first().copied().unwrap_or_default();
        let used = self.cuts.get(feature).map_or(0, Vec::len);
        let mut best: Option<Split> = None;
        let mut below = Sums::default();
        for (bin, sums) in histogram.iter().enumerate().skip(1).take(used) {
            below.add(*sums);
            for missing_left in [true, false] {
                let mut left = below;
                if missing_left {
                    left.add(missing);
                }
                let right = all.without(left);
                let fewest = self.recipe.leaf_examples as u32;
                if left.count < fewest || right.count < fewest {
                    continue;
                }
                let (down, up) = (self.step(left, bounds), self.step(right, bounds));
                if (direction > 0 && down > up) || (direction < 0 && down < up) {
                    continue;
                }
                let gain = self.gain(left, down) + self.gain(right, up) - before;
                if gain > 1e-9 && best.is_none_or(|best| gain > best.gain) {
                    best = Some(Split { gain, feature, bin, missing_left, left: down, right: up });
                }
            }
        }
        best
    }

    fn divide(&self, rows: Vec<u32>, split: &Split) -> (Vec<u32>, Vec<u32>) {
        let bins = self.bins.get(split.feature);
        rows.into_iter().partition(|&row| {
            let bin = bins.and_then(|bins| bins.get(row as usize)).map_or(0, |&bin| usize::from(bin));
            if bin == 0 { split.missing_left } else { bin <= split.bin }
        })
    }

    /// Bounds of both sides: what is between the two steps is divided where the feature has a direction.
    fn narrowed(&self, bounds: Bounds, split: &Split) -> (Bounds, Bounds) {
        let direction = if self.recipe.directed { FEATURES.get(split.feature).map_or(0, |f| f.direction) } else { 0 };
        let middle = f64::midpoint(split.left, split.right);
        match direction {
            0 => (bounds, bounds),
            1.. => (Bounds(bounds.0, middle), Bounds(middle, bounds.1)),
            _ => (Bounds(middle, bounds.1), Bounds(bounds.0, middle)),
        }
    }
}

fn put<T>(values: &mut [T], at: usize, value: T) {
    if let Some(place) = values.get_mut(at) {
        *place = value;
    }
}

/// The logistic function.
pub(crate) fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// Means of what is below each inner node, by weight of the examples that came there.
fn expectations(tree: &mut Trees, weights: &[f64]) {
    let nodes = tree.nodes();
    for node in (0..nodes).rev() {
        let side = |child: usize| {
            let value = match child.checked_sub(nodes) {
                Some(leaf) => tree.leaf.get(leaf),
                None => tree.expectation.get(child),
            };
            (f64::from(value.copied().unwrap_or(0.0)), weights.get(child).copied().unwrap_or(0.0))
        };
        let ((left, a), (right, b)) = (side(2 * node + 1), side(2 * node + 2));
        let mean = if a + b > 0.0 { (left * a + right * b) / (a + b) } else { left };
        put(&mut tree.expectation, node, mean as f32);
    }
}

/// Upper ends of at most `BINS - 1` bins with about as many examples each; the last is infinite.
fn cuts(examples: &[Example], feature: usize) -> Vec<f32> {
    let mut values: Vec<f32> = examples
        .iter()
        .filter_map(|example| example.values.get(feature).copied())
        .filter(|value| !value.is_nan())
        .collect();
    values.sort_unstable_by(f32::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    let bins = BINS - 1;
    let ends: Vec<f32> = if distinct.len() <= bins {
        distinct
    } else {
        let mut ends: Vec<f32> =
            (1..=bins).filter_map(|bin| values.get((bin * values.len() / bins).saturating_sub(1)).copied()).collect();
        ends.dedup();
        ends
    };
    // Between two values, so that a threshold does not sit on either.
    let mut cuts: Vec<f32> =
        ends.windows(2).map(|pair| if let [a, b] = pair { f32::midpoint(*a, *b) } else { 0.0 }).collect();
    if !ends.is_empty() {
        cuts.push(f32::MAX);
    }
    cuts
}

fn bin(cuts: &[f32], value: Option<f32>) -> u8 {
    match value {
        Some(value) if !value.is_nan() => (cuts.partition_point(|cut| *cut < value).min(BINS - 2) + 1) as u8,
        _ => 0,
    }
}

/// Gives both classes the same weight in sum, and within a class each group the root of its size: a capture with hundreds of
/// equal sessions must not be all that is learnt. The sum is the number of examples.
pub fn balance(examples: &mut [Example], groups: &[u64]) {
    let mut sizes = std::collections::HashMap::new();
    for group in groups {
        *sizes.entry(*group).or_insert(0u32) += 1;
    }
    let mut sums = [0f64; 2];
    for (example, group) in examples.iter_mut().zip(groups) {
        let size = f64::from(sizes.get(group).copied().unwrap_or(1));
        example.weight = (1.0 / size.sqrt()) as f32;
        let [benign, malware] = &mut sums;
        *(if example.malware { malware } else { benign }) += f64::from(example.weight);
    }
    let half = examples.len() as f64 / 2.0;
    let [benign, malware] = mem::take(&mut sums);
    for example in examples {
        let sum = if example.malware { malware } else { benign };
        example.weight = (f64::from(example.weight) * half / sum.max(f64::MIN_POSITIVE)) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Source] =
        &[Source::Exchange, Source::Octets, Source::Certificate, Source::Name, Source::Server, Source::Context];

    fn at(name: &str) -> usize {
        FEATURES.iter().position(|f| f.name == name).expect("a feature")
    }

    /// Malware where both features are on the same side of a half: no single feature tells.
    fn either_or(count: usize) -> Vec<Example> {
        let mut random = Random::new(3);
        let one = || {
            let mut values = [f32::NAN; COUNT];
            let (a, b) = (random.unit() as f32, random.unit() as f32);
            (values[at("turns")], values[at("up")]) = (a, b);
            Example { values, malware: (a > 0.5) == (b > 0.5), weight: 1.0 }
        };
        std::iter::repeat_with(one).take(count).collect()
    }

    fn wrong(trees: &Trees, examples: &[Example]) -> usize {
        examples.iter().filter(|example| (trees.predict(&example.values) > 0.0) != example.malware).count()
    }

    #[test]
    fn trees_learn_what_no_single_feature_tells() {
        let examples = either_or(2_000);
        let trees = train(&examples, ALL, &Recipe { columns: 1.0, ..Recipe::default() }).expect("trees");
        assert_eq!(trees.fault(), None);
        assert!(wrong(&trees, &examples) < 60, "{} wrong", wrong(&trees, &examples));
    }

    #[test]
    fn training_is_deterministic_and_depends_on_the_seed() {
        let examples = either_or(400);
        let run = |seed| train(&examples, ALL, &Recipe { seed, trees: 20, ..Recipe::default() }).expect("trees");
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
    }

    #[test]
    fn a_direction_is_kept_against_the_data() {
        // The data say that self-signed certificates are benign; the table says that they are not.
        let mut examples = either_or(600);
        for (n, example) in examples.iter_mut().enumerate() {
            example.values[at("cert_self_signed")] = if n % 2 == 0 { 1.0 } else { 0.0 };
            example.malware = n % 2 == 1;
        }
        let trees = train(&examples, ALL, &Recipe::default()).expect("trees");
        for example in &examples {
            let mut other = example.values;
            other[at("cert_self_signed")] = 0.0;
            let mut own = example.values;
            own[at("cert_self_signed")] = 1.0;
            assert!(trees.predict(&own) >= trees.predict(&other));
        }
    }

    #[test]
    fn a_missing_value_is_learnt_from() {
        let mut examples = either_or(600);
        for (n, example) in examples.iter_mut().enumerate() {
            example.values = [f32::NAN; COUNT];
            example.malware = n % 3 == 0;
            example.values[at("first_request")] = if example.malware { f32::NAN } else { n as f32 };
        }
        let trees = train(&examples, ALL, &Recipe { columns: 1.0, ..Recipe::default() }).expect("trees");
        assert_eq!(wrong(&trees, &examples), 0);
    }

    #[test]
    fn one_class_and_senseless_recipes_are_refused() {
        let examples: Vec<_> = either_or(50).into_iter().filter(|example| example.malware).collect();
        assert_eq!(train(&examples, ALL, &Recipe::default()), Err(TrainError::OneClass));
        let bad = Recipe { depth: 9, ..Recipe::default() };
        assert_eq!(train(&either_or(50), ALL, &bad), Err(TrainError::Recipe));
    }

    #[test]
    fn classes_weigh_the_same_and_large_groups_less_than_their_size() {
        let mut examples = either_or(300);
        examples.iter_mut().enumerate().for_each(|(n, example)| example.malware = n < 30);
        let groups: Vec<u64> = (0..300).map(|n| if n < 130 { 0 } else { n }).collect();
        balance(&mut examples, &groups);
        let sum = |malware| examples.iter().filter(|e| e.malware == malware).map(|e| e.weight).sum::<f32>();
        assert!((sum(true) - 150.0).abs() < 0.01 && (sum(false) - 150.0).abs() < 0.01);
        assert!(examples[40].weight < examples[200].weight / 10.0);
    }
}
