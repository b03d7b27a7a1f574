//! How many calls were abandoned, of those that a person answered.

use serde::{Deserialize, Serialize};

/// Live answers and abandoned calls of one campaign within its jurisdiction's window (30 days in the United States).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Calls that a person answered.
    pub answered: u64,
    /// Those of them that no agent took within the time that the rule gives after the greeting.
    pub abandoned: u64,
}

impl Ledger {
    /// Abandoned / live answers, the formula of 16 CFR 310.4(b)(4)(i); 0 without answers.
    pub fn rate(&self) -> f64 {
        if self.answered == 0 { 0.0 } else { self.abandoned as f64 / self.answered as f64 }
    }

    /// The upper end of the one-sided 95 % Wilson interval of the rate; 1 without answers.
    pub fn upper(&self) -> f64 {
        const Z: f64 = 1.644_853_626_951_472_2;
        if self.answered == 0 {
            return 1.0;
        }
        let (n, p) = (self.answered as f64, self.rate());
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((p + Z * Z / (2.0 * n) + spread) / (1.0 + Z * Z / n)).min(1.0)
    }
}
