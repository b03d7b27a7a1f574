//! How well scores put those first who do what the scores foretell.

use crate::Interval;

/// The area under the ROC curve: the chance that one who did it has a higher score than one who did not, ties half
/// (Mann and Whitney). `None` when all did or none, or a score is not a number.
///
/// Each entry is a score and whether what it foretells happened.
pub fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scored.to_vec();
    if order.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut pairs) = (0_u64, 0.0);
    let (mut did, mut did_not) = (0_u64, 0_u64);
    for ties in order.chunk_by(|a, b| a.0 == b.0) {
        let here = ties.iter().filter(|(_, happened)| *happened).count() as u64;
        let others = ties.len() as u64 - here;
        pairs += whole(here) * (whole(below) + whole(others) / 2.0);
        below += others;
        did += here;
        did_not += others;
    }
    (did > 0 && did_not > 0).then(|| pairs / (whole(did) * whole(did_not)))
}

/// The 95 % interval of [`auc`] by the percentile bootstrap (Efron, 1979): the 2.5 % and 97.5 % quantiles over so many
/// resamples of the entries. The same seed gives the same interval. `None` without one, or when no resample has an AUC.
pub fn auc_interval(scored: &[(f64, bool)], resamples: usize, seed: u64) -> Option<Interval> {
    let mut state = seed;
    let mut drawn = Vec::with_capacity(resamples);
    let mut sample = Vec::with_capacity(scored.len());
    for _ in 0..resamples {
        sample.clear();
        sample.extend((0..scored.len()).filter_map(|_| scored.get(below(&mut state, scored.len()))));
        drawn.extend(auc(&sample));
    }
    drawn.sort_by(f64::total_cmp);
    let at = |per_mille: usize| drawn.get(per_mille * drawn.len().checked_sub(1)? / 1_000).copied();
    Some(Interval { low: at(25)?, high: at(975)? })
}

/// Of those who did it, the share among the best-scored `share` of all: what calling only those reaches. Of equal
/// scores the earlier entry comes first. `None` when nobody did it.
pub fn reached(scored: &[(f64, bool)], share: f64) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scored.to_vec();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = share.clamp(0.0, 1.0) * whole(order.len() as u64);
    let did = order.iter().filter(|(_, happened)| *happened).count() as u64;
    let among =
        order.iter().zip(1_u64..).filter(|((_, happened), at)| *happened && whole(*at) <= best).count()
            as u64;
    (did > 0).then(|| whole(among) / whole(did))
}

/// A number below `count`, by `SplitMix64` (Steele, Lea and Flood, 2014).
fn below(state: &mut u64, count: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    usize::try_from((u128::from(mixed) * count as u128) >> 64).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn whole(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_auc_counts_pairs_and_ties_half() {
        let scored = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        assert_eq!(auc(&scored), Some(0.75));
        assert_eq!(auc(&[(0.5, true), (0.5, false), (0.5, false)]), Some(0.5));
        assert_eq!(auc(&[(0.5, true), (0.2, false)]), Some(1.0));
        assert_eq!(auc(&[(0.5, true)]), None);
        assert_eq!(auc(&[(f64::NAN, true), (0.2, false)]), None);
    }

    #[test]
    fn the_bootstrap_interval_is_as_wide_as_theory_says() {
        // Scores even from 0 to 1, hits shifted by 0.2: by simulation elsewhere and by Hanley and McNeil (1982) the
        // standard error for 200 of each at AUC 0.68 is about 0.026.
        let entry = |n: u32| {
            let even = f64::from(n * 617 % 400) / 400.0;
            let happened = n.is_multiple_of(2);
            (even + if happened { 0.2 } else { 0.0 }, happened)
        };
        let scored: Vec<(f64, bool)> = (0..400).map(entry).collect();
        let (area, interval) = (auc(&scored).unwrap(), auc_interval(&scored, 1_000, 1).unwrap());
        assert!(interval.low < area && area < interval.high);
        let width = interval.high - interval.low;
        assert!((0.08..0.13).contains(&width), "{area} {interval:?}");
        assert_eq!(auc_interval(&scored, 100, 3), auc_interval(&scored, 100, 3));
        assert_eq!(auc_interval(&scored, 0, 3), None);
    }

    #[test]
    fn the_better_half_reaches_what_it_holds() {
        let scored = [(0.9, true), (0.8, false), (0.7, true), (0.1, true), (0.0, false), (0.0, false)];
        assert_eq!(reached(&scored, 0.5), Some(2.0 / 3.0));
        assert_eq!(reached(&scored, 1.0), Some(1.0));
        assert_eq!(reached(&[(0.5, false)], 0.5), None);
    }
}
