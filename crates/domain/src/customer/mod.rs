//! A natural person or company that may be contacted: who it is, whose it is, and what it agreed to.

mod decide;
mod events;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::{AgentId, State as _, Tag, Timestamp};

use crate::identifier::{IdentifierId, IdentifierKind};
use crate::lead::BlockReason;
use crate::policy::Policy;
use crate::words::{Channel, Purpose};

pub use events::*;
pub use refusal::Refusal;

machine! {
    /// Whether a customer may be contacted for one purpose on one channel.
    ConsentState of "consent" starts Unknown {
        /// Nothing is known; counts as a refusal for marketing calls.
        Unknown = "UNKNOWN" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
        }
        /// The customer agreed, and there is evidence.
        Granted = "GRANTED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
            "consent_expired" => Expired,
        }
        /// The customer refused or took the consent back.
        Withdrawn = "WITHDRAWN" {
            "consent_granted" => Granted,
            "consent_suppressed" => Suppressed,
        }
        /// A rule or a list forbids contact for a time.
        Suppressed = "SUPPRESSED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
            "consent_expired" => Expired,
        }
        /// A consent or a suppression ran out; counts as unknown.
        Expired = "EXPIRED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
        }
    }
}

/// What can be asked of a customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make the customer known.
    Register(Registered),
    /// Note an identifier; its claim goes into the same append.
    LinkIdentifier(IdentifierLinked),
    /// Take an identifier away; its claim is given up in the same append.
    UnlinkIdentifier {
        /// The claim.
        claim: IdentifierId,
    },
    /// Change what is known.
    ChangeProfile(ProfileChanged),
    /// Record values for models.
    RecordFeatures(FeaturesRecorded),
    /// The customer agrees.
    GrantConsent(ConsentGranted),
    /// The customer refuses or takes the consent back.
    WithdrawConsent(ConsentWithdrawn),
    /// A rule or a list forbids contact.
    SuppressContact(ConsentSuppressed),
    /// The time limit of a consent or suppression has come.
    ExpireConsent(ConsentExpired),
    /// Make an agent responsible.
    AssignOwner {
        /// Who.
        agent: AgentId,
    },
    /// Make nobody responsible.
    ReleaseOwner,
    /// Record a model's score.
    Score(Scored),
    /// Record what was understood about the customer's needs.
    RecordInsight(InsightRecorded),
    /// The customer does not want to be judged by programs alone.
    RefuseAutomatedDecisions(AutomatedDecisionsRefused),
    /// The customer allows it again.
    AllowAutomatedDecisions,
    /// Note that the customer was erased: every identifier is given up with it.
    Erase(Erased),
}

/// Whether the customer may be contacted for one purpose on one channel, and until when that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// The state.
    pub state: ConsentState,
    /// When a grant or a suppression runs out.
    pub until: Option<Timestamp>,
}

/// A natural person or company that may be contacted.
#[derive(Clone, Debug, Default)]
pub struct Customer {
    exists: bool,
    identifiers: BTreeMap<IdentifierId, IdentifierKind>,
    /// Telephone numbers with their regions, in the order in which they became known.
    phones: Vec<(IdentifierId, Option<String>)>,
    region: Option<String>,
    time_zone: Option<String>,
    refused_calls_at: Option<Timestamp>,
    consents: BTreeMap<(Purpose, Channel), Consent>,
    owner: Option<AgentId>,
    refuses_automated_decisions: bool,
    erased: bool,
}

impl Customer {
    /// Whether the customer is registered.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Whether the customer was erased; nothing can be asked of the customer any more.
    pub fn is_erased(&self) -> bool {
        self.erased
    }

    /// Whether the customer has opted out of decisions that programs make alone.
    pub fn refuses_automated_decisions(&self) -> bool {
        self.refuses_automated_decisions
    }

    /// Who is responsible.
    pub fn owner(&self) -> Option<AgentId> {
        self.owner
    }

    /// The claims on the customer's identifiers.
    pub fn identifiers(&self) -> BTreeSet<IdentifierId> {
        self.identifiers.keys().copied().collect()
    }

    /// The customer's telephone numbers, with the regions that their calling codes name, in the order in which they
    /// became known.
    pub fn phones(&self) -> &[(IdentifierId, Option<String>)] {
        &self.phones
    }

    /// Where the customer is, as ISO 3166.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The IANA time zone that calling hours are judged in.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref()
    }

    /// When the customer last refused further marketing calls. A consent that is given later does not take that back.
    pub fn refused_calls_at(&self) -> Option<Timestamp> {
        self.refused_calls_at
    }

    /// What was last said about contact for a purpose on a channel.
    pub fn consent(&self, purpose: Purpose, channel: Channel) -> Consent {
        self.consents.get(&(purpose, channel)).copied().unwrap_or_default()
    }

    /// What bars contact at `now`, when something does. A grant or a suppression whose time limit is past counts
    /// as expired even before that is recorded. Without a word from the customer, marketing is barred unless the
    /// policy allows it, and other purposes are free.
    pub fn bar(
        &self,
        purpose: Purpose,
        channel: Channel,
        now: Timestamp,
        policy: &Policy,
    ) -> Option<BlockReason> {
        let consent = self.consent(purpose, channel);
        let over = consent.until.is_some_and(|until| until <= now);
        if self.erased {
            return Some(BlockReason::Requested);
        }
        match consent.state {
            ConsentState::Granted if !over => None,
            ConsentState::Suppressed if !over => Some(BlockReason::Rule),
            ConsentState::Withdrawn => Some(BlockReason::Requested),
            ConsentState::Unknown
            | ConsentState::Expired
            | ConsentState::Granted
            | ConsentState::Suppressed => {
                let barred = purpose == Purpose::Marketing && !policy.unknown_consent_allows_marketing;
                barred.then_some(BlockReason::NoConsent)
            }
        }
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Registered(registered) => {
                self.exists = true;
                self.found_at(&registered.profile);
            }
            Event::ProfileChanged(change) => self.found_at(&change.changes),
            Event::IdentifierLinked(linked) => {
                self.identifiers.insert(linked.claim, linked.kind);
                if linked.kind == IdentifierKind::Phone {
                    self.phones.push((linked.claim, linked.region.clone()));
                }
            }
            Event::IdentifierUnlinked(unlinked) => {
                self.identifiers.remove(&unlinked.claim);
                self.phones.retain(|(claim, _)| *claim != unlinked.claim);
            }
            Event::ConsentGranted(granted) => {
                self.consented(granted.purpose, granted.channel, event.verb(), granted.expires_at);
            }
            Event::ConsentWithdrawn(withdrawn) => {
                if (withdrawn.purpose, withdrawn.channel) == (Purpose::Marketing, Channel::Call) {
                    self.refused_calls_at = Some(at);
                }
                self.consented(withdrawn.purpose, withdrawn.channel, event.verb(), None);
            }
            Event::ConsentSuppressed(suppressed) => {
                self.consented(suppressed.purpose, suppressed.channel, event.verb(), suppressed.until);
            }
            Event::ConsentExpired(expired) => {
                self.consented(expired.purpose, expired.channel, event.verb(), None);
            }
            Event::OwnerAssigned(assigned) => self.owner = Some(assigned.agent),
            Event::OwnerReleased(_) => self.owner = None,
            Event::AutomatedDecisionsRefused(_) => self.refuses_automated_decisions = true,
            Event::AutomatedDecisionsAllowed(_) => self.refuses_automated_decisions = false,
            Event::Erased(_) => self.erased = true,
            Event::FeaturesRecorded(_) | Event::Scored(_) | Event::InsightRecorded(_) => {}
        }
    }

    fn found_at(&mut self, profile: &Profile) {
        self.region = profile.region.clone().or(self.region.take());
        self.time_zone = profile.time_zone.clone().or(self.time_zone.take());
    }

    fn consented(
        &mut self,
        purpose: Purpose,
        channel: Channel,
        verb: &'static str,
        until: Option<Timestamp>,
    ) {
        let consent = self.consents.entry((purpose, channel)).or_default();
        if let Ok(state) = ConsentState::MACHINE.step(consent.state, verb) {
            *consent = Consent { state, until };
        }
    }

    fn parties(&self, event: &Event) -> Vec<Tag> {
        match event {
            Event::IdentifierLinked(IdentifierLinked { claim, .. })
            | Event::IdentifierUnlinked(IdentifierUnlinked { claim, .. }) => vec![Tag::of(*claim)],
            Event::OwnerAssigned(assigned) => {
                [Some(assigned.agent), assigned.previous].into_iter().flatten().map(Tag::of).collect()
            }
            Event::OwnerReleased(released) => vec![Tag::of(released.agent)],
            Event::Scored(scored) => scored.campaign.map(Tag::of).into_iter().collect(),
            Event::InsightRecorded(recorded) => recorded.interaction.map(Tag::of).into_iter().collect(),
            Event::Registered(_)
            | Event::ProfileChanged(_)
            | Event::FeaturesRecorded(_)
            | Event::ConsentGranted(_)
            | Event::ConsentWithdrawn(_)
            | Event::ConsentSuppressed(_)
            | Event::ConsentExpired(_)
            | Event::AutomatedDecisionsAllowed(_) => Vec::new(),
            Event::AutomatedDecisionsRefused(refused) => refused.request.map(Tag::of).into_iter().collect(),
            Event::Erased(erased) => vec![Tag::of(erased.request)],
        }
    }
}
