//! The work for which an agent is wanted, as this server follows it in the log.

use std::collections::HashMap;

use tokio::sync::oneshot;
use trunkline_domain::routing::Event;
use trunkline_domain::words::Work;
use trunkline_kernel::{CallId, LeadId, Position, Recorded, RoutingId, TaskId, Timestamp};

/// One piece of work for which an agent is wanted.
#[derive(Debug)]
pub(crate) struct Wait {
    pub(crate) work: Work,
    pub(crate) priority: u8,
    pub(crate) offers: u16,
    pub(crate) since: Timestamp,
    /// Not tried again before, because somebody else was at it.
    pub(crate) not_before: Timestamp,
    /// How much of the log is known of it.
    heard: Position,
    /// Whether a round is at it.
    under_way: bool,
    /// The turn in which it was tried last.
    tried: Option<u64>,
    /// Who wants to be told that it was tried.
    told: Vec<oneshot::Sender<()>>,
}

impl Wait {
    fn new(work: Work, priority: u8, offers: u16, since: Timestamp, heard: Position) -> Self {
        let (under_way, tried, told) = (false, None, Vec::new());
        Self { work, priority, offers, since, not_before: since, heard, under_way, tried, told }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    works: HashMap<RoutingId, Wait>,
    /// What this server has offered and the log has not yet told of, and with which position: older news of it is no
    /// news.
    ahead: HashMap<RoutingId, Position>,
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
            let asked = match event {
                Event::Requested(requested) => Some((requested.work, requested.priority, requested.offers)),
                // What was asked for is looked up when it is tried.
                Event::Lapsed(_) => work_of(recorded).map(|work| (work, 0, 1)),
                Event::Offered(_) | Event::Assigned(_) | Event::Ended(_) => {
                    self.ahead.remove(&id);
                    self.remove(id);
                    None
                }
                Event::Declined(_) => None,
            };
            if let Some((work, priority, offers)) = asked
                && self.ahead.get(&id).is_none_or(|known| *known < recorded.position)
            {
                let asked = Wait::new(work, priority, offers, recorded.event.occurred_at, recorded.position);
                self.put(id, asked);
                new = true;
            }
        }
        Ok(new)
    }

    fn put(&mut self, id: RoutingId, asked: Wait) {
        let before = self.works.remove(&id);
        let under_way = before.as_ref().is_some_and(|wait| wait.under_way);
        let told = before.map_or_else(Vec::new, |wait| wait.told);
        self.works.insert(id, Wait { under_way, told, ..asked });
    }

    /// Everything can be tried again.
    pub(crate) fn next_turn(&mut self) {
        self.turn += 1;
    }

    /// The most urgent work that was not tried in this turn and that no round is at, with so many offers together at most,
    /// and one piece in any case. A round is at it from now on, until [`Waiting::put_back`].
    pub(crate) fn take_up(
        &mut self,
        now: Timestamp,
        works_max: usize,
        offers_max: usize,
    ) -> Vec<(RoutingId, Work)> {
        let turn = self.turn;
        let open = |wait: &&Wait| {
            !wait.under_way && wait.not_before <= now && wait.tried.is_none_or(|tried| tried < turn)
        };
        let mut open: Vec<(&RoutingId, &Wait)> = self.works.iter().filter(|(_, wait)| open(wait)).collect();
        open.sort_unstable_by_key(|(id, wait)| (std::cmp::Reverse(wait.priority), wait.since, **id));
        let mut offers = 0;
        let fits = |(place, (_, wait)): &(usize, (&RoutingId, &Wait))| {
            offers += usize::from(wait.offers);
            *place == 0 || offers <= offers_max
        };
        let taken: Vec<(RoutingId, Work)> = open
            .into_iter()
            .take(works_max)
            .enumerate()
            .take_while(fits)
            .map(|(_, (id, wait))| (*id, wait.work))
            .collect();
        for (id, _) in &taken {
            if let Some(wait) = self.works.get_mut(id) {
                wait.under_way = true;
            }
        }
        taken
    }

    /// No round is at it any more.
    pub(crate) fn put_back(&mut self, works: &[(RoutingId, Work)]) {
        for (id, _) in works {
            if let Some(wait) = self.works.get_mut(id) {
                wait.under_way = false;
            }
        }
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

    /// It was offered, with the log at that position. What is known from later on stays.
    pub(crate) fn offered(&mut self, id: RoutingId, position: Position) {
        if self.works.get(&id).is_some_and(|wait| wait.heard <= position) {
            self.ahead.insert(id, position);
            self.remove(id);
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
            self.put(id, Wait::new(work, priority, offers, now, Position::START));
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
