//! Events of the switch on their way into the log: each once, in their order, acknowledged when they are there.
//!
//! What orders them is the log. An event is noted under a key made of its call and its number, so it is known when it comes
//! again, on any server and after any crash; and it is noted only when the one before it is, which is one look at the log.
//! In memory there is nothing but the requests that wait for that.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};
use trunkline_app::cases::{Report, ReportCall};
use trunkline_app::{CommandError, Dispatcher, Idempotency, Queues, Refused, Request};
use trunkline_domain::Policy;
use trunkline_domain::call::{Call, CallState};
use trunkline_domain::command;
use trunkline_kernel::{Actor, CallId, Clock, Refusal as _};

use super::Settings;
use super::stats::{Present, Stats, count};
use super::wire::{CallEvent, Happening};
use crate::line::Line;

/// What events are taken in with.
pub struct IntakeAround {
    /// Where they are noted.
    pub dispatcher: Arc<Dispatcher>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// The numbers that rules turn on.
    pub policy: Policy,
    /// What is told to hang up on a call that is over for us, where this server gives orders.
    pub line: Option<Arc<dyn Line>>,
    /// What the queues of calls that arrive ask for.
    pub queues: Arc<Queues>,
    /// What is counted.
    pub stats: Arc<Stats>,
}

/// An event that is settled: the switch need not send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The log has what it says, and the call has come so far.
    Noted(CallState),
    /// It was settled before, and the call had come so far.
    Repeated(CallState),
    /// Others were noted without it, which implied it.
    PassedOver,
}

/// An event of which nothing was noted.
#[derive(Debug)]
pub enum Untaken {
    /// It tells of the future.
    Ahead,
    /// One before it is missing.
    PredecessorMissing,
    /// Something else was told under its number.
    Reused,
    /// Too many wait.
    Busy,
    /// The call does not permit it.
    Refused(Refused),
    /// It could not be noted now.
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
}

impl From<CommandError> for Untaken {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refused) => Self::Refused(refused),
            error @ (CommandError::Contended { .. }
            | CommandError::Invalid { .. }
            | CommandError::Log(_)
            | CommandError::Unreadable(_)
            | CommandError::Unstorable(_)
            | CommandError::Unsealed(_)) => Self::Unavailable(error.into()),
        }
    }
}

/// Takes events in.
pub struct Intake {
    around: IntakeAround,
    settings: Settings,
    actor: Actor,
    /// Those who wait for something to be noted of a call, and how many they are.
    waiting: Mutex<HashMap<CallId, (usize, Arc<Notify>)>>,
    slots: Semaphore,
}

impl Intake {
    /// An intake within these limits.
    pub fn new(around: IntakeAround, settings: Settings) -> Self {
        let slots = Semaphore::new(settings.waiting_max);
        Self { around, settings, actor: super::actor(), waiting: Mutex::default(), slots }
    }

    /// Its limits and secrets.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes an event in: waits for those before it, within a limit, and notes it.
    ///
    /// # Errors
    /// See [`Untaken`]; then nothing was noted, and the event can be sent again.
    pub async fn take(self: &Arc<Self>, event: CallEvent) -> Result<Taken, Untaken> {
        let taken = self.settle(event).await;
        let stats = &self.around.stats;
        count(match &taken {
            Ok(Taken::Noted(_)) => &stats.events_noted,
            Ok(Taken::Repeated(_)) => &stats.events_repeated,
            Ok(Taken::PassedOver) => &stats.events_passed_over,
            Err(Untaken::Ahead | Untaken::Reused | Untaken::Refused(_)) => &stats.events_refused,
            Err(Untaken::PredecessorMissing | Untaken::Busy | Untaken::Unavailable(_)) => {
                &stats.events_deferred
            }
        });
        taken
    }

    async fn settle(self: &Arc<Self>, event: CallEvent) -> Result<Taken, Untaken> {
        if event.at > self.around.clock.now().plus(self.settings.skew) {
            return Err(Untaken::Ahead);
        }
        let missing = self.missing(&event).await?;
        // A client that goes away does not end what was begun.
        let intake = Arc::clone(self);
        let noting = tokio::spawn(async move { intake.note(&event, missing).await });
        noting.await.unwrap_or_else(|error| Err(Untaken::Unavailable(error.into())))
    }

    /// The numbers of the events before this one that did not come although it waited, and that it implies.
    async fn missing(&self, event: &CallEvent) -> Result<Vec<u32>, Untaken> {
        let before = event.sequence.get() - 1;
        if before == 0 || self.is_settled(event.call, before).await? {
            return Ok(Vec::new());
        }
        if self.wait_for(event.call, before).await? {
            return Ok(Vec::new());
        }
        let mut missing = Vec::new();
        for sequence in (1..=before).rev() {
            if self.is_settled(event.call, sequence).await? {
                break;
            }
            if missing.len() == self.settings.gap_max {
                return Err(Untaken::PredecessorMissing);
            }
            missing.push(sequence);
        }
        let old = self.around.clock.now().since(event.at) >= self.settings.patience;
        let call = self.around.dispatcher.newest::<Call>(event.call).await.map_err(CommandError::from)?;
        if old && self.report(&event.happening).implies_what_is_missing(&call) {
            Ok(missing)
        } else {
            Err(Untaken::PredecessorMissing)
        }
    }

    /// Waits until an event is settled, for a time; gives whether it is.
    async fn wait_for(&self, call: CallId, sequence: u32) -> Result<bool, Untaken> {
        let Ok(_slot) = self.slots.try_acquire() else { return Err(Untaken::Busy) };
        let _present = Present::in_count(&self.around.stats.events_waiting);
        let waiter = Waiter::of(self, call);
        let mut late = pin!(tokio::time::sleep(self.settings.reorder));
        loop {
            let mut noted = pin!(waiter.noted.notified());
            noted.as_mut().enable();
            if self.is_settled(call, sequence).await? {
                return Ok(true);
            }
            tokio::select! {
                () = &mut late => return self.is_settled(call, sequence).await,
                () = noted => {}
            }
        }
    }

    async fn is_settled(&self, call: CallId, sequence: u32) -> Result<bool, Untaken> {
        let request = request(call, sequence, b"")?;
        let answered = self.around.dispatcher.was_answered(&self.actor, &request).await;
        answered.map_err(|error| Untaken::Unavailable(error.into()))
    }

    fn report(&self, happening: &Happening) -> Report {
        happening.report(self.settings.route_arrivals.then_some(&*self.around.queues))
    }

    async fn note(&self, event: &CallEvent, missing: Vec<u32>) -> Result<Taken, Untaken> {
        let CallEvent { call, sequence, at, happening } = event;
        let asked = serde_json::to_vec(event).map_err(|error| Untaken::Unavailable(error.into()))?;
        let idempotency = request(*call, sequence.get(), &asked)?;
        let passed_over = missing.into_iter().map(|sequence| request(*call, sequence, b""));
        let report = ReportCall {
            call: *call,
            report: self.report(happening),
            passed_over: passed_over.collect::<Result<_, _>>()?,
            policy: self.around.policy,
        };
        let asks = |idempotency| Request {
            idempotency: Some(idempotency),
            occurred_at: Some(*at),
            ..Request::by(self.actor.clone())
        };
        let done = self.around.dispatcher.execute(asks(idempotency.clone()), &report).await;
        let taken = match done {
            Ok(outcome) if outcome.repeated => Ok(Taken::Repeated(outcome.answer)),
            Ok(outcome) => {
                self.hang_up_on_the_dead(*call, happening, outcome.answer);
                Ok(Taken::Noted(outcome.answer))
            }
            Err(CommandError::Refused(refused)) if refused.code == command::Refusal::KeyReused.code() => {
                match self.around.dispatcher.execute(asks(idempotency.passed_over()), &report).await {
                    Ok(_) => Ok(Taken::PassedOver),
                    Err(CommandError::Refused(_)) => Err(Untaken::Reused),
                    Err(error) => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        };
        self.wake(*call);
        taken
    }

    /// A call that goes on although it is over for us, because nobody took it in time or an order failed, is hung up on.
    fn hang_up_on_the_dead(&self, call: CallId, happening: &Happening, state: CallState) {
        let over = matches!(state, CallState::Ended | CallState::Dispositioned);
        if let Some(line) = self.around.line.as_ref().filter(|_| over)
            && !matches!(happening, Happening::Ended { .. })
        {
            line.hang_up(call);
        }
    }

    fn wake(&self, call: CallId) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, noted)) = waiting.get(&call) {
            noted.notify_waiters();
        }
    }
}

/// An event as the idempotency of the log knows it.
fn request(call: CallId, sequence: u32, asked: &[u8]) -> Result<Idempotency, Untaken> {
    Idempotency::new(&format!("{call}/{sequence}"), asked).map_err(|error| Untaken::Unavailable(error.into()))
}

/// A request that waits for something to be noted of a call.
struct Waiter<'a> {
    intake: &'a Intake,
    call: CallId,
    noted: Arc<Notify>,
}

impl<'a> Waiter<'a> {
    fn of(intake: &'a Intake, call: CallId) -> Self {
        let mut waiting = intake.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, noted) = waiting.entry(call).or_default();
        *count += 1;
        Self { intake, call, noted: Arc::clone(noted) }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = self.intake.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((count, _)) = waiting.get_mut(&self.call) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.call);
            }
        }
    }
}
