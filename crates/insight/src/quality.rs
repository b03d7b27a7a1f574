//! Figures about customers' opinions and repeated contacts, with their uncertainty.

use serde::Serialize;

use crate::Figure;

/// Scores from this on count as satisfied, of 1 to 5.
pub const CSAT_GOOD_FROM: u8 = 4;

/// A two-sided interval around a share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end, 0 to 1.
    pub low: f64,
    /// The upper end, 0 to 1.
    pub high: f64,
}

/// The Wilson score interval of `hits` among `n` for the normal quantile `z` (1.96 for 95 %); `None` when `n` is 0.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn wilson(hits: u64, n: u64, z: f64) -> Option<Interval> {
    if n == 0 {
        return None;
    }
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let z2 = z * z;
    let middle = share + z2 / (2.0 * n);
    let reach = z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    Some(Interval { low: ((middle - reach) / scale).max(0.0), high: ((middle + reach) / scale).min(1.0) })
}

/// CSAT: scores 4 and 5 / responses, with its 95 % Wilson interval.
pub fn csat(scores: &[u8]) -> (Figure, Option<Interval>) {
    let good = scores.iter().filter(|score| **score >= CSAT_GOOD_FROM).count();
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    (Figure::share(whole(good), whole(scores.len())), wilson(good as u64, scores.len() as u64, 1.96))
}

/// NPS with its standard error; `n` always stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NetPromoter {
    /// 100 (P - D), from -100 to 100.
    pub score: f64,
    /// 100 sqrt((P + D - (P - D)^2) / n).
    pub standard_error: f64,
    /// How many answered.
    pub n: u64,
}

/// NPS of answers from 0 to 10: promoters say 9 or 10, detractors 0 to 6; `None` without answers.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn net_promoter(answers: &[u8]) -> Option<NetPromoter> {
    if answers.is_empty() {
        return None;
    }
    let n = answers.len() as f64;
    let share = |counts: fn(u8) -> bool| answers.iter().filter(|answer| counts(**answer)).count() as f64 / n;
    let (promoters, detractors) = (share(|answer| answer >= 9), share(|answer| answer <= 6));
    let difference = promoters - detractors;
    Some(NetPromoter {
        score: 100.0 * difference,
        standard_error: 100.0 * ((promoters + detractors - difference * difference) / n).sqrt(),
        n: answers.len() as u64,
    })
}

/// First-contact resolution: resolved with no repeat contact within `days` (7 is usual) / resolved.
///
/// `contacts` are one customer's contacts in order of time, each as its time in milliseconds and whether it
/// resolved what it was about.
pub fn first_contact_resolution(contacts: &[(i64, bool)], days: i64) -> Figure {
    let span = days * 24 * 3_600_000;
    let resolved = contacts.iter().enumerate().filter(|(_, (_, resolved))| *resolved);
    let (mut first, mut all) = (0, 0);
    for (at, (time, _)) in resolved {
        all += 1;
        let repeated = contacts.get(at + 1).is_some_and(|(next, _)| next - time <= span);
        first += i64::from(!repeated);
    }
    Figure::share(first, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wilson_interval_is_the_published_one() {
        // Newcombe (1998): 81 of 263 gives 0.2553 to 0.3662, 0 of 20 gives 0 to 0.1611.
        let interval = wilson(81, 263, 1.96).unwrap();
        assert!(
            (interval.low - 0.2553).abs() < 5e-5 && (interval.high - 0.3662).abs() < 5e-5,
            "{interval:?}"
        );
        let none = wilson(0, 20, 1.96).unwrap();
        assert!(none.low.abs() < 1e-12 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!(wilson(0, 0, 1.96), None);
    }

    #[test]
    fn csat_counts_fours_and_fives() {
        let (figure, interval) = csat(&[5, 4, 3, 1]);
        assert_eq!((figure.numerator, figure.denominator), (2, 4));
        assert!(interval.is_some_and(|interval| interval.low < 0.5 && interval.high > 0.5));
    }

    #[test]
    fn net_promoter_has_its_error_beside_it() {
        // 5 promoters, 2 detractors, 10 answers: 30, and sqrt((0.7 - 0.09) / 10) = 0.24698.
        let nps = net_promoter(&[9, 10, 9, 10, 9, 7, 8, 7, 0, 6]).unwrap();
        assert!((nps.score - 30.0).abs() < 1e-9);
        assert!((nps.standard_error - 24.698_178).abs() < 1e-5);
        assert_eq!(nps.n, 10);
        assert_eq!(net_promoter(&[]), None);
    }

    #[test]
    fn a_repeat_within_the_days_is_no_first_contact_resolution() {
        let day = 24 * 3_600_000;
        let figure =
            first_contact_resolution(&[(0, true), (3 * day, true), (20 * day, false), (40 * day, true)], 7);
        assert_eq!((figure.numerator, figure.denominator), (2, 3));
    }
}
