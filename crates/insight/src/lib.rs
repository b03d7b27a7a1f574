//! Pure statistics of the contact centre: sums of what happened in, figures out. Every figure names its
//! numerator and its denominator, and an empty denominator gives no figure rather than a zero.

mod drift;
mod figure;
mod figures;
mod off_policy;
mod quality;
mod ranking;
mod sums;

pub use drift::{calibration_error, population_stability};
pub use figure::{Figure, Unit};
pub use figures::{Kpi, figure};
pub use off_policy::{Logged, Worth, doubly_robust, inverse_propensity, self_normalised};
pub use quality::{
    CSAT_GOOD_FROM, Interval, NetPromoter, csat, first_contact_resolution, net_promoter, wilson,
};
pub use ranking::{auc, auc_interval, reached};
pub use sums::{SERVICE_LEVELS_S, Sums};
