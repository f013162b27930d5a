// SPDX-License-Identifier: Apache-2.0
//! What counts of octet values come to, and how much of a packet is headers at least.

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

/// Entropy in bits per octet (Shannon 1948), mean and standard deviation of octets that were seen so often, from the
/// value 0 on. Nothing where none was seen.
pub fn byte_moments(counts: impl IntoIterator<Item = u64>) -> Option<[f64; 3]> {
    let (mut total, mut sum, mut squares, mut logs) = (0f64, 0f64, 0f64, 0f64);
    for (value, count) in (0u32..256).map(f64::from).zip(counts) {
        if count > 0 {
            let count = count as f64;
            total += count;
            sum += value * count;
            squares += value * value * count;
            logs += count * count.log2();
        }
    }
    if total == 0.0 {
        return None;
    }
    let mean = sum / total;
    Some([(total.log2() - logs / total).max(0.0), mean, (squares / total - mean * mean).max(0.0).sqrt()])
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
    }
}
