// SPDX-License-Identifier: Apache-2.0
//! The same session over another path. Round trips tell how far a laboratory's hosts are apart, and with it the class: public captures
//! of malware come from few laboratories. The card tells what is left of a model where sessions of both classes come over paths that say
//! nothing.

use minamo_model::flow::Flow;

use crate::random::Random;

/// Microseconds of a round trip: a seventh within a site, the others across the Internet.
fn round_trip(random: &mut Random) -> f64 {
    let median = if random.chance(0.15) { 800.0 } else { 30_000.0 };
    random.log_normal(median, 0.8)
}

/// The session as it would come by a path with another round trip, seen at its client's side: what the first answers of the two sides
/// waited for the path is taken from all their answers.
pub(crate) fn other_path(flow: &Flow, random: &mut Random) -> Flow {
    let mut out = flow.clone();
    let trip = round_trip(random) as u64;
    let Some(splt) = out.splt.as_deref_mut() else { return out };
    let (Some(lengths), Some(times)) = (&splt.lengths, &mut splt.times_micros) else { return out };
    let (mut before, mut after) = (0u64, 0u64);
    // What the server's first answer waited, and the client's.
    let mut own: [Option<u64>; 2] = [None, None];
    for (two, wait) in lengths.windows(2).zip(times.iter_mut().skip(1)) {
        let &[last, next] = two else { continue };
        before += u64::from(*wait);
        if (last > 0) != (next > 0) {
            let [server, client] = &mut own;
            let (path, new) = if next < 0 { (server, trip) } else { (client, 0) };
            let path = *path.get_or_insert(u64::from(*wait));
            *wait = u32::try_from(u64::from(*wait).saturating_sub(path) + new).unwrap_or(u32::MAX);
        }
        after += u64::from(*wait);
    }
    let longer = i64::try_from(after).unwrap_or(i64::MAX).saturating_sub_unsigned(before).saturating_mul(1_000);
    let core = &mut out.core;
    core.time_end.0 = core.time_end.0.saturating_add(longer).max(core.time_start.0);
    out
}

#[cfg(test)]
mod tests {
    use minamo_base::Time;
    use minamo_model::flow::Splt;

    use super::*;

    #[test]
    fn answers_wait_for_another_path_and_what_the_program_waited_stays() {
        let mut flow = Flow::default();
        flow.core.time_end = Time(5_000_000_000);
        let times = vec![0, 300, 20, 100, 300, 2_000_000, 50_300];
        flow.splt = Some(Box::new(Splt {
            lengths: Some(vec![517, -1_400, -900, 80, -60, 300, -90]),
            times_micros: Some(times),
        }));
        let mut random = Random::new(3);
        let trip = round_trip(&mut Random::new(3)) as u32;
        let flow = other_path(&flow, &mut random);
        let times = flow.splt.and_then(|splt| splt.times_micros).expect("times");
        assert_eq!(times, [0, trip, 20, 0, trip, 1_999_900, 50_000 + trip]);
        let longer = i64::from(trip) * 3 - 900 - 200;
        assert_eq!(flow.core.time_end, Time(5_000_000_000 + longer * 1_000));
    }
}
