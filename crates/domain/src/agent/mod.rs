//! A person who speaks with customers: what the agent can do, and what the agent is doing now.

mod decide;
mod events;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trunkline_kernel::{CallId, LeadId, ReservationId, State as _, Tag, Timestamp};

use crate::policy::Policy;
use crate::words::Work;

pub use events::*;
pub use refusal::Refusal;

machine! {
    /// What an agent is doing now; what routing reads.
    Presence of "agent" starts Offline {
        /// Not signed in.
        Offline = "OFFLINE" {
            "signed_in" => Paused,
        }
        /// Signed in and taking no work, for a reason.
        Paused = "PAUSED" {
            "made_available" => Available,
            "paused" => Paused,
            "signed_out" => Offline,
        }
        /// Waiting for work.
        Available = "AVAILABLE" {
            "paused" => Paused,
            "reserved" => Reserved,
            "work_started" => Ringing,
            "signed_out" => Offline,
        }
        /// Work is offered and not yet taken.
        Reserved = "RESERVED" {
            "preview_started" => Preview,
            "work_started" => Ringing,
            "offer_missed" => Available,
            "offer_released" => Available,
            "pause_requested" => Reserved,
            "pause_request_cancelled" => Reserved,
            "signed_out" => Offline,
        }
        /// Looking at a lead before it is dialed.
        Preview = "PREVIEW" {
            "work_started" => Ringing,
            "offer_released" => Available,
            "pause_requested" => Preview,
            "pause_request_cancelled" => Preview,
            "signed_out" => Offline,
        }
        /// A call rings, at the agent's or at the customer's.
        Ringing = "RINGING" {
            "talking_started" => Talking,
            "wrap_started" => Wrapping,
            "offer_missed" => Available,
            "offer_released" => Available,
            "pause_requested" => Ringing,
            "pause_request_cancelled" => Ringing,
            "signed_out" => Offline,
        }
        /// Speaking with a customer.
        Talking = "TALKING" {
            "held" => Holding,
            "wrap_started" => Wrapping,
            "pause_requested" => Talking,
            "pause_request_cancelled" => Talking,
            "signed_out" => Offline,
        }
        /// The customer waits on the line.
        Holding = "HOLDING" {
            "resumed" => Talking,
            "wrap_started" => Wrapping,
            "pause_requested" => Holding,
            "pause_request_cancelled" => Holding,
            "signed_out" => Offline,
        }
        /// Finishing what a call left to do.
        Wrapping = "WRAPPING" {
            "wrap_ended" => Available,
            "pause_requested" => Wrapping,
            "pause_request_cancelled" => Wrapping,
            "signed_out" => Offline,
        }
    }
}

/// What can be asked of an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make the agent known.
    Register(Registered),
    /// Change what is known.
    ChangeProfile(ProfileChanged),
    /// Begin the shift, paused at first.
    SignIn,
    /// Take work; while at work, cancels a requested pause.
    MakeAvailable,
    /// Take no work; while at work, from the end of that work on.
    Pause {
        /// Why.
        reason: PauseReason,
    },
    /// Offer work. The event carries the token under which the offer is to be answered.
    Reserve {
        /// The offer.
        reservation: ReservationId,
        /// What is offered.
        work: Work,
        /// How long the offer stands.
        policy: Policy,
    },
    /// The offer ran out.
    MissOffer {
        /// The offer.
        reservation: ReservationId,
        /// How many misses in a row lead to a pause.
        policy: Policy,
    },
    /// The offer ended without the agent's fault.
    ReleaseOffer {
        /// The offer.
        reservation: ReservationId,
    },
    /// Look at the offered lead before it is dialed.
    StartPreview {
        /// The lead.
        lead: LeadId,
        /// The token of the offer.
        token: u64,
    },
    /// Take the offered call, or the call of the lead in preview; an available agent may begin a call of the
    /// agent's own.
    StartWork {
        /// The call.
        call: CallId,
        /// The token of the offer; absent when the agent dials without one.
        token: Option<u64>,
    },
    /// Customer and agent are connected.
    StartTalking {
        /// The call.
        call: CallId,
    },
    /// Let the customer wait on the line.
    Hold,
    /// Go on with the conversation.
    Resume,
    /// The call is over, or was never answered.
    StartWrap {
        /// The call.
        call: CallId,
        /// How long the after-call work may take.
        policy: Policy,
    },
    /// The after-call work is done.
    EndWrap,
    /// The wrap limit is over.
    ExpireWrap,
    /// End the shift.
    SignOut,
    /// The agent's program is silent.
    LoseHeartbeat {
        /// When it was last heard.
        last_heard: Timestamp,
        /// How long it may be silent.
        policy: Policy,
    },
}

/// An offer as the agent has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its id.
    pub reservation: ReservationId,
    /// What is offered.
    pub work: Work,
    /// The token under which it is to be answered.
    pub token: u64,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A person who speaks with customers.
#[derive(Clone, Debug, Default)]
pub struct Agent {
    exists: bool,
    presence: Presence,
    /// The present offer, and after it was taken the one that the present work came from.
    offer: Option<Offer>,
    last_token: u64,
    /// What was offered last; an event about the end of that offer concerns it.
    last_work: Option<Work>,
    missed: u16,
    pause_requested: Option<PauseReason>,
    call: Option<CallId>,
    wrap_until: Option<Timestamp>,
    extension: Option<String>,
    licences: BTreeMap<String, Validity>,
    shifts: Vec<Shift>,
}

impl Agent {
    /// What the agent is doing now.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// The offer that stands, or that the present work came from.
    pub fn offer(&self) -> Option<&Offer> {
        self.offer.as_ref()
    }

    /// The call that the agent is or was last in.
    pub fn call(&self) -> Option<CallId> {
        self.call
    }

    /// When the after-call work ends by itself.
    pub fn wrap_until(&self) -> Option<Timestamp> {
        self.wrap_until
    }

    /// Where the switch reaches the agent, in its own words.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// Whether the agent holds a licence at that moment.
    pub fn holds(&self, licence: &str, at: Timestamp) -> bool {
        self.licences.get(licence).is_some_and(|validity| validity.holds(at))
    }

    /// When the agent works; always without any.
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Registered(registered) => {
                self.exists = true;
                self.extension.clone_from(&registered.extension);
                self.licences.clone_from(&registered.licences);
                self.shifts.clone_from(&registered.shifts);
            }
            Event::ProfileChanged(changed) => {
                self.extension = changed.extension.clone().or(self.extension.take());
                changed.licences.iter().for_each(|licences| self.licences.clone_from(licences));
                changed.shifts.iter().for_each(|shifts| self.shifts.clone_from(shifts));
            }
            Event::Reserved(reserved) => {
                let Reserved { reservation, work, token, expires_at } = *reserved;
                self.offer = Some(Offer { reservation, work, token, expires_at });
                self.last_token = token;
                self.last_work = Some(work);
            }
            Event::OfferMissed(missed) => {
                self.missed = missed.missed;
                self.offer = None;
            }
            Event::OfferReleased(_) => self.offer = None,
            Event::PreviewStarted(_) => self.missed = 0,
            Event::WorkStarted(started) => self.call = Some(started.call),
            Event::TalkingStarted(_) => self.missed = 0,
            Event::WrapStarted(wrap) => self.wrap_until = Some(wrap.until),
            Event::WrapEnded(_) => {
                self.offer = None;
                self.wrap_until = None;
            }
            Event::PauseRequested(requested) => self.pause_requested = Some(requested.reason),
            Event::PauseRequestCancelled(_) => self.pause_requested = None,
            Event::Paused(_) | Event::MadeAvailable(_) => {
                self.missed = 0;
                self.pause_requested = None;
            }
            Event::SignedOut(_) => {
                self.offer = None;
                self.pause_requested = None;
                self.wrap_until = None;
                self.missed = 0;
            }
            Event::SignedIn(_) | Event::Held(_) | Event::Resumed(_) => {}
        }
        self.presence = Presence::MACHINE.step(self.presence, event.verb()).unwrap_or(self.presence);
    }

    fn parties(&self, event: &Event) -> Vec<Tag> {
        let of_offer = || {
            let tags = self.offer.as_ref().map(|offer| [Tag::of(offer.reservation), offer.work.tag()]);
            tags.into_iter().flatten()
        };
        match event {
            Event::Reserved(reserved) => vec![Tag::of(reserved.reservation), reserved.work.tag()],
            Event::OfferMissed(OfferMissed { reservation, .. })
            | Event::OfferReleased(OfferReleased { reservation }) => {
                [Tag::of(*reservation)].into_iter().chain(self.last_work.map(Work::tag)).collect()
            }
            Event::PreviewStarted(preview) => of_offer().chain([Tag::of(preview.lead)]).collect(),
            Event::WorkStarted(started) => of_offer().chain([Tag::of(started.call)]).collect(),
            Event::TalkingStarted(_)
            | Event::Held(_)
            | Event::Resumed(_)
            | Event::WrapStarted(_)
            | Event::WrapEnded(_) => self.call.map(Tag::of).into_iter().collect(),
            Event::Registered(_)
            | Event::ProfileChanged(_)
            | Event::SignedIn(_)
            | Event::MadeAvailable(_)
            | Event::Paused(_)
            | Event::PauseRequested(_)
            | Event::PauseRequestCancelled(_)
            | Event::SignedOut(_) => Vec::new(),
        }
    }
}
