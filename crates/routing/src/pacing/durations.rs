//! How long things last, learned as they end: ringing until an answer, handling until an agent is free.

use std::collections::VecDeque;

use trunkline_kernel::Millis;

/// The risk of ending, by age, of things that end in the wanted way (answered, finished) or in another (nobody
/// answered).
///
/// For each bin of age it keeps the time spent there and how many ended there, so ages of things that have not ended
/// yet can be asked about: the chance of a wanted end by age t is the cumulative incidence with competing risks
/// (Aalen and Johansen, 1978), with hazards that are constant within a bin. A bin in which little was seen is drawn
/// towards the mean hazard.
#[derive(Clone, Debug)]
pub struct Durations {
    width: Millis,
    /// How many ends the mean hazard is worth in each bin.
    prior: f64,
    /// What was seen, the oldest first; forgotten when there are more than the window.
    seen: VecDeque<(Millis, bool)>,
    window: usize,
    bins: Vec<Bin>,
    /// The chance at each bin's start of having ended as wanted, and of not having ended at all.
    wanted: Vec<f64>,
    alive: Vec<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    exposure_ms: f64,
    wanted: f64,
    other: f64,
}

impl Durations {
    /// Bins of `width`, `count` of them; the newest `window` ends count; the mean hazard is worth `prior` ends.
    pub fn new(width: Millis, count: usize, window: usize, prior: f64) -> Self {
        let width = Millis(width.0.max(1));
        let bins = vec![Bin::default(); count.max(1)];
        let (wanted, alive) = (vec![0.0; bins.len() + 1], vec![1.0; bins.len() + 1]);
        Self { width, prior, seen: VecDeque::new(), window: window.max(1), bins, wanted, alive }
    }

    /// One ended at that age.
    pub fn observe(&mut self, age: Millis, wanted: bool) {
        self.count(age, wanted, 1.0);
        self.seen.push_back((age, wanted));
        if self.seen.len() > self.window
            && let Some((age, wanted)) = self.seen.pop_front()
        {
            self.count(age, wanted, -1.0);
        }
        self.tabulate();
    }

    /// How many ends are remembered.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing has ended yet.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// How many of them were wanted ends.
    pub fn wanted(&self) -> usize {
        self.seen.iter().filter(|(_, wanted)| *wanted).count()
    }

    /// The chance that what has that age ends in the wanted way within `ahead`.
    pub fn chance(&self, age: Millis, ahead: Millis) -> f64 {
        let alive = self.at(&self.alive, age);
        if alive < 1e-9 {
            return 0.0;
        }
        let until = Millis(age.0.saturating_add(ahead.0));
        ((self.at(&self.wanted, until) - self.at(&self.wanted, age)) / alive).clamp(0.0, 1.0)
    }

    /// The age by which this share of the wanted ends has come; the highest age that is told apart when there is none.
    pub fn quantile(&self, share: f64) -> Millis {
        let whole = self.wanted.last().copied().unwrap_or(0.0);
        let bin = self.wanted.partition_point(|reached| *reached < share * whole);
        let Some(before) = bin.checked_sub(1) else { return Millis::ZERO };
        let step = self.wanted.get(bin).map_or(0.0, |next| next - self.wanted[before]);
        let part = if step > 0.0 { (share * whole - self.wanted[before]) / step } else { 0.0 };
        Millis(rounded((before as f64 + part) * self.width.0 as f64))
    }

    fn count(&mut self, age: Millis, wanted: bool, sign: f64) {
        let mut left = age.0.max(0);
        let last = self.bins.len() - 1;
        for (at, bin) in self.bins.iter_mut().enumerate() {
            let spent = if at == last { left } else { left.min(self.width.0) };
            bin.exposure_ms += sign * spent as f64;
            left -= spent;
            if left == 0 {
                let ended = if wanted { &mut bin.wanted } else { &mut bin.other };
                *ended += sign;
                return;
            }
        }
    }

    fn tabulate(&mut self) {
        let exposure: f64 = self.bins.iter().map(|bin| bin.exposure_ms).sum();
        let ends = |of: fn(&Bin) -> f64| self.bins.iter().map(of).sum::<f64>() / exposure.max(1.0);
        let (mean_wanted, mean_other) = (ends(|bin| bin.wanted), ends(|bin| bin.other));
        let (mut wanted, mut alive) = (0.0, 1.0);
        for (at, bin) in self.bins.iter().enumerate() {
            let prior_ms = self.prior / (mean_wanted + mean_other).max(1e-12);
            let hazard = |ended: f64, mean: f64| {
                (ended + mean * prior_ms) / (bin.exposure_ms + prior_ms).max(1.0) * self.width.0 as f64
            };
            let (good, bad) = (hazard(bin.wanted, mean_wanted), hazard(bin.other, mean_other));
            let ending = 1.0 - libm::exp(-(good + bad));
            (self.wanted[at], self.alive[at]) = (wanted, alive);
            if good + bad > 0.0 {
                wanted += alive * ending * good / (good + bad);
                alive *= 1.0 - ending;
            }
        }
        let count = self.bins.len();
        (self.wanted[count], self.alive[count]) = (wanted, alive);
    }

    /// A table's value at an age, on a line between the bins.
    fn at(&self, table: &[f64], age: Millis) -> f64 {
        let last = table.len() - 1;
        let age = age.0.max(0);
        let bin = usize::try_from(age / self.width.0).unwrap_or(last);
        if bin >= last {
            return table[last];
        }
        let part = (age % self.width.0) as f64 / self.width.0 as f64;
        table[bin] + (table[bin + 1] - table[bin]) * part
    }
}

#[expect(clippy::cast_possible_truncation, reason = "lengths of minutes in milliseconds")]
fn rounded(ms: f64) -> i64 {
    ms.round() as i64
}
