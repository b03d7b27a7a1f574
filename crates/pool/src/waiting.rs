//! The work for which an agent is wanted, as this server follows it in the log.

use std::collections::HashMap;

use tokio::sync::oneshot;
use trunkline_domain::routing::Event;
use trunkline_domain::words::Work;
use trunkline_kernel::{CallId, LeadId, Recorded, RoutingId, TaskId, Timestamp};

/// One piece of work for which an agent is wanted.
#[derive(Debug)]
pub(crate) struct Wait {
    pub(crate) work: Work,
    pub(crate) priority: u8,
    pub(crate) offers: u16,
    pub(crate) since: Timestamp,
    /// Not tried again before, because somebody else was at it.
    pub(crate) not_before: Timestamp,
    /// The turn in which it was tried last.
    tried: Option<u64>,
    /// Who wants to be told that it was tried.
    told: Vec<oneshot::Sender<()>>,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    works: HashMap<RoutingId, Wait>,
    /// Counts the moments at which something changed that gives all work another chance.
    turn: u64,
}

impl Waiting {
    /// Takes note of an event. Gives whether there is something new to try.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn take(&mut self, recorded: &Recorded) -> Result<bool, trunkline_kernel::UnknownEvent> {
        let Some(id) = recorded.stream.id::<RoutingId>() else { return Ok(false) };
        let mut new = false;
        for event in trunkline_domain::decode_as::<Event>(recorded)? {
            match event {
                Event::Requested(requested) => {
                    let (work, priority, offers) = (requested.work, requested.priority, requested.offers);
                    self.put(id, work, priority, offers, recorded.event.occurred_at);
                    new = true;
                }
                Event::Lapsed(_) => {
                    if let Some(work) = work_of(recorded) {
                        // What was asked for is looked up when it is tried.
                        self.put(id, work, 0, 1, recorded.event.occurred_at);
                        new = true;
                    }
                }
                Event::Offered(_) | Event::Assigned(_) | Event::Ended(_) => self.remove(id),
                Event::Declined(_) => {}
            }
        }
        Ok(new)
    }

    fn put(&mut self, id: RoutingId, work: Work, priority: u8, offers: u16, since: Timestamp) {
        let told = self.works.remove(&id).map_or_else(Vec::new, |wait| wait.told);
        let wait = Wait { work, priority, offers, since, not_before: since, tried: None, told };
        self.works.insert(id, wait);
    }

    /// Everything can be tried again.
    pub(crate) fn next_turn(&mut self) {
        self.turn += 1;
    }

    /// The most urgent work that was not tried in this turn, with so many offers together at most, and one piece in any
    /// case.
    pub(crate) fn most_urgent(
        &self,
        now: Timestamp,
        works_max: usize,
        offers_max: usize,
    ) -> Vec<(RoutingId, Work)> {
        let open = |wait: &&Wait| wait.not_before <= now && wait.tried.is_none_or(|tried| tried < self.turn);
        let mut open: Vec<(&RoutingId, &Wait)> = self.works.iter().filter(|(_, wait)| open(wait)).collect();
        open.sort_unstable_by_key(|(id, wait)| (std::cmp::Reverse(wait.priority), wait.since, **id));
        let mut offers = 0;
        let fits = |(place, (_, wait)): &(usize, (&RoutingId, &Wait))| {
            offers += usize::from(wait.offers);
            *place == 0 || offers <= offers_max
        };
        open.into_iter()
            .take(works_max)
            .enumerate()
            .take_while(fits)
            .map(|(_, (id, wait))| (*id, wait.work))
            .collect()
    }

    /// It was tried, and nobody could be found.
    pub(crate) fn tried(&mut self, id: RoutingId) {
        let turn = self.turn;
        if let Some(wait) = self.works.get_mut(&id) {
            wait.tried = Some(turn);
            wait.told.drain(..).for_each(tell);
        }
    }

    /// Somebody else is at it: it is left alone until then.
    pub(crate) fn leave(&mut self, id: RoutingId, until: Timestamp) {
        if let Some(wait) = self.works.get_mut(&id) {
            wait.not_before = until;
        }
    }

    /// No agent is wanted any more.
    pub(crate) fn remove(&mut self, id: RoutingId) {
        if let Some(wait) = self.works.remove(&id) {
            wait.told.into_iter().for_each(tell);
        }
    }

    /// Learns what was asked for.
    pub(crate) fn learn(&mut self, id: RoutingId, priority: u8, offers: u16, since: Timestamp) {
        if let Some(wait) = self.works.get_mut(&id) {
            (wait.priority, wait.offers, wait.since) = (priority, offers, since);
        }
    }

    /// Is told when the work has been tried; at once when it does not wait.
    pub(crate) fn when_tried(&mut self, id: RoutingId) -> Option<oneshot::Receiver<()>> {
        let turn = self.turn;
        let wait = self.works.get_mut(&id).filter(|wait| wait.tried.is_none_or(|tried| tried < turn))?;
        let (teller, told) = oneshot::channel();
        wait.told.push(teller);
        Some(told)
    }

    /// Puts work in that this server has just been asked for, before the log tells of it.
    pub(crate) fn ask(&mut self, id: RoutingId, work: Work, priority: u8, offers: u16, now: Timestamp) {
        if !self.works.contains_key(&id) {
            self.put(id, work, priority, offers, now);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.works.len()
    }
}

/// Nobody may be listening any more.
fn tell(told: oneshot::Sender<()>) {
    let _ = told.send(());
}

/// The work that an event of its routing names.
fn work_of(recorded: &Recorded) -> Option<Work> {
    let tags = &recorded.event.tags;
    let call = tags.id::<CallId>().map(Work::Call);
    let lead = || tags.id::<LeadId>().map(Work::Lead);
    call.or_else(lead).or_else(|| tags.id::<TaskId>().map(Work::Task))
}
