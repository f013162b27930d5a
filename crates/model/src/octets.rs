// SPDX-License-Identifier: Apache-2.0
//! What counts of octet values come to, and how much of a packet is headers at least.

use std::sync::LazyLock;

use minamo_base::Ip;

/// Least octets of a packet's headers from IP on, without options: IPv4 (RFC 791) 20, IPv6 (RFC 8200) 40, TCP (RFC 9293) 20,
/// UDP (RFC 768) and ICMP 8. It is what tells rows, which count from the IP header on, from tools that count payload.
pub fn least_header(ip: Ip, proto: u8) -> u64 {
    let above = match proto {
        6 => 20,
        1 | 17 | 58 => 8,
        _ => 0,
    };
    if ip.is_v4() { 20 + above } else { 40 + above }
}

/// What small counts add to the sum of an entropy: most counts are small, and logarithms cost more than all else here.
static SMALL: LazyLock<[f64; 256]> = LazyLock::new(|| std::array::from_fn(|count| weight(count as f64)));

fn weight(count: f64) -> f64 {
    if count > 0.0 { count * count.log2() } else { 0.0 }
}

/// Entropy in bits per octet (Shannon 1948), mean and standard deviation of octets that were seen so often, from the
/// value 0 on. Nothing where none was seen.
pub fn byte_moments(counts: impl IntoIterator<Item = u64>) -> Option<[f64; 3]> {
    let small = &*SMALL;
    let (mut total, mut sum, mut squares, mut logs) = (0u64, 0u64, 0u64, 0f64);
    for (value, count) in (0u64..256).zip(counts) {
        let moment = value.saturating_mul(count);
        total = total.saturating_add(count);
        sum = sum.saturating_add(moment);
        squares = squares.saturating_add(value.saturating_mul(moment));
        let known = usize::try_from(count).ok().and_then(|count| small.get(count));
        logs += known.copied().unwrap_or_else(|| weight(count as f64));
    }
    if total == 0 {
        return None;
    }
    let total = total as f64;
    let mean = sum as f64 / total;
    Some([(total.log2() - logs / total).max(0.0), mean, (squares as f64 / total - mean * mean).max(0.0).sqrt()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_counts_have_eight_bits_and_one_value_none() {
        let [entropy, mean, deviation] = byte_moments([3; 256]).expect("octets");
        assert!((entropy - 8.0).abs() < 1e-9 && (mean - 127.5).abs() < 1e-9 && (deviation - 73.900_27).abs() < 1e-4);
        assert_eq!(byte_moments([0, 9]), Some([0.0, 1.0, 0.0]));
        assert_eq!(byte_moments([0; 256]), None);
        let [entropy, mean, deviation] = byte_moments([u64::MAX; 256]).expect("octets");
        assert!(entropy.is_finite() && mean.is_finite() && deviation.is_finite(), "counts of a hostile record");
    }

    #[test]
    fn small_and_large_counts_weigh_alike() {
        // 255 is the last that is known, 256 the first that is not.
        for count in [1u64, 2, 255, 256, 100_000] {
            let [entropy, ..] = byte_moments([count, count, count, count]).expect("octets");
            assert!((entropy - 2.0).abs() < 1e-12, "{count}: {entropy}");
        }
    }
}
