//! Misbehaviour on demand.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tonic::Status;

use super::server::Connections;
use super::store::Outcome;

/// What goes wrong with one append.
#[derive(Debug)]
pub enum Fault {
    /// The server says that it is not ready; nothing is written.
    Refuse,
    /// All connections break before the append is written.
    LoseRequest,
    /// The append is written, and all connections break before the answer is sent.
    LoseAnswer,
    /// The append waits until the sender of this pair is used or dropped, and is then written as usual.
    Hold(oneshot::Receiver<()>),
    /// The append is written, and its answer waits as with [`Fault::Hold`].
    HoldAnswer(oneshot::Receiver<()>),
}

/// The misbehaviour asked for.
#[derive(Debug)]
pub(super) struct Faults {
    next_appends: Mutex<VecDeque<Fault>>,
    reads_refused: AtomicU64,
    silent: AtomicBool,
    appends_seen: watch::Sender<u64>,
    pub(super) connections: Connections,
}

impl Faults {
    pub(super) fn new(connections: Connections) -> Self {
        Self {
            next_appends: Mutex::default(),
            reads_refused: AtomicU64::new(0),
            silent: AtomicBool::new(false),
            appends_seen: watch::Sender::new(0),
            connections,
        }
    }

    pub(super) fn on_next_append(&self, fault: Fault) {
        self.next_appends.lock().push_back(fault);
    }

    pub(super) fn refuse_reads(&self, count: u64) {
        self.reads_refused.store(count, Ordering::SeqCst);
    }

    pub(super) fn silence_subscriptions(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    pub(super) fn subscriptions_are_silent(&self) -> bool {
        self.silent.load(Ordering::SeqCst)
    }

    pub(super) fn appends_seen(&self) -> watch::Receiver<u64> {
        self.appends_seen.subscribe()
    }

    /// Runs the write of one append, with what was asked to go wrong with it.
    pub(super) async fn around_append(&self, write: impl FnOnce() -> Outcome) -> Result<Outcome, Status> {
        let fault = self.next_appends.lock().pop_front();
        self.appends_seen.send_modify(|count| *count += 1);
        match fault {
            None => Ok(write()),
            Some(Fault::Refuse) => Err(Status::unavailable("Server Is Not Ready")),
            Some(Fault::LoseRequest) => self.break_connections().await,
            Some(Fault::LoseAnswer) => {
                write();
                self.break_connections().await
            }
            Some(Fault::Hold(release)) => {
                // A dropped sender releases as well.
                release.await.ok();
                Ok(write())
            }
            Some(Fault::HoldAnswer(release)) => {
                let outcome = write();
                release.await.ok();
                Ok(outcome)
            }
        }
    }

    pub(super) fn refuses_read(&self) -> bool {
        let left = self.reads_refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        left.is_ok()
    }

    /// Never answers: the task that would is on one of the connections.
    async fn break_connections<T>(&self) -> T {
        self.connections.break_all();
        std::future::pending().await
    }
}
