//! What was measured, as lines of a table.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

/// The outcome of one measurement.
pub(crate) struct Measured {
    /// Useful operations a second.
    pub(crate) rate: f64,
    latency: Histogram<u64>,
}

impl Measured {
    /// From the latency of each operation that counted, over the length of the measurement.
    pub(crate) fn new(latencies: impl IntoIterator<Item = Duration>, length: Duration) -> Result<Self> {
        let mut latency = Histogram::new(3)?;
        for one in latencies {
            latency.record(u64::try_from(one.as_micros())?.max(1))?;
        }
        let rate = count(latency.len()) / length.as_secs_f64();
        Ok(Self { rate, latency })
    }

    /// The latency, in milliseconds, that this share of the operations does not exceed.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        count(self.latency.value_at_quantile(quantile)) / 1_000.0
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms  p99.9 {:>8.2} ms",
            self.rate,
            self.quantile_ms(0.5),
            self.quantile_ms(0.99),
            self.quantile_ms(0.999)
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run of seconds are far below 2^52")]
pub(crate) fn count(count: u64) -> f64 {
    count as f64
}

/// Prints a heading.
pub(crate) fn section(title: &str) {
    println!("## {title}\n");
}

/// Prints one measurement.
pub(crate) fn line(name: &str, measured: &Measured) {
    println!("{name:<52} {measured}");
}

/// Prints a figure beside its target; `holds` says whether it is met.
pub(crate) fn target(name: &str, figure: f64, unit: &str, target: &str, holds: bool) {
    let verdict = if holds { "met" } else { "MISSED" };
    println!("  => {name}: {figure:.2}{unit} (target {target}): {verdict}");
}
