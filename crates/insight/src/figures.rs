//! The figures by name.

use crate::{Figure, Sums};

macro_rules! kpis {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal: |$sums:ident| $formula:expr;)+) => {
        /// A key performance indicator. Each has its formula as its documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kpi {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Kpi {
            /// Every indicator, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The permanent name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// The formula in words.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_start(),)+
                }
            }

            /// The indicator of that name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)+
                    _ => None,
                }
            }
        }

        /// The figure that these sums give.
        pub fn figure(kpi: Kpi, sums: &Sums) -> Figure {
            match kpi {
                $(Kpi::$name => { let $sums = sums; $formula })+
            }
        }
    };
}

kpis! {
    /// Calls, phantoms left out.
    Calls = "calls": |s| Figure::count(s.calls);
    /// Calls that an agent answered.
    Answered = "answered": |s| Figure::count(s.answered);
    /// Answered calls of which the source does not name the agent.
    AnsweredUnnamed = "answeredUnnamed": |s| Figure::count(s.answered_unnamed);
    /// Calls that the customer left before an agent answered.
    HungUp = "hungUp": |s| Figure::count(s.hung_up);
    /// Rows of the source that never were a call, kept in the log and out of every indicator.
    Phantoms = "phantoms": |s| Figure::count(s.phantoms);
    /// Total conversation of handled calls, holding left out, in milliseconds.
    ServiceTime = "serviceTime": |s| Figure { unit: crate::Unit::Milliseconds, numerator: s.talk_ms, denominator: 1 };
    /// Calls that waited in a queue.
    Queued = "queued": |s| Figure::count(s.queued);
    /// Mean wait of all queued calls: sum of waits / queued.
    QueueWait = "queueWait": |s| Figure::mean_ms(s.queue_wait_ms, s.queued);
    /// A technical count: every entry into a queue, those of phantom rows included.
    QueueEntries = "queueEntries": |s| Figure::count(s.queue_entries);
    /// Mean wait of every entry into a queue, those of phantom rows included.
    QueueEntryWait = "queueEntryWait": |s| Figure::mean_ms(s.queue_entry_wait_ms, s.queue_entries);
    /// Average handling time: sum of talk, hold and wrap / handled calls.
    HandlingTime = "handlingTime": |s| Figure::mean_ms(s.talk_ms + s.hold_ms + s.wrap_ms, s.handled);
    /// Time on contacts (talking, holding, wrapping) / time on contacts and available idle; ringing is neither.
    Occupancy = "occupancy": |s| Figure::share(s.contact_ms(), s.contact_ms() + s.available_ms);
    /// Productive time (contacts, ringing and available) / signed-in time.
    Utilisation = "utilisation": |s| Figure::share(s.signed_in_ms() - s.paused_ms, s.signed_in_ms());
    /// Average speed of answer: sum of waits of answered queued calls / answered queued calls.
    SpeedOfAnswer = "speedOfAnswer": |s| Figure::mean_ms(s.queue_answered_wait_ms, s.queue_answered);
    /// Service level 20 s: answered within 20 s / queued.
    ServiceLevel = "serviceLevel": |s| Figure::share(s.answered_in_20s, s.queued);
    /// Service level 20 s without short abandons: answered within 20 s / (queued - abandoned within 20 s).
    ServiceLevelWithoutShortAbandons = "serviceLevelWithoutShortAbandons":
        |s| Figure::share(s.answered_in_20s, s.queued - s.abandoned_in_20s);
    /// Service level 20 s of answered calls: answered within 20 s / answered queued calls.
    ServiceLevelOfAnswered = "serviceLevelOfAnswered": |s| Figure::share(s.answered_in_20s, s.queue_answered);
    /// Service level 10 s: answered within 10 s / queued.
    ServiceLevel10 = "serviceLevel10": |s| Figure::share(s.answered_in_10s, s.queued);
    /// Service level 30 s: answered within 30 s / queued.
    ServiceLevel30 = "serviceLevel30": |s| Figure::share(s.answered_in_30s, s.queued);
    /// Service level 60 s: answered within 60 s / queued.
    ServiceLevel60 = "serviceLevel60": |s| Figure::share(s.answered_in_60s, s.queued);
    /// Inbound abandonment: left the queue unanswered / queued.
    QueueAbandonment = "queueAbandonment": |s| Figure::share(s.queue_abandoned, s.queued);
    /// Outbound abandonment (US): live answers not bridged in time / live answers; judge it per campaign over 30 days.
    DialAbandonment = "dialAbandonment": |s| Figure::share(s.dials_abandoned, s.human_answers);
    /// Outbound calls that were dialed.
    Dials = "dials": |s| Figure::count(s.dials);
    /// Human answers / dials, redials of one lead within one hour counted once.
    ContactRate = "contactRate": |s| Figure::share(s.human_answers, s.dial_slots);
    /// Dials that reached the right party / human answers.
    RightPartyRate = "rightPartyRate": |s| Figure::share(s.dial_right_party, s.human_answers);
    /// Calls with a sale.
    Sales = "sales": |s| Figure::count(s.sales);
    /// Sales / right-party contacts.
    ConversionOfContacts = "conversionOfContacts": |s| Figure::share(s.sales, s.right_party);
    /// Dials with a sale / dials.
    ConversionOfDials = "conversionOfDials": |s| Figure::share(s.dial_sales, s.dials);
    /// Dials with a sale / leads.
    ConversionOfLeads = "conversionOfLeads": |s| Figure::share(s.dial_sales, s.leads);
    /// Leads dialed at least once / leads.
    Penetration = "penetration": |s| Figure::share(s.leads_dialed, s.leads);
    /// Dials / leads dialed at least once.
    Intensity = "intensity": |s| Figure::ratio(s.dials, s.leads_dialed);
    /// Dials that ended invalid, on a do-not-call list, at a machine or at the wrong party / dials.
    WastedCalls = "wastedCalls": |s| Figure::share(s.wasted, s.dials);
    /// Calls that a rule forbade before the dial.
    Suppressed = "suppressed": |s| Figure::count(s.suppressed);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of a made-up hour; every figure below can be checked by hand.
    fn hour() -> Sums {
        Sums {
            calls: 20,
            queued: 10,
            queue_wait_ms: 250_000,
            queue_answered: 8,
            queue_answered_wait_ms: 160_000,
            queue_abandoned: 2,
            answered_in_10s: 3,
            answered_in_20s: 6,
            answered_in_30s: 7,
            answered_in_60s: 8,
            abandoned_in_20s: 1,
            handled: 8,
            talk_ms: 800_000,
            hold_ms: 80_000,
            wrap_ms: 240_000,
            dials: 10,
            dial_slots: 8,
            human_answers: 4,
            dials_abandoned: 1,
            right_party: 2,
            sales: 1,
            dial_right_party: 2,
            dial_sales: 1,
            wasted: 5,
            leads: 20,
            leads_dialed: 8,
            available_ms: 300_000,
            paused_ms: 500_000,
            ringing_ms: 80_000,
            talking_ms: 800_000,
            holding_ms: 80_000,
            wrapping_ms: 240_000,
            ..Sums::default()
        }
    }

    #[track_caller]
    fn gives(kpi: Kpi, value: f64) {
        let found = figure(kpi, &hour()).value().unwrap();
        assert!((found - value).abs() < 1e-9, "{} is {found}, not {value}", kpi.name());
    }

    #[test]
    fn each_figure_divides_what_its_formula_names() {
        gives(Kpi::HandlingTime, 140_000.0);
        gives(Kpi::Occupancy, 1_120.0 / 1_420.0);
        gives(Kpi::Utilisation, 1_500.0 / 2_000.0);
        gives(Kpi::SpeedOfAnswer, 20_000.0);
        gives(Kpi::QueueWait, 25_000.0);
        gives(Kpi::QueueAbandonment, 0.2);
        gives(Kpi::DialAbandonment, 0.25);
        gives(Kpi::ContactRate, 0.5);
        gives(Kpi::RightPartyRate, 0.5);
        gives(Kpi::ConversionOfContacts, 0.5);
        gives(Kpi::ConversionOfDials, 0.1);
        gives(Kpi::ConversionOfLeads, 0.05);
        gives(Kpi::Penetration, 0.4);
        gives(Kpi::Intensity, 1.25);
        gives(Kpi::WastedCalls, 0.5);
    }

    #[test]
    fn the_three_service_levels_are_three_numbers() {
        gives(Kpi::ServiceLevel, 0.6);
        gives(Kpi::ServiceLevelWithoutShortAbandons, 6.0 / 9.0);
        gives(Kpi::ServiceLevelOfAnswered, 0.75);
        gives(Kpi::ServiceLevel10, 0.3);
        gives(Kpi::ServiceLevel30, 0.7);
        gives(Kpi::ServiceLevel60, 0.8);
    }

    #[test]
    fn an_empty_denominator_gives_no_figure() {
        for kpi in Kpi::ALL {
            let empty = figure(*kpi, &Sums::default());
            assert!(empty.value().is_none_or(|value| value == 0.0), "{}", kpi.name());
        }
        assert_eq!(figure(Kpi::ServiceLevel, &Sums::default()).value(), None);
    }

    #[test]
    fn names_lead_back_to_their_indicator() {
        for kpi in Kpi::ALL {
            assert_eq!(Kpi::named(kpi.name()), Some(*kpi));
            assert!(!kpi.meaning().is_empty());
        }
    }

    #[test]
    fn sums_add_and_take_away() {
        let mut total = hour();
        total += hour();
        assert_eq!(total.calls, 40);
        total -= hour();
        assert_eq!(total, hour());
        assert_eq!(Sums::of(hour().values()), hour());
        assert_eq!(hour().named("queued"), Some(10));
    }
}
