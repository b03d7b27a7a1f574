//! Seeded events as a contact centre writes them: customers, agents on shift, campaigns with their leads, calls out
//! and in, conversations on other channels and tasks. The same seed gives the same events, ids included, so that
//! two stores can be compared row by row. For tests and benchmarks only.

mod agents;
mod calls;
mod customers;
mod source;
mod tasks;

use trunkline_kernel::{AgentId, CampaignId, CustomerId, LeadId, Timestamp};
use trunkline_log::Append;

use source::{Source, Story};

/// How large the contact centre is, so that its size does not depend on how many events are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Agents on shift.
    pub agents: usize,
    /// Campaigns that run.
    pub campaigns: usize,
    /// Of 100 stories, how many bring a new customer.
    pub newcomers: u32,
}

impl Default for Size {
    /// 150 agents, 12 campaigns, every fourth story a new customer.
    fn default() -> Self {
        Self { agents: 150, campaigns: 12, newcomers: 25 }
    }
}

/// A customer with the lead that is still open, if there is one.
#[derive(Clone, Copy, Debug)]
struct Known {
    customer: CustomerId,
    lead: Option<(LeadId, CampaignId)>,
}

/// A contact centre that never closes. Each story is appended whole, its streams without expectation.
#[derive(Debug)]
pub struct Workload {
    source: Source,
    size: Size,
    opening: Option<Append>,
    held: Option<Append>,
    agents: Vec<AgentId>,
    campaigns: Vec<CampaignId>,
    customers: Vec<Known>,
    turn: usize,
}

impl Workload {
    /// The same contact centre for the same seed. `start` is the event time of its first event.
    pub fn new(seed: u64, start: Timestamp, size: Size) -> Self {
        let mut source = Source::new(seed, start);
        let mut story = source.story();
        let agents: Vec<AgentId> =
            (0..size.agents).map(|number| agents::hire(&mut source, &mut story, number)).collect();
        let campaigns =
            (0..size.campaigns).map(|number| customers::campaign(&mut source, &mut story, number)).collect();
        let opening = Some(story.append());
        Self { source, size, opening, held: None, agents, campaigns, customers: Vec::new(), turn: 0 }
    }

    /// The next story, 1 to 20 events long; the very first one opens the place and is longer.
    pub fn story(&mut self) -> Append {
        if let Some(opening) = self.opening.take() {
            return opening;
        }
        self.source.pause();
        let mut story = self.source.story();
        if self.customers.is_empty() || self.source.chance(self.size.newcomers) {
            let known = customers::arrive(&mut self.source, &mut story, &self.campaigns);
            self.customers.push(known);
        } else {
            self.return_of_a_customer(&mut story);
        }
        story.append()
    }

    fn return_of_a_customer(&mut self, story: &mut Story) {
        let at = self.source.below(self.customers.len());
        // The agent who has been free for longest.
        self.turn = (self.turn + 1) % self.agents.len();
        let agent = self.agents[self.turn];
        let known = self.customers[at];
        match self.source.below(100) {
            0..40 => match known.lead {
                Some((lead, campaign)) => {
                    let over =
                        calls::outbound(&mut self.source, story, known.customer, lead, campaign, agent);
                    if over {
                        self.customers[at].lead = None;
                    }
                }
                None => calls::inbound(&mut self.source, story, known.customer, agent),
            },
            40..60 => calls::inbound(&mut self.source, story, known.customer, agent),
            60..80 => tasks::interaction(&mut self.source, story, known.customer, agent),
            80..93 => tasks::task(&mut self.source, story, known.customer, agent),
            _ => customers::change(&mut self.source, story, known.customer, agent),
        }
    }

    /// Several stories in one append of at most `events` events and `streams` streams, for filling a log quickly.
    /// Each stream keeps its order; the order between streams is that of their first event.
    pub fn stories_at_once(&mut self, events: usize, streams: usize) -> Append {
        let mut all = self.held.take().unwrap_or_else(|| self.story());
        loop {
            let next = self.story();
            let count = all.event_count() + next.event_count();
            let fresh =
                next.writes.iter().filter(|write| !all.writes.iter().any(|w| w.stream == write.stream));
            if count > events || all.writes.len() + fresh.count() > streams {
                self.held = Some(next);
                return all;
            }
            for write in next.writes {
                match all.writes.iter_mut().find(|known| known.stream == write.stream) {
                    Some(known) => known.events.extend(write.events),
                    None => all.writes.push(write),
                }
            }
        }
    }

    /// As many whole stories as make up at least `events` events.
    pub fn stories(&mut self, events: usize) -> Vec<Append> {
        let (mut stories, mut count) = (Vec::new(), 0);
        while count < events {
            let story = self.story();
            count += story.event_count();
            stories.push(story);
        }
        stories
    }
}
