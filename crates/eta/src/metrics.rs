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

/// The lowest threshold above which at most this share of benign sessions is. Infinite where there are none.
pub fn threshold_at(judged: &[Judged], share: f64) -> f64 {
    let mut benign: Vec<f64> = judged.iter().filter(|(_, malware)| !malware).map(|(score, _)| *score).collect();
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
    /// Share that was malware.
    pub true_share: f64,
}

/// Probabilities against truth, in ten bins of equal width.
pub fn reliability(judged: &[Judged]) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for &(probability, malware) in judged {
        if let Some(bin) = bins.get_mut(((probability * 10.0) as usize).min(9)) {
            bin.count += 1;
            bin.told += probability;
            bin.true_share += if malware { 1.0 } else { 0.0 };
        }
    }
    for bin in &mut bins {
        let count = bin.count.max(1) as f64;
        bin.told /= count;
        bin.true_share /= count;
    }
    bins
}

/// Expected calibration error: the mean distance of probability and truth over the bins, by their sessions.
pub fn calibration_error(judged: &[Judged]) -> f64 {
    let all = judged.len().max(1) as f64;
    reliability(judged).iter().map(|bin| bin.count as f64 / all * (bin.told - bin.true_share).abs()).sum()
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
    }

    #[test]
    fn the_calibration_error_is_the_distance_of_told_and_true() {
        let judged = [(0.25, false), (0.25, false), (0.25, false), (0.25, true), (0.95, true)];
        assert!((calibration_error(&judged) - 0.01).abs() < 1e-9);
    }
}
