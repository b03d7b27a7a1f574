//! Whether a model still meets the world that it was made for.

/// The population stability index: how far the scores of now are from those that the model was accepted with, over bins
/// that hold the latter evenly. By custom below 0.1 is steady, above 0.25 is another population. A bin that is empty on
/// one side counts as half an entry. `None` without entries on either side, without bins, or with a score that is none.
pub fn population_stability(then: &[f64], now: &[f64], bins: usize) -> Option<f64> {
    let mut sorted = then.to_vec();
    sorted.sort_by(f64::total_cmp);
    let broken = then.iter().chain(now).any(|score| score.is_nan());
    if then.is_empty() || now.is_empty() || bins == 0 || broken {
        return None;
    }
    let mut edges: Vec<f64> =
        (1..bins).filter_map(|bin| sorted.get(bin * sorted.len() / bins).copied()).collect();
    edges.dedup();
    let shares = |scores: &[f64]| -> Vec<f64> {
        let mut counts = vec![0_usize; edges.len() + 1];
        for score in scores {
            let bin = edges.partition_point(|edge| edge <= score);
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        counts.into_iter().map(|count| whole(count).max(0.5) / whole(scores.len())).collect()
    };
    let pairs = shares(then).into_iter().zip(shares(now));
    Some(pairs.map(|(then, now)| (now - then) * (now / then).ln()).sum())
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
        assert_eq!(population_stability(&then, &[f64::NAN], 10), None);
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
