//! Orders on their way to the switch: signed, tried again within a limit, known by their ids.

use std::sync::Arc;

use reqwest::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use trunkline_domain::call::EndCause;
use trunkline_kernel::{CallId, Clock};
use trunkline_webhooks::Secrets;

use super::stats::{Present, Stats, count};
use super::wire::Instruction;
use super::{OrderSettings, Settings};
use crate::line::{Heard, Line, Order, Seat, Teller};

/// A line that is a switch, reached by HTTP.
pub struct Switch {
    sender: Arc<Sender>,
    slots: Arc<Semaphore>,
    stopping: CancellationToken,
}

/// The switch is not reached: nothing can be dialed without an address.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// No address was given.
    #[error("`cti.url` is empty: it takes the address that orders are sent to")]
    Nowhere,
    /// The client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

impl Switch {
    /// A switch; a call that cannot be ordered it tells to have failed. Orders under way end with `stopping`: a dialer that
    /// starts gives them again.
    ///
    /// # Errors
    /// When there is no address, or TLS cannot be set up.
    pub fn new(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        teller: Teller,
        stats: Arc<Stats>,
        stopping: CancellationToken,
    ) -> Result<Self, Unreachable> {
        let orders = settings.orders.clone().ok_or(Unreachable::Nowhere)?;
        let client = reqwest::Client::builder()
            .timeout(orders.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let slots = Arc::new(Semaphore::new(orders.orders_max));
        let secrets = settings.secrets.clone();
        let sender = Arc::new(Sender { orders, secrets, client, clock, teller, stats });
        Ok(Self { sender, slots, stopping })
    }

    fn give(&self, instruction: Instruction) {
        let (sender, stopping) = (Arc::clone(&self.sender), self.stopping.clone());
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok();
        tokio::spawn(async move { stopping.run_until_cancelled(sender.give(instruction, slot)).await });
    }
}

impl Line for Switch {
    fn dial(&self, order: Order) {
        self.give(Instruction::dial(order));
    }

    fn connect(&self, call: CallId, seat: Seat) {
        self.give(Instruction::connect(call, seat));
    }

    fn hang_up(&self, call: CallId) {
        self.give(Instruction::HangUp { call });
    }

    fn outlives_us(&self) -> bool {
        true
    }
}

struct Sender {
    orders: OrderSettings,
    secrets: Secrets,
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    teller: Teller,
    stats: Arc<Stats>,
}

/// What became of one attempt.
enum Sent {
    Taken,
    /// Sending it again does not help.
    Refused(String),
    Again(String),
}

impl Sender {
    /// Gives an order; without a slot there are too many under way, and it has failed.
    async fn give(&self, instruction: Instruction, slot: Option<OwnedSemaphorePermit>) {
        let taken = match slot {
            Some(_slot) => {
                let _present = Present::in_count(&self.stats.orders_under_way);
                self.send(&instruction).await
            }
            None => Err("too many orders are under way".to_owned()),
        };
        match taken {
            Ok(()) => {
                count(&self.stats.orders_taken);
                self.stats.is_in_trouble(None);
            }
            Err(why) => {
                count(&self.stats.orders_failed);
                tracing::error!(order = instruction.id(), why, "the switch did not take an order");
                self.stats.is_in_trouble(Some(why));
                if !matches!(instruction, Instruction::HangUp { .. }) {
                    // A dialer that is gone has stopped, and takes the call up when it starts.
                    let _ = self.teller.send(Heard::Ended(instruction.call(), EndCause::Failed)).await;
                }
            }
        }
    }

    async fn send(&self, instruction: &Instruction) -> Result<(), String> {
        let body = serde_json::to_vec(instruction).map_err(|error| error.to_string())?;
        let mut pause = self.orders.backoff_first;
        let mut last = String::new();
        for attempt in 1..=self.orders.attempts_max {
            if attempt > 1 {
                count(&self.stats.orders_retried);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(self.orders.backoff_max);
            }
            match self.attempt(instruction, &body).await {
                Sent::Taken => return Ok(()),
                Sent::Refused(why) => return Err(why),
                Sent::Again(why) => {
                    self.stats.is_in_trouble(Some(why.clone()));
                    last = why;
                }
            }
        }
        Err(last)
    }

    async fn attempt(&self, instruction: &Instruction, body: &[u8]) -> Sent {
        let signed = self.secrets.sign(&instruction.id(), self.clock.now(), body);
        let mut request = self.client.post(&self.orders.url).header("content-type", "application/json");
        for (name, value) in signed.headers() {
            request = request.header(name, value);
        }
        let status = match request.body(body.to_vec()).send().await {
            Ok(response) => response.status(),
            // The address can hold a secret.
            Err(error) => return Sent::Again(format!("it is not reached: {}", error.without_url())),
        };
        let hung_up = matches!(instruction, Instruction::HangUp { .. })
            && matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        let passes = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
        let said = format!("it answered {status}");
        if status.is_success() || hung_up {
            Sent::Taken
        } else if status.is_server_error() || passes {
            Sent::Again(said)
        } else {
            Sent::Refused(said)
        }
    }
}
