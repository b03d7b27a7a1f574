//! One agent, as far as routing looks.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_domain::agent::{self, Presence};
use trunkline_kernel::{Millis, Position, State as _, Timestamp};
use trunkline_routing::features::{Value, Values};

use crate::achievements::Achieved;
use crate::terms::Terms;

/// An agent, as far as routing looks.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) position: Position,
    pub(super) presence: Presence,
    pub(super) since: Timestamp,
    pub(super) team: Option<String>,
    pub(super) skills: BTreeMap<String, u8>,
    pub(super) languages: BTreeSet<String>,
    /// How many tasks at once.
    pub(super) capacity: u16,
    pub(super) terms: Terms,
    pub(super) achieved: Achieved,
    /// The same as figures for the vector, drawn towards the team's mean.
    pub(super) figures: Values,
    /// How long of the day went to contacts, and how long was spent waiting for one.
    pub(super) busy: Millis,
    pub(super) idle: Millis,
}

impl Known {
    pub(super) fn new() -> Self {
        Self {
            position: Position::START,
            presence: Presence::Offline,
            since: Timestamp::from_micros(0),
            team: None,
            skills: BTreeMap::new(),
            languages: BTreeSet::new(),
            capacity: 1,
            terms: Terms::default(),
            achieved: Achieved::default(),
            figures: Values::new(),
            busy: Millis::ZERO,
            idle: Millis::ZERO,
        }
    }

    /// Who the agent is; gives whether that changed.
    pub(super) fn describe(&mut self, event: &agent::Event) -> bool {
        if let agent::Event::Registered(registered) = event {
            self.team.clone_from(&registered.team);
            self.skills.clone_from(&registered.skills);
            self.languages.clone_from(&registered.languages);
            self.capacity = registered.capacity;
            self.terms = Terms::new(&registered.licences, &registered.shifts);
            return true;
        }
        let agent::Event::ProfileChanged(changed) = event else { return false };
        if changed.team.is_some() {
            self.team.clone_from(&changed.team);
        }
        if let Some(skills) = &changed.skills {
            self.skills.clone_from(skills);
        }
        if let Some(languages) = &changed.languages {
            self.languages.clone_from(languages);
        }
        self.capacity = changed.capacity.unwrap_or(self.capacity);
        self.terms.change(changed.licences.as_ref(), changed.shifts.as_deref());
        true
    }

    /// What the agent does.
    pub(super) fn step(&mut self, event: &agent::Event, at: Timestamp) {
        let next = Presence::MACHINE.step(self.presence, event.verb()).unwrap_or(self.presence);
        if next == self.presence {
            return;
        }
        let spent = at.since(self.since).0.max(0);
        if on_contacts(self.presence) {
            self.busy.0 += spent;
        } else if self.presence == Presence::Available {
            self.idle.0 += spent;
        }
        if next == Presence::Offline {
            (self.busy, self.idle) = (Millis::ZERO, Millis::ZERO);
        }
        // A clock that went back must not make somebody idle in the future.
        (self.presence, self.since) = (next, self.since.max(at));
    }

    /// The same for the vector.
    pub(super) fn load(&self) -> Value {
        Value::Number(self.occupancy().into())
    }

    /// The share of the time that went to contacts.
    #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
    pub(super) fn occupancy(&self) -> f32 {
        let both = self.busy.0 + self.idle.0;
        if both == 0 { 0.0 } else { (self.busy.0 as f64 / both as f64) as f32 }
    }
}

/// What counts as time on contacts; ringing is neither that nor idleness.
pub(super) fn on_contacts(presence: Presence) -> bool {
    matches!(presence, Presence::Talking | Presence::Holding | Presence::Wrapping)
}
