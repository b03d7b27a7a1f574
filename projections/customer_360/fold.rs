//! How events become customer-360.

use std::collections::BTreeMap;

use trunkline_database::Json;
use trunkline_domain::customer::{self, ConsentState};
use trunkline_domain::words::{Channel, Purpose};
use trunkline_domain::{Event, call, interaction, task};
use trunkline_kernel::{
    AgentId, CallId, CustomerId, Id, InteractionId, Personal, Recorded, TaskId, Timestamp,
};
use uuid::Uuid;

use super::{ConsentRow, CustomerRow, IdentifierRow, InteractionRow, Score, TimelineKind, TimelineRow};
use crate::fold::{Fold, Keyed, Put, Store, Unfoldable};
use crate::words::As;

/// The rows in memory.
#[derive(Default)]
pub struct Customer360 {
    customers: Keyed<CustomerId, CustomerRow>,
    interactions: Keyed<InteractionId, InteractionRow>,
    identifiers: Put<(CustomerId, Uuid), IdentifierRow>,
    consents: Put<(CustomerId, As<Purpose>, As<Channel>), ConsentRow>,
    timeline: Put<(CustomerId, Timestamp, Uuid), TimelineRow>,
}

impl Fold for Customer360 {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        if let Event::Interaction(_) = event
            && let Some(id) = recorded.stream.id::<InteractionId>()
        {
            if recorded.version.0 == 1 { self.interactions.want_new(id) } else { self.interactions.want(id) }
        }
        match recorded.about::<CustomerId>() {
            Some(id) if recorded.version.0 == 1 && matches!(event, Event::Customer(_)) => {
                self.customers.want_new(id)
            }
            Some(id) => self.customers.want(id),
            None => {}
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        match event {
            Event::Customer(event) => self.customer(recorded, event),
            Event::Call(event) => self.call(recorded, event),
            Event::Interaction(event) => self.interaction(recorded, event),
            Event::Task(event) => self.task(recorded, event),
            Event::Access(_)
            | Event::AccessPolicy(_)
            | Event::Agent(_)
            | Event::Alert(_)
            | Event::Campaign(_)
            | Event::Command(_)
            | Event::Contact(_)
            | Event::Decision(_)
            | Event::Grant(_)
            | Event::Identifier(_)
            | Event::Listing(_)
            | Event::Model(_)
            | Event::Demand(_)
            | Event::Dialer(_)
            | Event::Lead(_)
            | Event::Recording(_)
            | Event::Reservation(_)
            | Event::RightsRequest(_)
            | Event::Routing(_)
            | Event::Token(_) => Ok(()),
        }
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![
            &mut self.customers,
            &mut self.interactions,
            &mut self.identifiers,
            &mut self.consents,
            &mut self.timeline,
        ]
    }
}

impl Customer360 {
    fn customer(&mut self, recorded: &Recorded, event: &customer::Event) -> Result<(), Unfoldable> {
        use customer::Event as E;
        let id: CustomerId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "customer" })?;
        let at = recorded.event.occurred_at;
        if let E::Registered(registered) = event {
            let mut row = unknown(id, recorded);
            row.kind = As(registered.kind);
            profile(&mut row, &registered.profile);
            self.customers.insert(id, row);
            return Ok(());
        }
        let row = self.customers.expect(id)?;
        row.changed_at = row.changed_at.max(at);
        row.position = recorded.position;
        match event {
            E::Registered(_) => {}
            E::ProfileChanged(changed) => profile(row, &changed.changes),
            E::FeaturesRecorded(recorded) => row.features.0.extend(recorded.features.clone()),
            E::OwnerAssigned(assigned) => (row.owner_id, row.owner_since) = (Some(assigned.agent), Some(at)),
            E::OwnerReleased(_) => (row.owner_id, row.owner_since) = (None, None),
            E::Scored(scored) => score(row, scored, at),
            E::InsightRecorded(recorded) => {
                row.insight = Some(Json(recorded.insight.clone()));
                row.insight_at = Some(at);
                row.insight_interaction_id = recorded.interaction;
            }
            E::IdentifierLinked(linked) => {
                let claim = linked.claim.uuid();
                let row = IdentifierRow {
                    customer_id: id,
                    identifier_id: claim,
                    kind: As(linked.kind),
                    value: Some(linked.value.clone()),
                    linked_at: at,
                    position: recorded.position,
                };
                self.identifiers.put((id, claim), row);
            }
            E::AutomatedDecisionsRefused(_) => row.refuses_automated_decisions = true,
            E::AutomatedDecisionsAllowed(_) => row.refuses_automated_decisions = false,
            E::Erased(_) => erase(row, at),
            E::IdentifierUnlinked(unlinked) => self.identifiers.remove((id, unlinked.claim.uuid())),
            E::ConsentGranted(_)
            | E::ConsentWithdrawn(_)
            | E::ConsentSuppressed(_)
            | E::ConsentExpired(_) => {
                self.consent(id, recorded, event);
            }
        }
        Ok(())
    }

    fn consent(&mut self, id: CustomerId, recorded: &Recorded, event: &customer::Event) {
        use customer::Event as E;
        let (purpose, channel, state, evidence, until, reason) = match event {
            E::ConsentGranted(e) => {
                (e.purpose, e.channel, ConsentState::Granted, Some(e.evidence.clone()), e.expires_at, None)
            }
            E::ConsentWithdrawn(e) => {
                (e.purpose, e.channel, ConsentState::Withdrawn, None, None, e.reason.clone())
            }
            E::ConsentSuppressed(e) => (
                e.purpose,
                e.channel,
                ConsentState::Suppressed,
                None,
                e.until,
                Some(Personal::Open(e.rule.clone())),
            ),
            E::ConsentExpired(e) => (e.purpose, e.channel, ConsentState::Expired, None, None, None),
            E::Registered(_)
            | E::IdentifierLinked(_)
            | E::IdentifierUnlinked(_)
            | E::ProfileChanged(_)
            | E::FeaturesRecorded(_)
            | E::OwnerAssigned(_)
            | E::OwnerReleased(_)
            | E::Scored(_)
            | E::InsightRecorded(_)
            | E::AutomatedDecisionsRefused(_)
            | E::AutomatedDecisionsAllowed(_)
            | E::Erased(_) => return,
        };
        let row = ConsentRow {
            customer_id: id,
            purpose: As(purpose),
            channel: As(channel),
            state: As(state),
            evidence,
            until,
            reason,
            since: recorded.event.occurred_at,
            position: recorded.position,
        };
        self.consents.put((id, As(purpose), As(channel)), row);
    }

    fn call(&mut self, recorded: &Recorded, event: &call::Event) -> Result<(), Unfoldable> {
        use call::Event as E;
        let Some(customer) = recorded.event.tags.id::<CustomerId>() else { return Ok(()) };
        let at = recorded.event.occurred_at;
        match event {
            E::Created(created) => {
                let call: CallId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "call" })?;
                let mut entry = entry(customer, recorded, call.uuid(), TimelineKind::Call);
                (entry.channel, entry.direction) = (Some(As(Channel::Call)), Some(As(created.direction)));
                self.timeline.put((customer, at, call.uuid()), entry);
                if let Some(row) = self.customers.change(customer) {
                    row.calls += 1;
                    row.last_call_id = Some(call);
                    row.position = recorded.position;
                }
            }
            E::Bridged(bridged) => {
                if let Some(row) = self.customers.change(customer) {
                    row.calls_answered += 1;
                    row.position = recorded.position;
                    contact(row, at, Channel::Call, bridged.agent);
                }
            }
            E::Suppressed(_)
            | E::Dialed(_)
            | E::Rang(_)
            | E::Answered(_)
            | E::Classified(_)
            | E::Queued(_)
            | E::Held(_)
            | E::Resumed(_)
            | E::Ended(_) => {}
            E::Dispositioned(said) => {
                if let Some(row) = self.customers.change(customer) {
                    row.position = recorded.position;
                    outcome(row, said, at);
                }
            }
        }
        Ok(())
    }

    fn interaction(&mut self, recorded: &Recorded, event: &interaction::Event) -> Result<(), Unfoldable> {
        let id: InteractionId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "interaction" })?;
        let at = recorded.event.occurred_at;
        match event {
            interaction::Event::Recorded(said) => {
                let row = InteractionRow {
                    interaction_id: id,
                    customer_id: said.customer,
                    channel: As(said.channel),
                    direction: As(said.direction),
                    agent_id: said.agent,
                    call_id: said.call,
                    subject: said.subject.clone(),
                    body: said.text.clone(),
                    attributes: Json(said.attributes.clone()),
                    insight: None,
                    occurred_at: at,
                    position: recorded.position,
                };
                self.interactions.insert(id, row);
                let mut entry = entry(said.customer, recorded, id.uuid(), TimelineKind::Interaction);
                (entry.channel, entry.direction) = (Some(As(said.channel)), Some(As(said.direction)));
                self.timeline.put((said.customer, at, id.uuid()), entry);
                if let Some(row) = self.customers.change(said.customer) {
                    row.interactions += 1;
                    row.position = recorded.position;
                    contact(row, at, said.channel, said.agent);
                }
            }
            interaction::Event::Annotated(annotated) => {
                let row = self.interactions.expect(id)?;
                row.insight = Some(Json(annotated.insight.clone()));
                row.position = recorded.position;
            }
        }
        Ok(())
    }

    fn task(&mut self, recorded: &Recorded, event: &task::Event) -> Result<(), Unfoldable> {
        use task::Event as E;
        let Some(customer) = recorded.event.tags.id::<CustomerId>() else { return Ok(()) };
        match event {
            E::Opened(_) => {
                let task: TaskId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "task" })?;
                let entry = entry(customer, recorded, task.uuid(), TimelineKind::Task);
                self.timeline.put((customer, recorded.event.occurred_at, task.uuid()), entry);
                if let Some(row) = self.customers.change(customer) {
                    row.tasks += 1;
                    row.tasks_open += 1;
                    row.position = recorded.position;
                }
            }
            E::Completed(_) | E::Cancelled(_) | E::Died(_) => {
                if let Some(row) = self.customers.change(customer) {
                    row.tasks_open -= 1;
                    row.position = recorded.position;
                }
            }
            E::Reserved(_)
            | E::Released(_)
            | E::Assigned(_)
            | E::Started(_)
            | E::Blocked(_)
            | E::Unblocked(_)
            | E::AttemptFailed(_)
            | E::FlaggedStuck(_)
            | E::Unflagged(_)
            | E::Rescheduled(_) => {}
        }
        Ok(())
    }
}

/// A customer of whom nothing is known yet.
fn unknown(id: CustomerId, recorded: &Recorded) -> CustomerRow {
    CustomerRow {
        customer_id: id,
        kind: As(customer::CustomerKind::Person),
        name: None,
        language: None,
        region: None,
        time_zone: None,
        industry: None,
        scale: None,
        attributes: Json(BTreeMap::new()),
        features: Json(BTreeMap::new()),
        owner_id: None,
        owner_since: None,
        scores: Json(Vec::new()),
        insight: None,
        insight_at: None,
        insight_interaction_id: None,
        refuses_automated_decisions: false,
        erased_at: None,
        calls: 0,
        calls_answered: 0,
        interactions: 0,
        tasks: 0,
        tasks_open: 0,
        first_contact_at: None,
        last_contact_at: None,
        last_contact_channel: None,
        last_agent_id: None,
        last_call_id: None,
        sales: 0,
        last_outcome: None,
        last_outcome_at: None,
        registered_at: recorded.event.occurred_at,
        changed_at: recorded.event.occurred_at,
        position: recorded.position,
    }
}

fn profile(row: &mut CustomerRow, changes: &customer::Profile) {
    let customer::Profile { name, language, region, time_zone, industry, scale, attributes } = changes;
    if name.is_some() {
        row.name.clone_from(name);
    }
    for (field, change) in [
        (&mut row.language, language),
        (&mut row.region, region),
        (&mut row.time_zone, time_zone),
        (&mut row.industry, industry),
        (&mut row.scale, scale),
    ] {
        if change.is_some() {
            field.clone_from(change);
        }
    }
    row.attributes.0.extend(attributes.clone());
}

/// Leaves what counts need, and nothing that describes the person.
fn erase(row: &mut CustomerRow, at: Timestamp) {
    row.erased_at = Some(at);
    row.name = row.name.as_ref().map(|_| Personal::Erased);
    for field in [&mut row.language, &mut row.region, &mut row.time_zone, &mut row.industry, &mut row.scale] {
        *field = None;
    }
    row.attributes.0.clear();
    row.features.0.clear();
    row.scores.0.clear();
    row.last_outcome = None;
    (row.insight, row.insight_interaction_id) = (None, None);
}

fn score(row: &mut CustomerRow, scored: &customer::Scored, at: Timestamp) {
    let customer::Scored { model, score, product, campaign, contributions } = scored.clone();
    let latest = Score { model, score, product, campaign, contributions, at };
    let scores = &mut row.scores.0;
    scores
        .retain(|s| (&s.model, &s.product, s.campaign) != (&latest.model, &latest.product, latest.campaign));
    scores.push(latest);
}

/// Events can come late, so the first and the last contact are judged by event time.
fn contact(row: &mut CustomerRow, at: Timestamp, channel: Channel, agent: Option<AgentId>) {
    row.first_contact_at = Some(row.first_contact_at.map_or(at, |first| first.min(at)));
    if row.last_contact_at.is_none_or(|last| last <= at) {
        row.last_contact_at = Some(at);
        row.last_contact_channel = Some(As(channel));
        row.last_agent_id = agent.or(row.last_agent_id);
    }
}

/// What came of a call; the last one by event time stands.
fn outcome(row: &mut CustomerRow, said: &call::Dispositioned, at: Timestamp) {
    row.sales += i64::from(said.sale);
    if row.last_outcome_at.is_none_or(|last| last <= at) {
        (row.last_outcome, row.last_outcome_at) = (Some(said.disposition.clone()), Some(at));
    }
}

fn entry(customer_id: CustomerId, recorded: &Recorded, entry_id: Uuid, kind: TimelineKind) -> TimelineRow {
    TimelineRow {
        customer_id,
        occurred_at: recorded.event.occurred_at,
        entry_id,
        kind: As(kind),
        channel: None,
        direction: None,
        position: recorded.position,
    }
}
