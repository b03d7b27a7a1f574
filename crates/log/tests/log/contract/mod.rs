//! The contract: named scenarios that hold on every adapter.
//!
//! An adapter takes part by `contract!(place)` in a module of its own under [`crate::adapters`]; the guard there
//! fails when a scenario is not run on some adapter.

pub(crate) mod append;
pub(crate) mod read;
pub(crate) mod refuse;
pub(crate) mod reopen;
pub(crate) mod subscribe;

use std::sync::Arc;

use async_trait::async_trait;
use trunkline_kernel::Clock;
use trunkline_log::{Log, LogLimits};

/// Where a log lives: a file, a database, a ledger. Opening it twice gives two logs on the same events, as two
/// processes have them; the log in memory gives itself again.
#[async_trait]
pub(crate) trait Place: Send + Sync {
    /// Opens a log there.
    async fn open(&self, clock: Arc<dyn Clock>, limits: LogLimits) -> Arc<dyn Log>;
}

/// Hands the list of all scenarios to a macro. A scenario that is not in this list does not compile without a
/// warning that it is never used.
macro_rules! scenarios {
    ($then:ident $(, $argument:path)?) => {
        $then! { $($argument;)?
            append::positions_have_no_gap_and_start_at_one,
            append::versions_count_each_stream,
            append::several_streams_are_written_in_one_piece,
            append::any_takes_whatever_version_there_is,
            append::an_append_can_continue_a_stream_it_expects,
            append::every_part_of_an_event_comes_back,
            append::the_recorded_time_never_runs_backwards,
            append::the_same_append_again_gives_the_first_result,
            append::the_same_append_sent_many_times_at_once_is_taken_once,
            append::concurrent_appends_all_stand_in_one_order,
            append::one_of_many_rivals_for_a_version_wins,
            refuse::a_new_stream_must_be_new,
            refuse::an_exact_version_is_neither_older_nor_newer,
            refuse::one_stream_that_conflicts_stops_the_others,
            refuse::a_check_on_another_stream_must_hold,
            refuse::the_same_ids_with_other_content_are_refused,
            refuse::part_of_an_append_again_is_refused,
            refuse::a_refused_append_never_fails_its_neighbours,
            refuse::what_breaks_a_limit_is_refused_by_its_name,
            refuse::a_malformed_append_is_refused,
            refuse::a_closed_log_takes_nothing,
            read::pages_forwards_meet_every_event_once,
            read::pages_backwards_meet_every_event_once,
            read::every_filter_gives_what_it_admits,
            read::a_page_says_where_the_log_ends,
            read::a_stream_is_read_after_a_version,
            read::a_time_has_a_position,
            read::too_long_a_page_is_refused,
            read::the_hint_follows_the_log,
            subscribe::it_catches_up_and_turns_live_without_missing_or_repeating,
            subscribe::it_starts_anywhere,
            subscribe::it_delivers_only_what_its_filter_admits,
            subscribe::a_slow_subscriber_reads_from_the_log_again,
            subscribe::it_ends_with_the_feed,
            subscribe::giving_up_a_wait_loses_nothing,
            reopen::a_log_opened_again_goes_on_where_it_was,
            reopen::two_logs_on_one_place_keep_one_order,
            reopen::what_another_log_wrote_is_known_when_expected,
        }
    };
}

/// Makes a test of every scenario, on places that this function makes.
macro_rules! contract {
    ($place:path) => {
        scenarios!(contract_tests, $place);
    };
}

macro_rules! contract_tests {
    ($place:path; $($group:ident::$name:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::contract::$group::$name($place().await).await;
        }
    )*};
}

macro_rules! scenario_names {
    ($($group:ident::$name:ident,)*) => {
        /// The names of all scenarios.
        pub(crate) const SCENARIOS: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios!(scenario_names);
