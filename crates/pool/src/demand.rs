//! The demand as this server sees it: how often calls of watched kinds come, and what that adds to a match.

use parking_lot::Mutex;
use serde::Deserialize;
use trunkline_domain::demand::Shifted;
use trunkline_domain::{call, demand};
use trunkline_kernel::{Recorded, Timestamp, UnknownEvent};
use trunkline_routing::matching::Emphasis;
use trunkline_routing::{Surge, Watch};

use crate::Features;

/// The most kinds that are watched.
const WATCHES_MAX: usize = 50;
/// Amounts move in steps of one by so many, so that a surge is some events and not one a second.
const STEPS: f64 = 50.0;
/// What is followed beside agents and work, where anything is watched.
pub(crate) const FOLLOWED: [&str; 2] = ["call.created", "demand.shifted"];

/// A declaration of watches cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWatches {
    /// It is not of the form.
    #[error("the declaration of watches cannot be read")]
    Form(#[from] toml::de::Error),
    /// Too many.
    #[error("{0} kinds are watched; at most {WATCHES_MAX} can be")]
    TooMany(usize),
    /// It is nothing that calls and agents have.
    #[error(
        "{0:?} cannot be watched: it takes product=NAME or industry=NAME, a column of customers and of agents"
    )]
    Column(String),
    /// A number has no possible meaning.
    #[error(
        "the watch of {0:?}: usualPerHour and halfLife take more than 0, fromRatio more than 1, amountMax 0 to 1"
    )]
    Number(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    #[serde(default)]
    watch: Vec<Watch>,
}

/// What is watched.
#[derive(Clone, Debug, Default)]
pub struct Watches(Vec<Watched>);

#[derive(Clone, Debug)]
struct Watched {
    watch: Watch,
    customer_column: usize,
    agent_column: usize,
}

impl Watches {
    /// Reads a declaration; docs/routing.md has the form.
    ///
    /// # Errors
    /// When it is not one, or watches what there is not.
    pub fn read(text: &str, features: &Features) -> Result<Self, InvalidWatches> {
        let Declaration { watch: watches } = toml::from_str(text)?;
        if watches.len() > WATCHES_MAX {
            return Err(InvalidWatches::TooMany(watches.len()));
        }
        let watched = |watch: Watch| {
            let name = watch.column.clone();
            let known = name.starts_with("product=") || name.starts_with("industry=");
            let columns = features.customer.column(&name).zip(features.agent.column(&name));
            let Some((customer_column, agent_column)) = columns.filter(|_| known) else {
                return Err(InvalidWatches::Column(name));
            };
            let possible = watch.usual_per_hour > 0.0
                && watch.half_life.0 > 0
                && watch.from_ratio > 1.0
                && (0.0..=1.0).contains(&watch.amount_max);
            if possible {
                Ok(Watched { watch, customer_column, agent_column })
            } else {
                Err(InvalidWatches::Number(name))
            }
        };
        watches.into_iter().map(watched).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is watched.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What was seen, and what the log says that counts for more.
#[derive(Debug)]
pub(crate) struct Demand {
    watches: Watches,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    surge: Surge,
    /// What the log says, as far as this server knows.
    amount: Option<f64>,
}

impl Demand {
    /// Nobody came until now.
    pub(crate) fn new(watches: Watches) -> Self {
        let seen =
            vec![Seen { surge: Surge::from(Timestamp::from_micros(0)), amount: None }; watches.0.len()];
        Self { watches, seen: Mutex::new(seen) }
    }

    /// Whether nothing is watched.
    pub(crate) fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// Takes note of a call that came, and of a change that a server made.
    pub(crate) fn take(&self, recorded: &Recorded) -> Result<(), UnknownEvent> {
        match recorded.event.event_type.as_str() {
            "call.created" if !self.is_empty() => {
                for event in trunkline_domain::decode_as::<call::Event>(recorded)? {
                    if let call::Event::Created(created) = event {
                        self.came(&created, recorded.event.occurred_at);
                    }
                }
            }
            "demand.shifted" => {
                for demand::Event::Shifted(shifted) in trunkline_domain::decode_as::<demand::Event>(recorded)?
                {
                    self.note(&shifted);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn came(&self, created: &call::Created, at: Timestamp) {
        let is = |column: &str| {
            let named = |prefix: &str, value: Option<&String>| {
                column.strip_prefix(prefix).is_some_and(|name| value.is_some_and(|value| value == name))
            };
            named("product=", created.product.as_ref()) || named("industry=", created.industry.as_ref())
        };
        for (watched, seen) in self.watches.0.iter().zip(self.seen.lock().iter_mut()) {
            if is(&watched.watch.column) {
                seen.surge.observe(&watched.watch, at);
            }
        }
    }

    /// From now on this holds.
    pub(crate) fn note(&self, shifted: &Shifted) {
        for (watched, seen) in self.watches.0.iter().zip(self.seen.lock().iter_mut()) {
            if watched.watch.column == shifted.column {
                seen.amount = Some(shifted.amount);
            }
        }
    }

    /// What has to change, by what was seen.
    pub(crate) fn due(&self, now: Timestamp) -> Vec<Shifted> {
        let seen = self.seen.lock();
        let due = self.watches.0.iter().zip(seen.iter()).filter_map(|(Watched { watch, .. }, seen)| {
            let amount = (f64::from(seen.surge.amount(watch, now)) * STEPS).round() / STEPS;
            (seen.amount != Some(amount)).then(|| Shifted {
                column: watch.column.clone(),
                amount,
                per_hour: seen.surge.per_hour(watch, now),
                usual_per_hour: watch.usual_per_hour,
            })
        });
        due.collect()
    }

    /// What counts for more now.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number from 0 to 1; decisions are in single precision"
    )]
    pub(crate) fn emphasis(&self) -> Vec<Emphasis> {
        let seen = self.seen.lock();
        let of = self.watches.0.iter().zip(seen.iter()).filter_map(|(watched, seen)| {
            let amount = seen.amount.filter(|amount| *amount > 0.0)? as f32;
            let Watched { customer_column, agent_column, .. } = *watched;
            Some(Emphasis { customer_column, agent_column, amount })
        });
        of.collect()
    }
}

#[cfg(test)]
mod tests {
    use trunkline_domain::words::Direction;
    use trunkline_kernel::Millis;

    use super::*;

    const WATCH: &str = "[[watch]]\ncolumn = \"industry=零售\"\nusualPerHour = 30.0\nhalfLife = 900000\n\
                         fromRatio = 2.0\namountMax = 0.3\n";

    fn watches(text: &str) -> Result<Watches, InvalidWatches> {
        Watches::read(text, &Features::standard().unwrap())
    }

    fn created(industry: &str) -> call::Created {
        let mut created: call::Created = serde_json::from_value(serde_json::json!({
            "direction": Direction::Inbound, "industry": industry, "attributes": {}
        }))
        .unwrap();
        created.product = None;
        created
    }

    #[test]
    fn a_surge_raises_its_specialists_in_steps_and_fades() {
        let demand = Demand::new(watches(WATCH).unwrap());
        let start = Timestamp::from_millis(1_769_850_000_000);
        assert_eq!(demand.due(start)[0].amount, 0.0, "what the log says is not known yet");
        demand.note(&demand.due(start)[0]);
        assert!(demand.due(start).is_empty() && demand.emphasis().is_empty());
        for second in 0..900 {
            let at = start.plus(Millis::from_secs(second));
            demand.came(&created(if second % 10 == 0 { "零售" } else { "教育" }), at);
        }
        let end = start.plus(Millis::from_mins(15));
        let [shifted] = demand.due(end).try_into().unwrap();
        assert!(shifted.amount > 0.25 && shifted.amount <= 0.3 && shifted.per_hour > 100.0, "{shifted:?}");
        assert_eq!((shifted.amount * STEPS).fract(), 0.0);
        demand.note(&shifted);
        assert!(demand.due(end.plus(Millis::from_secs(1))).is_empty(), "a step, not a trickle");
        assert_eq!(demand.emphasis().len(), 1);
        let later = demand.due(end.plus(Millis::from_mins(120)));
        assert_eq!(later[0].amount, 0.0, "it fades");
    }

    #[test]
    fn what_cannot_be_watched_is_refused_with_the_reason() {
        let refused = |from: &str, to: &str| watches(&WATCH.replace(from, to)).unwrap_err().to_string();
        assert!(refused("零售", "航天").contains("industry=航天"));
        assert!(refused("industry=零售", "language=en").contains("product=NAME or industry=NAME"));
        assert!(refused("fromRatio = 2.0", "fromRatio = 1.0").contains("fromRatio more than 1"));
        assert!(refused("amountMax", "amount").contains("cannot be read"));
        assert!(matches!(watches(&WATCH.repeat(51)), Err(InvalidWatches::TooMany(51))));
        assert!(watches("").unwrap().is_empty());
    }
}
