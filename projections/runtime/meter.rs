//! How fast followers are.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use trunkline_kernel::Position;

use super::Progress;
use crate::ReadModel;

type Key = (ReadModel, u32);

/// How much time a rate is taken over.
const SPAN: Duration = Duration::from_secs(1);

/// Counts events and tells how many there are in a second.
#[derive(Default)]
pub(crate) struct Meter {
    since: BTreeMap<Key, (Instant, u64, f64)>,
}

impl Meter {
    /// Tells that a generation got from one position to another.
    #[expect(clippy::cast_precision_loss, reason = "a rate of events stays far below 2^53")]
    pub(crate) fn advanced(
        &mut self,
        board: &watch::Sender<BTreeMap<Key, Progress>>,
        key: Key,
        from: Position,
        position: Position,
        head: Position,
    ) {
        let now = Instant::now();
        let (start, count, rate) = self.since.entry(key).or_insert((now, 0, 0.0));
        *count += position.0.saturating_sub(from.0);
        let span = now.duration_since(*start);
        if span >= SPAN {
            *rate = *count as f64 / span.as_secs_f64();
            (*start, *count) = (now, 0);
        }
        let progress = Progress { position, head: head.max(position), events_per_second: *rate };
        board.send_modify(|board| {
            board.insert(key, progress);
        });
    }
}
