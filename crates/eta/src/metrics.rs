// SPDX-License-Identifier: Apache-2.0
//! Figures of a classifier from scores and truth.

/// A judged session: score, and whether it is malware.
pub type Judged = (f64, bool);

/// Area under the receiver's curve; ties count half. `None` where a class is missing.
pub fn auc(judged: &[Judged]) -> Option<f64> {
    let mut sorted = judged.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut negatives, mut wins, mut positives) = (0f64, 0f64, 0f64);
    for tie in sorted.chunk_by(|a, b| a.0 == b.0) {
        let yes = tie.iter().filter(|(_, malware)| *malware).count() as f64;
        let no = tie.len() as f64 - yes;
        wins += yes * (negatives + no / 2.0);
        negatives += no;
        positives += yes;
    }
    (negatives > 0.0 && positives > 0.0).then(|| wins / (negatives * positives))
}

/// The lowest threshold above which at most this share of benign sessions is; those that are not judged, whose score is below all,
/// are not counted. Infinite where there are none.
pub fn threshold_at(judged: &[Judged], share: f64) -> f64 {
    passed_by(judged.iter().filter(|(score, _)| score.is_finite()), share)
}

/// The same of all benign sessions: those that are not judged raise no alarm, and are counted.
pub fn threshold_of_all(judged: &[Judged], share: f64) -> f64 {
    passed_by(judged.iter(), share)
}

fn passed_by<'a>(judged: impl Iterator<Item = &'a Judged>, share: f64) -> f64 {
    let mut benign: Vec<f64> = judged.filter(|(_, malware)| !malware).map(|(score, _)| *score).collect();
    benign.sort_unstable_by(|a, b| b.total_cmp(a));
    benign.get((benign.len() as f64 * share).floor() as usize).copied().unwrap_or(f64::INFINITY)
}

/// Share of malware, or of benign sessions, above the threshold. `None` where there are none.
pub fn above(judged: &[Judged], malware: bool, threshold: f64) -> Option<f64> {
    let (mut count, mut over) = (0u32, 0u32);
    for (score, _) in judged.iter().filter(|(_, truth)| *truth == malware) {
        count += 1;
        over += u32::from(*score > threshold);
    }
    (count > 0).then(|| f64::from(over) / f64::from(count))
}

/// One tenth of the probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Sessions in it.
    pub count: usize,
    /// Mean probability told.
    pub told: f64,
    /// Share that was malware, in the mix of classes that was asked for.
    pub true_share: f64,
    /// Weight of its sessions in that mix.
    pub weight: f64,
}

/// Probabilities against truth, in ten bins of equal width. Sessions of both classes weigh so much that malware is `mix` of all,
/// because a probability holds for a mix of classes only; where a class is missing they weigh the same.
pub fn reliability(judged: &[Judged], mix: f64) -> [Bin; 10] {
    let malware = judged.iter().filter(|(_, malware)| *malware).count() as f64;
    let share = malware / judged.len().max(1) as f64;
    let weights = if share > 0.0 && share < 1.0 { [(1.0 - mix) / (1.0 - share), mix / share] } else { [1.0; 2] };
    let mut bins = [Bin::default(); 10];
    for &(probability, malware) in judged {
        let [of_benign, of_malware] = weights;
        let weight = if malware { of_malware } else { of_benign };
        if let Some(bin) = bins.get_mut(((probability * 10.0) as usize).min(9)) {
            bin.count += 1;
            bin.weight += weight;
            bin.told += weight * probability;
            bin.true_share += if malware { weight } else { 0.0 };
        }
    }
    for bin in bins.iter_mut().filter(|bin| bin.count > 0) {
        bin.told /= bin.weight;
        bin.true_share /= bin.weight;
    }
    bins
}

/// Expected calibration error: the mean distance of probability and truth over the bins, by the weight of their sessions.
pub fn calibration_error(judged: &[Judged], mix: f64) -> f64 {
    let bins = reliability(judged, mix);
    let all: f64 = bins.iter().map(|bin| bin.weight).sum();
    bins.iter().map(|bin| bin.weight * (bin.told - bin.true_share).abs()).sum::<f64>() / all.max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let judged = [(0.1, false), (0.4, true), (0.4, false), (0.9, true)];
        assert_eq!(auc(&judged), Some(0.875));
        assert_eq!(auc(&[(0.1, true)]), None);
    }

    #[test]
    fn a_threshold_leaves_the_share_above_it() {
        let judged: Vec<Judged> = (0..200).map(|n| (f64::from(n), n % 2 == 1)).collect();
        let threshold = threshold_at(&judged, 0.05);
        assert_eq!(above(&judged, false, threshold), Some(0.05));
        assert_eq!(above(&judged, true, f64::INFINITY), Some(0.0));
        let unknown = std::iter::repeat_n((f64::NEG_INFINITY, false), 500);
        let with_unknown: Vec<Judged> = judged.iter().copied().chain(unknown).collect();
        assert_eq!(threshold_at(&with_unknown, 0.05), threshold);
        assert_eq!(threshold_of_all(&judged, 0.05), threshold);
        assert!(threshold_of_all(&with_unknown, 0.05) < threshold, "they raise no alarm");
    }

    #[test]
    fn the_calibration_error_is_the_distance_of_told_and_true() {
        let judged = [(0.25, false), (0.25, false), (0.25, false), (0.25, true), (0.95, true)];
        assert!((calibration_error(&judged, 0.4) - 0.01).abs() < 1e-9, "the mix that they are in");
        // Of malware alone in the first bin 0.25 is told and a tenth is true.
        let rarer = calibration_error(&judged, 0.1);
        assert!(rarer > 0.15 && rarer < 0.25, "{rarer}");
        assert_eq!(calibration_error(&[], 0.4), 0.0);
    }
}
