//! The rules of a customer.

use trunkline_kernel::{Aggregate, Category, CustomerId, State as _, Tag, Timestamp};

use super::*;
use crate::limits;
use crate::words::FeatureValue;

fn check_profile(profile: &Profile) -> Result<(), Refusal> {
    if let Some(name) = &profile.name {
        limits::name("name", name)?;
    }
    limits::word_if_any("language", profile.language.as_ref())?;
    limits::word_if_any("region", profile.region.as_ref())?;
    limits::word_if_any("timeZone", profile.time_zone.as_ref())?;
    limits::word_if_any("industry", profile.industry.as_ref())?;
    limits::word_if_any("scale", profile.scale.as_ref())?;
    limits::keys("attributes", &profile.attributes)?;
    let mut values = profile.attributes.values();
    Ok(values.try_for_each(|value| limits::text("attributes", Some(value)))?)
}

fn check_features(recorded: &FeaturesRecorded) -> Result<(), Refusal> {
    limits::keys("features", &recorded.features)?;
    limits::word_if_any("source", recorded.source.as_ref())?;
    if recorded.features.is_empty() {
        return Err(limits::InvalidInput::NoChange("features").into());
    }
    for value in recorded.features.values() {
        match value {
            FeatureValue::Flag(_) => {}
            FeatureValue::Number(number) => limits::range("features", number.is_finite())?,
            FeatureValue::Text(text) => limits::plain_text("features", Some(text))?,
        }
    }
    Ok(())
}

fn check_score(scored: &Scored) -> Result<(), Refusal> {
    limits::word("model", &scored.model)?;
    limits::word_if_any("product", scored.product.as_ref())?;
    limits::range("score", (0.0..=1.0).contains(&scored.score))?;
    limits::keys("contributions", &scored.contributions)?;
    let finite = scored.contributions.values().all(|part| part.is_finite());
    Ok(limits::range("contributions", finite)?)
}

impl Customer {
    /// Emits an event about a consent when the machine permits it.
    fn emit_consent(
        &self,
        purpose: Purpose,
        channel: Channel,
        event: Event,
        refusal: fn(ConsentState) -> Refusal,
    ) -> Result<Vec<Event>, Refusal> {
        let state = self.consent(purpose, channel).state;
        match ConsentState::MACHINE.step(state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) => Err(refusal(state)),
        }
    }

    fn decide_consent(&self, now: Timestamp, event: Event) -> Result<Vec<Event>, Refusal> {
        let limited_past = |until: Option<Timestamp>| until.is_some_and(|until| until <= now);
        let (purpose, channel) = match &event {
            Event::ConsentGranted(granted) => {
                limits::plain_text("evidence", Some(&granted.evidence))?;
                if granted.evidence.trim().is_empty() {
                    return Err(Refusal::ConsentWithoutEvidence);
                }
                if limited_past(granted.expires_at) {
                    return Err(Refusal::ConsentExpiryPast);
                }
                (granted.purpose, granted.channel)
            }
            Event::ConsentSuppressed(suppressed) => {
                limits::word("rule", &suppressed.rule)?;
                if limited_past(suppressed.until) {
                    return Err(Refusal::ConsentExpiryPast);
                }
                (suppressed.purpose, suppressed.channel)
            }
            Event::ConsentWithdrawn(withdrawn) => {
                limits::text("reason", withdrawn.reason.as_ref())?;
                (withdrawn.purpose, withdrawn.channel)
            }
            Event::ConsentExpired(expired) => {
                let consent = self.consent(expired.purpose, expired.channel);
                if !limited_past(consent.until) {
                    return Err(Refusal::ConsentNotExpired(consent.state));
                }
                (expired.purpose, expired.channel)
            }
            Event::Registered(_)
            | Event::IdentifierLinked(_)
            | Event::IdentifierUnlinked(_)
            | Event::ProfileChanged(_)
            | Event::FeaturesRecorded(_)
            | Event::OwnerAssigned(_)
            | Event::OwnerReleased(_)
            | Event::Scored(_)
            | Event::InsightRecorded(_)
            | Event::AutomatedDecisionsRefused(_)
            | Event::AutomatedDecisionsAllowed(_)
            | Event::Erased(_) => return Ok(vec![event]),
        };
        self.emit_consent(purpose, channel, event, Refusal::ConsentUnchanged)
    }

    fn link(&self, linked: IdentifierLinked) -> Result<Vec<Event>, Refusal> {
        limits::name("identifier", &linked.value)?;
        if self.identifiers.contains_key(&linked.claim) {
            return Err(Refusal::IdentifierLinked);
        }
        limits::count("identifier", self.identifiers.len() + 1)?;
        Ok(vec![linked.into()])
    }

    fn erase(&self, erased: Erased) -> Vec<Event> {
        let unlinked = self.identifiers.iter();
        let unlinked = unlinked.map(|(claim, kind)| IdentifierUnlinked { kind: *kind, claim: *claim }.into());
        unlinked.chain([erased.into()]).collect()
    }

    fn assign_owner(&self, agent: AgentId) -> Result<Vec<Event>, Refusal> {
        if self.owner == Some(agent) {
            return Err(Refusal::OwnerUnchanged);
        }
        Ok(vec![OwnerAssigned { agent, previous: self.owner }.into()])
    }
}

impl Aggregate for Customer {
    const CATEGORY: Category = Category::new("customer");
    type Id = CustomerId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Register(_)), self.exists) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        if self.erased {
            // Erasing again is how an erasure that was interrupted goes on.
            return if matches!(command, Command::Erase(_)) { Ok(Vec::new()) } else { Err(Refusal::Erased) };
        }
        match command {
            Command::Register(registered) => {
                check_profile(&registered.profile)?;
                Ok(vec![registered.into()])
            }
            Command::LinkIdentifier(linked) => self.link(linked),
            Command::UnlinkIdentifier { claim } => match self.identifiers.get(&claim) {
                Some(kind) => Ok(vec![IdentifierUnlinked { kind: *kind, claim }.into()]),
                None => Err(Refusal::IdentifierNotLinked),
            },
            Command::ChangeProfile(change) => {
                if change.changes == Profile::default() {
                    return Err(limits::InvalidInput::NoChange("input").into());
                }
                check_profile(&change.changes)?;
                Ok(vec![change.into()])
            }
            Command::RecordFeatures(recorded) => {
                check_features(&recorded)?;
                Ok(vec![recorded.into()])
            }
            Command::GrantConsent(granted) => self.decide_consent(now, granted.into()),
            Command::WithdrawConsent(withdrawn) => self.decide_consent(now, withdrawn.into()),
            Command::SuppressContact(suppressed) => self.decide_consent(now, suppressed.into()),
            Command::ExpireConsent(expired) => self.decide_consent(now, expired.into()),
            Command::AssignOwner { agent } => self.assign_owner(agent),
            Command::ReleaseOwner => match self.owner {
                Some(agent) => Ok(vec![OwnerReleased { agent }.into()]),
                None => Err(Refusal::NoOwner),
            },
            Command::Score(_) if self.refuses_automated_decisions => Err(Refusal::AutomatedDecisionsRefused),
            Command::Score(scored) => {
                check_score(&scored)?;
                Ok(vec![scored.into()])
            }
            Command::RecordInsight(recorded) => {
                limits::insight(&recorded.insight)?;
                Ok(vec![recorded.into()])
            }
            Command::RefuseAutomatedDecisions(refused) => {
                Ok(if self.refuses_automated_decisions { Vec::new() } else { vec![refused.into()] })
            }
            Command::AllowAutomatedDecisions => {
                let allowed = AutomatedDecisionsAllowed {}.into();
                Ok(if self.refuses_automated_decisions { vec![allowed] } else { Vec::new() })
            }
            Command::Erase(erased) => Ok(self.erase(erased)),
        }
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        self.apply(at, event);
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        self.parties(event)
    }
}
