// SPDX-License-Identifier: Apache-2.0
//! Sequences of lengths with the side as their sign, and times since the one before: those of both directions made one, and
//! one direction of both.

/// Lengths, and microseconds since the one before.
pub type Sequence = (Vec<i32>, Vec<u32>);

/// The members of two sequences in the order of time, those of the first before others of the same time. The first time of
/// each counts from a common beginning; that of the result is 0 again. Members without a time stand where the last one
/// with a time is.
pub fn interleave(one: (&[i32], &[u32]), other: (&[i32], &[u32])) -> Sequence {
    let (lengths, times, _) = interleave_marked((one.0, one.1, &[]), (other.0, other.1, &[]));
    (lengths, times)
}

/// The same with a mark on each member, such as a record's type; 0 where a member has none.
pub fn interleave_marked(
    one: (&[i32], &[u32], &[u16]),
    other: (&[i32], &[u32], &[u16]),
) -> (Vec<i32>, Vec<u32>, Vec<u16>) {
    let mut all: Vec<(u64, i32, u16)> = Vec::with_capacity(one.0.len() + other.0.len());
    for (lengths, times, marks) in [one, other] {
        let mut now = 0u64;
        for (at, length) in lengths.iter().enumerate() {
            now = now.saturating_add(times.get(at).copied().unwrap_or(0).into());
            all.push((now, *length, marks.get(at).copied().unwrap_or(0)));
        }
    }
    // Stable: the order of each stays.
    all.sort_by_key(|(time, ..)| *time);
    let mut before = all.first().map_or(0, |(time, ..)| *time);
    let times = all.iter().map(|(time, ..)| {
        let since = time - std::mem::replace(&mut before, *time);
        u32::try_from(since).unwrap_or(u32::MAX)
    });
    let times = times.collect();
    (all.iter().map(|(_, length, _)| *length).collect(), times, all.iter().map(|(.., mark)| *mark).collect())
}

/// The members from the initiator, with their marks. Times count from the one before of these, the first one from the
/// beginning of the whole.
pub fn initiators(lengths: &[i32], times: &[u32], marks: &[u16]) -> (Vec<i32>, Vec<u32>, Vec<u16>) {
    let mut out = (Vec::new(), Vec::new(), Vec::new());
    let mut waited = 0u32;
    for (at, length) in lengths.iter().enumerate() {
        waited = waited.saturating_add(times.get(at).copied().unwrap_or(0));
        if *length >= 0 {
            out.0.push(*length);
            out.1.push(std::mem::take(&mut waited));
            out.2.extend(marks.get(at));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directions_are_one_and_apart_again() {
        let (lengths, times, marks) = ([517, -1_400, -90, 80], [0, 20_000, 1_000, 5_000], [22u16, 22, 20, 23]);
        let src = initiators(&lengths, &times, &marks);
        assert_eq!(src, (vec![517, 80], vec![0, 26_000], vec![22, 23]));
        let turned = lengths.map(|length: i32| -length);
        let dst = initiators(&turned, &times, &marks);
        assert_eq!(dst, (vec![1_400, 90], vec![20_000, 1_000], vec![22, 20]));
        let back: Vec<i32> = dst.0.iter().map(|length| -length).collect();
        let joined = interleave_marked((&src.0, &src.1, &src.2), (&back, &dst.1, &dst.2));
        assert_eq!(joined, (lengths.to_vec(), times.to_vec(), marks.to_vec()));
        assert_eq!(interleave((&[5], &[]), (&[], &[])), (vec![5], vec![0]));
    }
}
