//! A dial, held against the rules.

use chrono::{Datelike as _, Days, Months, NaiveDate, Timelike as _};
use serde::{Deserialize, Serialize};
use trunkline_kernel::{Millis, Timestamp};

use super::{Check, Consent, Place, Purpose, Rule, RuleBook};
use crate::pacing::Formula;

/// An earlier call of the same person, by any agent in any campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastCall {
    /// When it was dialed.
    pub at: Timestamp,
    /// Whether it reached somebody.
    pub connected: bool,
    /// Whether somebody answered and no agent was there in time.
    pub abandoned: bool,
    /// Whether it was of the campaign that wants to call now.
    pub of_campaign: bool,
}

/// What is known when a call is to be dialed.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// When it is to be dialed.
    pub at: Timestamp,
    /// Where the customer may be.
    pub place: &'a Place,
    /// The country under whose law the campaign is run; its rules hold too.
    pub jurisdiction: &'a str,
    /// What the call is for.
    pub purpose: Purpose,
    /// What the customer said to such calls.
    pub consent: Consent,
    /// Whether the customer is on the company's do-not-call list.
    pub do_not_call: bool,
    /// When the customer last refused further calls.
    pub refused_at: Option<Timestamp>,
    /// Whether the customer asked for a call at this time.
    pub requested: bool,
    /// Whether an agent is free for this very call and stays so: preview and progressive dialing.
    pub agent_guaranteed: bool,
    /// The person's earlier calls.
    pub calls: &'a [PastCall],
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "says", rename_all = "camelCase")]
pub enum Verdict {
    /// The call is in order.
    Permitted,
    /// The call is not in order, until the time given; without one, nothing that time brings changes it.
    #[serde(rename_all = "camelCase")]
    Barred {
        /// From when on the rule would permit it, if nothing else changes.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The call is in order if it rings at least so long.
    Ring {
        /// How long.
        least: Millis,
    },
    /// The call is in order if an agent is there so soon after the greeting.
    Bridge {
        /// How soon.
        within: Millis,
    },
    /// The call is in order while the campaign abandons no greater share.
    #[serde(rename_all = "camelCase")]
    Abandonment {
        /// The share.
        share_max: f64,
        /// How it is counted.
        formula: Formula,
    },
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ruling {
    /// The rule.
    pub rule: String,
    /// Its version.
    pub version: u32,
    /// What it said.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What all rules said that apply. This goes into the dial's event and proves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// When the call was to be dialed.
    pub at: Timestamp,
    /// The time zones in which the customer may be.
    pub zones: Vec<String>,
    /// What each rule said.
    pub rulings: Vec<Ruling>,
}

impl Judgement {
    /// Whether no rule bars the call.
    pub fn is_permitted(&self) -> bool {
        self.barred_by().is_none()
    }

    /// The first rule that bars the call.
    pub fn barred_by(&self) -> Option<&Ruling> {
        self.rulings.iter().find(|ruling| matches!(ruling.verdict, Verdict::Barred { .. }))
    }

    /// When to look again: the latest time until which a rule bars the call; `None` when none does, or one does for
    /// good.
    pub fn again_at(&self) -> Option<Timestamp> {
        let until = |ruling: &Ruling| match ruling.verdict {
            Verdict::Barred { until } => Some(until),
            Verdict::Permitted
            | Verdict::Ring { .. }
            | Verdict::Bridge { .. }
            | Verdict::Abandonment { .. } => None,
        };
        let barred: Option<Vec<Timestamp>> = self.rulings.iter().filter_map(until).collect();
        barred?.into_iter().max()
    }

    /// How long it must ring at least.
    pub fn ring_least(&self) -> Option<Millis> {
        let least =
            |ruling: &Ruling| if let Verdict::Ring { least } = ruling.verdict { Some(least) } else { None };
        self.rulings.iter().filter_map(least).max()
    }

    /// The smallest share of its calls that a rule lets a campaign abandon.
    pub fn abandonment_max(&self) -> Option<f64> {
        let share = |ruling: &Ruling| {
            if let Verdict::Abandonment { share_max, .. } = ruling.verdict { Some(share_max) } else { None }
        };
        self.rulings.iter().filter_map(share).min_by(f64::total_cmp)
    }
}

impl RuleBook {
    /// Holds a dial against every rule that applies.
    pub fn judge(&self, facts: &Facts<'_>) -> Judgement {
        self.judge_with(facts, &[])
    }

    /// Holds a dial against every rule that applies, and a campaign's own.
    pub fn judge_with(&self, facts: &Facts<'_>, own: &[Rule]) -> Judgement {
        let ruling = |rule: &Rule| {
            rule.verdict(facts).map(|verdict| Ruling {
                rule: rule.id.clone(),
                version: rule.version,
                verdict,
            })
        };
        Judgement {
            at: facts.at,
            zones: facts.place.zones(),
            rulings: self.rules().iter().chain(own).filter_map(ruling).collect(),
        }
    }
}

impl Rule {
    /// What the rule says of a dial; `None` when it does not apply: another country, another purpose.
    pub fn verdict(&self, facts: &Facts<'_>) -> Option<Verdict> {
        let here = self.jurisdiction == "*"
            || self.jurisdiction == facts.jurisdiction
            || facts.place.may_be_in(&self.jurisdiction);
        (here && self.asks_of(facts.purpose)).then(|| self.check.verdict(facts))
    }

    /// Whether it holds for calls of this purpose.
    pub fn asks_of(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }
}

/// Permitted, or barred until then.
fn barred_unless(permitted: bool, until: impl FnOnce() -> Option<Timestamp>) -> Verdict {
    if permitted { Verdict::Permitted } else { Verdict::Barred { until: until() } }
}

impl Check {
    fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        let at = facts.at;
        match self {
            Self::PlaceKnown => barred_unless(facts.place.is_known(), || None),
            Self::DoNotCall => barred_unless(!facts.do_not_call, || None),
            Self::Consent => barred_unless(facts.consent == Consent::Granted, || None),
            Self::Withdrawal => barred_unless(facts.consent != Consent::Withdrawn, || None),
            Self::Hours { unless_requested: true, .. } if facts.requested => Verdict::Permitted,
            Self::Hours { .. } | Self::Holidays { .. } => {
                barred_unless(self.opens(facts.place, at), || self.next_opening(facts.place, at))
            }
            Self::Refusal { months } => {
                let until = facts.refused_at.and_then(|refused| months_later(refused, *months));
                barred_unless(until.is_none_or(|until| at >= until), || until)
            }
            Self::Calls { max, days, connected, campaign } => {
                let counts = |call: &&PastCall| {
                    call.at <= at && (call.connected || !connected) && (call.of_campaign || !campaign)
                };
                calls(facts, *max, *days, counts)
            }
            Self::AbandonedRedial { wait } => {
                let abandoned = facts.calls.iter().filter(|call| call.abandoned && call.at <= at);
                let until = abandoned.map(|call| call.at.plus(*wait)).max();
                let permitted = facts.agent_guaranteed || until.is_none_or(|until| at >= until);
                barred_unless(permitted, || until)
            }
            Self::Ring { least } => Verdict::Ring { least: *least },
            Self::Bridge { within } => Verdict::Bridge { within: *within },
            Self::Abandonment { share_max, formula } => {
                Verdict::Abandonment { share_max: *share_max, formula: *formula }
            }
        }
    }

    /// Whether the moment is within the hours, or on no holiday, on every clock that may be the customer's.
    fn opens(&self, place: &Place, at: Timestamp) -> bool {
        place.local(at).all(|local| {
            if let Self::Hours { from_minute, until_minute, weekdays, .. } = self {
                let minute = local.hour() * 60 + local.minute();
                let day = local.weekday().number_from_monday();
                (u32::from(*from_minute)..u32::from(*until_minute)).contains(&minute)
                    && (weekdays.is_empty() || weekdays.iter().any(|open| u32::from(*open) == day))
            } else if let Self::Holidays { dates } = self {
                !dates.contains(&local.date_naive())
            } else {
                true
            }
        })
    }

    /// The next minute at which it opens, within a fortnight. Clocks change and zones differ, so it is looked for
    /// rather than computed.
    fn next_opening(&self, place: &Place, at: Timestamp) -> Option<Timestamp> {
        const MINUTES: i64 = 14 * 24 * 60;
        let minute = |n: i64| at.floor(Millis::from_mins(1)).plus(Millis::from_mins(n));
        (1..=MINUTES).map(minute).find(|minute| self.opens(place, *minute))
    }
}

/// The same day and time so many months later; the last day of a shorter month.
fn months_later(at: Timestamp, months: u32) -> Option<Timestamp> {
    at.datetime().checked_add_months(Months::new(months)).map(Timestamp::from)
}

/// At most `max` in the last `days` days, today included; on the clock on which there were most.
fn calls(facts: &Facts<'_>, max: u32, days: u32, counts: impl Fn(&&PastCall) -> bool) -> Verdict {
    let most = facts.place.days(facts.at).into_iter().map(|today| {
        let first = today.checked_sub_days(Days::new(u64::from(days - 1))).unwrap_or(NaiveDate::MIN);
        let within =
            |call: &&PastCall| facts.place.days(call.at).iter().any(|day| (first..=today).contains(day));
        facts.calls.iter().filter(&counts).filter(within).count()
    });
    let permitted = most.max().unwrap_or(0) < usize::try_from(max).unwrap_or(usize::MAX);
    // The next midnight at the latest clock; by then one day has fallen out.
    let midnight = || {
        let day_of = |at: Timestamp| facts.place.days(at).into_iter().next();
        let today = day_of(facts.at)?;
        let hour = |n: i64| facts.at.floor(Millis::from_mins(15)).plus(Millis::from_mins(15 * n));
        (1..=4 * 50).map(hour).find(|later| day_of(*later).is_some_and(|day| day > today))
    };
    barred_unless(permitted, midnight)
}
