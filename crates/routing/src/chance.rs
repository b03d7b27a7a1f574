//! Chances that follow from a seed, the same on every machine and in every version.

use sha2::{Digest as _, Sha256};

/// A number from 0 (possible) to 1 (impossible), evenly spread, that only follows from the seed, the subject
/// and the purpose. Nothing has to be kept to draw it again.
pub fn draw(seed: u64, subject: &[u8], purpose: &str) -> f64 {
    let digest =
        Sha256::new().chain_update(seed.to_be_bytes()).chain_update(subject).chain_update(purpose).finalize();
    let high = digest.iter().take(7).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    // 53 bits are what a double holds exactly.
    let whole = u32::try_from(high >> 35).unwrap_or(u32::MAX);
    let rest = u32::try_from((high >> 3) & 0xffff_ffff).unwrap_or(u32::MAX);
    (f64::from(whole) * 4_294_967_296.0 + f64::from(rest)) / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_repeat() {
        let draws: Vec<f64> = (0..20_000_u32).map(|n| draw(7, &n.to_be_bytes(), "explore")).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let share = draws.iter().filter(|draw| (from..from + 0.1).contains(*draw)).count();
            assert!((1_850..2_150).contains(&share), "{share} of 20000 from {from}");
        }
        assert!((draw(7, b"x", "a") - draw(7, b"x", "a")).abs() < f64::EPSILON);
        assert!((draw(7, b"x", "a") - draw(7, b"x", "b")).abs() > 0.0);
        assert!((draw(7, b"x", "a") - draw(8, b"x", "a")).abs() > 0.0);
    }
}
