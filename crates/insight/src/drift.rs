//! Whether a model still meets the world that it was made for.

/// The population stability index: how far the values of now are from those of then, over bins that hold the latter
/// evenly; where there are no more different values then than bins, each is a bin of its own, and so is what lies between
/// them. By custom below 0.1 is steady, above 0.25 is another population. What is missing (NaN) counts as the least value. A
/// bin that is empty on one side counts as half an entry. `None` without entries on either side, or without bins.
pub fn population_stability(then: &[f64], now: &[f64], bins: usize) -> Option<f64> {
    if then.is_empty() || now.is_empty() || bins == 0 {
        return None;
    }
    let mut sorted: Vec<f64> = then.iter().copied().map(or_least).collect();
    sorted.sort_by(f64::total_cmp);
    let mut values = sorted.clone();
    values.dedup();
    let few = values.len() <= bins;
    let edges = if few { values } else { quantiles(&sorted, bins) };
    let bin = |value: f64| {
        let at = edges.partition_point(|edge| *edge < value);
        let on = edges.get(at).is_some_and(|edge| *edge == value);
        // Between edges the bins are even, and on one odd; of quantiles both are one bin.
        if few { 2 * at + usize::from(on) } else { at + usize::from(on) }
    };
    let count = |values: &[f64]| -> Vec<usize> {
        let mut counts = vec![0; 2 * edges.len() + 1];
        for value in values {
            if let Some(count) = counts.get_mut(bin(or_least(*value))) {
                *count += 1;
            }
        }
        counts
    };
    let share = |count: usize, of: &[f64]| whole(count).max(0.5) / whole(of.len());
    let pairs = count(then).into_iter().zip(count(now)).filter(|pair| *pair != (0, 0));
    let parts = pairs.map(|(before, after)| (share(before, then), share(after, now)));
    Some(parts.map(|(before, after)| (after - before) * (after / before).ln()).sum())
}

fn or_least(value: f64) -> f64 {
    if value.is_nan() { f64::NEG_INFINITY } else { value }
}

/// Where sorted values are cut into so many bins.
fn quantiles(sorted: &[f64], bins: usize) -> Vec<f64> {
    let mut edges: Vec<f64> =
        (1..bins).filter_map(|bin| sorted.get(bin * sorted.len() / bins).copied()).collect();
    edges.dedup();
    edges
}

/// The expected calibration error: how far the mean score is from the share of those who did it, on average over bins of
/// equal width, weighted by how many entries they hold. Each entry is a score between 0 and 1 and whether what it
/// foretells happened. `None` without entries, without bins, or with a score outside.
pub fn calibration_error(scored: &[(f64, bool)], bins: usize) -> Option<f64> {
    let outside = scored.iter().any(|(score, _)| !(0.0..=1.0).contains(score));
    if scored.is_empty() || bins == 0 || outside {
        return None;
    }
    let mut sums = vec![(0.0, 0.0); bins];
    for (score, happened) in scored {
        let bin = (0..bins - 1).find(|bin| *score < whole(bin + 1) / whole(bins)).unwrap_or(bins - 1);
        if let Some((scores, hits)) = sums.get_mut(bin) {
            *scores += score;
            *hits += if *happened { 1.0 } else { 0.0 };
        }
    }
    // The weights cancel the counts of the means.
    Some(
        sums.iter().map(|(scores, hits): &(f64, f64)| (scores - hits).abs()).sum::<f64>()
            / whole(scored.len()),
    )
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn whole(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(shift: f64) -> Vec<f64> {
        (0..1_000_u32).map(|n| f64::from(n) / 1_000.0 + shift).collect()
    }

    #[test]
    fn the_same_population_is_steady_and_a_shifted_one_is_not() {
        assert_eq!(population_stability(&scores(0.0), &scores(0.0), 10), Some(0.0));
        let little = population_stability(&scores(0.0), &scores(0.02), 10).unwrap();
        let much = population_stability(&scores(0.0), &scores(0.3), 10).unwrap();
        assert!(little < 0.1 && much > 0.25, "{little} {much}");
        // By hand: halves of 0.5 and 0.5 against 0.75 and 0.25 are 0.25 ln 1.5 - 0.25 ln 0.5.
        let then: Vec<f64> = vec![0.1, 0.2, 0.6, 0.7];
        let index = population_stability(&then, &[0.1, 0.2, 0.3, 0.7], 2).unwrap();
        assert!((index - 0.25 * (1.5_f64.ln() - 0.5_f64.ln())).abs() < 1e-12, "{index}");
        assert_eq!(population_stability(&[], &then, 10), None);
        assert_eq!(population_stability(&then, &then, 0), None);
    }

    #[test]
    fn what_was_rare_or_missing_or_never_seen_is_noticed() {
        let with = |ones: usize, of: f64| -> Vec<f64> {
            (0..1_000).map(|n| if n < ones { of } else { 0.0 }).collect()
        };
        let rare = population_stability(&with(50, 1.0), &with(500, 1.0), 10).unwrap();
        // By hand: 0.95 and 0.05 against halves.
        let exact = 0.45 * (0.5_f64 / 0.05).ln() - 0.45 * (0.5_f64 / 0.95).ln();
        assert!((rare - exact).abs() < 1e-12, "{rare} {exact}");
        assert!(population_stability(&with(0, 1.0), &with(300, 1.0), 10).unwrap() > 0.25, "a new value");
        assert!(population_stability(&with(0, 1.0), &with(300, -1.0), 10).unwrap() > 0.25, "a smaller one");
        assert!(population_stability(&with(20, f64::NAN), &with(400, f64::NAN), 10).unwrap() > 0.25);
        assert!(population_stability(&with(20, f64::NAN), &with(22, f64::NAN), 10).unwrap() < 0.01);
    }

    #[test]
    fn a_score_that_says_twice_what_happens_is_off_by_half() {
        let entry = |n: u32| (0.8, n.is_multiple_of(5) || n % 5 == 1);
        let off: Vec<(f64, bool)> = (0..1_000).map(entry).collect();
        assert!((calibration_error(&off, 10).unwrap() - 0.4).abs() < 1e-9);
        let right: Vec<(f64, bool)> = off.iter().map(|(_, happened)| (0.4, *happened)).collect();
        assert!(calibration_error(&right, 10).unwrap() < 1e-9);
        assert_eq!(calibration_error(&[(1.2, true)], 10), None);
        assert_eq!(calibration_error(&[], 10), None);
    }
}
