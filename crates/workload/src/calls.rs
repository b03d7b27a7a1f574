//! Calls, out and in, with what they do to leads and agents.

use std::collections::BTreeMap;

use trunkline_domain::call::{self, Answerer, EndCause};
use trunkline_domain::words::{By, Direction};
use trunkline_domain::{Event, lead};
use trunkline_kernel::{AgentId, CallId, CampaignId, CustomerId, LeadId, Millis, Tag, Timestamp};

use crate::agents;
use crate::customers::INDUSTRIES;
use crate::source::{Source, Story};

/// A call under way: its stream, and whom it concerns.
struct Line {
    call: CallId,
    tags: Vec<Tag>,
}

impl Line {
    fn tell(&self, source: &mut Source, story: &mut Story, event: call::Event) {
        source.tell(story, self.call, &self.tags, Event::Call(event));
    }

    fn tell_lead(&self, source: &mut Source, story: &mut Story, lead: LeadId, event: lead::Event) {
        let others: Vec<Tag> = self.tags.iter().cloned().chain([Tag::of(self.call)]).collect();
        source.tell(story, lead, &others, Event::Lead(event));
    }
}

/// An attempt to reach a lead; gives whether the lead is done.
pub(crate) fn outbound(
    source: &mut Source,
    story: &mut Story,
    customer: CustomerId,
    lead: LeadId,
    campaign: CampaignId,
    agent: AgentId,
) -> bool {
    let call: CallId = source.id();
    let mut line = Line { call, tags: vec![Tag::of(customer), Tag::of(lead), Tag::of(campaign)] };
    let created = call::Created {
        direction: Direction::Outbound,
        customer: Some(customer),
        lead: Some(lead),
        campaign: Some(campaign),
        agent: None,
        number: None,
        number_claim: None,
        number_region: None,
        queue: None,
        product: Some(format!("product_{}", source.below(4))),
        industry: Some(source.one_of(&INDUSTRIES).to_owned()),
        line: None,
        priority: None,
        attributes: BTreeMap::new(),
    };
    line.tell_lead(source, story, lead, lead::Event::Queued(lead::Queued {}));
    line.tell_lead(source, story, lead, lead::Event::Called(lead::Called { call, attempt: 1, number: None }));
    line.tell(source, story, call::Event::Created(created));
    let slot = call::DialSlot { hour: 10, weekend: false, chance: Some(0.25), least: Some(0.3) };
    let dialed = call::Dialed { slot: Some(slot), ..call::Dialed::default() };
    line.tell(source, story, call::Event::Dialed(dialed));
    source.wait(2, 6);
    line.tell(source, story, call::Event::Rang(call::Rang {}));
    source.wait(4, 20);
    if source.chance(55) {
        let cause =
            source.one_of(&[EndCause::NoAnswer, EndCause::Busy, EndCause::NoAnswer, EndCause::InvalidNumber]);
        line.tell(source, story, call::Event::Ended(call::Ended { cause, waited_ms: None }));
        let outcome = lead::AttemptOutcome::NoAnswer;
        line.tell_lead(source, story, lead, lead::Event::Returned(lead::Returned { call, outcome }));
        return false;
    }
    line.tell(source, story, call::Event::Answered(call::Answered {}));
    let answerer = if source.chance(15) { Answerer::Machine } else { Answerer::Human };
    line.tell(source, story, call::Event::Classified(call::Classified { answerer }));
    if answerer == Answerer::Machine {
        line.tell(
            source,
            story,
            call::Event::Ended(call::Ended { cause: EndCause::Machine, waited_ms: None }),
        );
        let outcome = lead::AttemptOutcome::Machine;
        line.tell_lead(source, story, lead, lead::Event::Returned(lead::Returned { call, outcome }));
        return false;
    }
    line.tags.push(Tag::of(agent));
    agents::take(source, story, agent, call);
    line.tell(source, story, call::Event::Bridged(call::Bridged { agent: Some(agent), waited_ms: None }));
    source.wait(20, 300);
    line.tell(
        source,
        story,
        call::Event::Ended(call::Ended { cause: EndCause::AgentHangup, waited_ms: None }),
    );
    agents::finish(source, story, agent, call);
    let sale = source.chance(12);
    dispose(source, story, &line, sale);
    let outcome = if sale { lead::LeadOutcome::Sale } else { lead::LeadOutcome::Declined };
    line.tell_lead(source, story, lead, lead::Event::Finished(lead::Finished { outcome }));
    true
}

/// A customer calls, waits in a queue, and is answered or not.
pub(crate) fn inbound(source: &mut Source, story: &mut Story, customer: CustomerId, agent: AgentId) {
    let call: CallId = source.id();
    let mut line = Line { call, tags: vec![Tag::of(customer)] };
    let queue = format!("service_{}", source.below(3));
    let created = call::Created {
        customer: Some(customer),
        queue: Some(queue.clone()),
        line: Some("A01".to_owned()),
        priority: Some(1),
        attributes: BTreeMap::from([("vru".to_owned(), "AA01".to_owned())]),
        ..call::Created::new(Direction::Inbound)
    };
    line.tell(source, story, call::Event::Created(created));
    line.tell(source, story, call::Event::Answered(call::Answered {}));
    line.tell(source, story, call::Event::Queued(call::Queued { queue, priority: None }));
    let queued: Timestamp = source.now();
    source.wait(0, 90);
    let waited_ms = Some(source.now().since(queued));
    if source.chance(20) {
        line.tell(
            source,
            story,
            call::Event::Ended(call::Ended { cause: EndCause::CustomerHangup, waited_ms }),
        );
        return;
    }
    line.tags.push(Tag::of(agent));
    agents::take(source, story, agent, call);
    line.tell(source, story, call::Event::Bridged(call::Bridged { agent: Some(agent), waited_ms }));
    source.wait(10, 200);
    if source.chance(20) {
        line.tell(source, story, call::Event::Held(call::Held {}));
        source.wait(5, 40);
        line.tell(source, story, call::Event::Resumed(call::Resumed {}));
        source.wait(5, 60);
    }
    line.tell(
        source,
        story,
        call::Event::Ended(call::Ended { cause: EndCause::CustomerHangup, waited_ms: None }),
    );
    agents::finish(source, story, agent, call);
    dispose(source, story, &line, false);
}

fn dispose(source: &mut Source, story: &mut Story, line: &Line, sale: bool) {
    let dispositioned = call::Dispositioned {
        disposition: if sale { "sold" } else { "informed" }.to_owned(),
        right_party: source.chance(90),
        sale,
        do_not_call: source.chance(3),
        callback_at: None,
        note: None,
        by: By::Agent,
        wrap_ms: Some(Millis::from_secs(12)),
    };
    line.tell(source, story, call::Event::Dispositioned(dispositioned));
}
