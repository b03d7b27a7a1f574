//! The traps of `traps.md` that concern the log, each under its name, on every store where it can occur. Those
//! that concern checkpoints (t06, t09, t11, t12) are tested with the projections.

mod dump;
mod foreign;
mod notify;
mod order;
mod reading;
mod types;

/// Makes a test of one trap on each of the stores named.
macro_rules! trap {
    ($name:ident: $($store:ident),*) => {
        mod $name {
            use super::trap;

            $(trap!(@ $name $store);)*
        }
    };
    (@ $name:ident kurrent) => {
        #[cfg(feature = "kurrentdb")]
        trap!(@@ $name kurrent);
    };
    (@ $name:ident $store:ident) => {
        trap!(@@ $name $store);
    };
    (@@ $name:ident $store:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $store() {
            super::$name($crate::adapters::$store::place().await).await;
        }
    };
}
use trap;
