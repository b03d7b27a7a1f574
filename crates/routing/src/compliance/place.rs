//! Where a customer is, as far as rules need it: the country, and the time zones that are possible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Weekday};
use chrono_tz::Tz;
use trunkline_kernel::{Millis, Timestamp};

use super::InvalidRules;
use crate::Slot;

/// Where a customer may be. With several time zones a rule must hold in each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    countries: BTreeSet<String>,
    zones: Vec<Tz>,
}

/// The calling codes of the regions in `zones.toml`. No code here is the beginning of another.
const CALLING_CODES: &[(&str, &str)] = &[
    ("1", "NANP"),
    ("86", "CN"),
    ("852", "HK"),
    ("853", "MO"),
    ("886", "TW"),
    ("65", "SG"),
    ("60", "MY"),
    ("81", "JP"),
    ("82", "KR"),
    ("66", "TH"),
    ("84", "VN"),
    ("63", "PH"),
    ("91", "IN"),
    ("44", "GB"),
    ("353", "IE"),
    ("49", "DE"),
    ("33", "FR"),
    ("39", "IT"),
    ("31", "NL"),
    ("34", "ES"),
    ("351", "PT"),
    ("41", "CH"),
    ("43", "AT"),
    ("972", "IL"),
    ("61", "AU"),
    ("64", "NZ"),
];

/// The region that the calling code of a number in E.164 names, `CN`, or `NANP` for +1, which many countries share.
pub fn calling_region(number: &str) -> Option<&'static str> {
    let digits = number.trim_start_matches('+');
    CALLING_CODES.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, region)| *region)
}

/// The time zones of each region.
#[derive(Clone, Debug)]
pub(super) struct Zones(BTreeMap<String, Vec<Tz>>);

impl Zones {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidRules> {
        let named: BTreeMap<String, Vec<String>> =
            toml::from_str(text).map_err(|e| InvalidRules(e.to_string()))?;
        let zone = |name: &String| {
            name.parse().map_err(|_| InvalidRules(format!("no time zone is called {name:?}")))
        };
        let region = |(region, names): (String, Vec<String>)| {
            names.iter().map(zone).collect::<Result<_, _>>().map(|zones| (region, zones))
        };
        named.into_iter().map(region).collect::<Result<_, _>>().map(Self)
    }

    /// The place by the regions of the customer's numbers, and by the region, `CN` or `US-CA`, and the time zone that
    /// the customer's record names. When they name different places, all are possible, and rules must hold in each. A
    /// state narrows its country down, and a time zone the places that have it.
    pub(super) fn place(&self, numbers: &[&str], region: Option<&str>, time_zone: Option<&str>) -> Place {
        let country = |region: &str| region.split('-').next().unwrap_or(region).to_owned();
        // A number in the plan that the United States share says nothing that a known state of theirs does not.
        let american = region.is_some_and(|region| matches!(country(region).as_str(), "US" | "CA"));
        let says_more = |number: &&str| {
            !(region.is_some_and(|region| country(region) == *number) || *number == "NANP" && american)
        };
        let Ok(own) = time_zone.map(str::parse::<Tz>).transpose() else { return Place::default() };
        let mut place = Place::default();
        for region in numbers.iter().copied().filter(says_more).chain(region) {
            let Some(zones) = self.0.get(region).or_else(|| self.0.get(&country(region))) else {
                return Place::default();
            };
            if region == "NANP" {
                place.countries.extend(["US".to_owned(), "CA".to_owned()]);
            } else {
                place.countries.insert(country(region));
            }
            match own.filter(|own| zones.contains(own)) {
                Some(own) => place.add([own]),
                None => place.add(zones.iter().copied()),
            }
        }
        place.add(own);
        place
    }
}

impl Place {
    /// The place that an earlier judgement names.
    ///
    /// # Errors
    /// When there is no such time zone.
    pub fn recorded(countries: &[String], zones: &[String]) -> Result<Self, InvalidRules> {
        let zone = |name: &String| {
            name.parse().map_err(|_| InvalidRules(format!("no time zone is called {name:?}")))
        };
        let zones = zones.iter().map(zone).collect::<Result<_, _>>()?;
        Ok(Self { countries: countries.iter().cloned().collect(), zones })
    }

    fn add(&mut self, zones: impl IntoIterator<Item = Tz>) {
        for zone in zones {
            if !self.zones.contains(&zone) {
                self.zones.push(zone);
            }
        }
    }

    /// The countries in which the customer may be.
    pub fn countries(&self) -> Vec<String> {
        self.countries.iter().cloned().collect()
    }

    /// Whether it is known at all.
    pub fn is_known(&self) -> bool {
        !self.zones.is_empty()
    }

    /// Whether the customer may be in that country.
    pub fn may_be_in(&self, country: &str) -> bool {
        self.countries.contains(country)
    }

    /// The names of the time zones that are possible.
    pub fn zones(&self) -> Vec<String> {
        self.zones.iter().map(|zone| zone.name().to_owned()).collect()
    }

    /// The slot of a moment on the customer's clock; nothing when the clocks that may be the customer's show different
    /// ones.
    pub fn slot(&self, at: Timestamp) -> Option<Slot> {
        let mut slots = self.local(at).map(|local| Slot {
            weekend: matches!(local.weekday(), Weekday::Sat | Weekday::Sun),
            // An hour of a day is below 24.
            hour: u8::try_from(local.hour()).unwrap_or(0),
        });
        let first = slots.next()?;
        slots.all(|other| other == first).then_some(first)
    }

    /// When the next hours begin on the customer's clock, until the customer's next day is over; none when the place is
    /// not known.
    pub fn hours_ahead(&self, at: Timestamp) -> impl Iterator<Item = Timestamp> + '_ {
        let local = |zone: &Tz, at: Timestamp| at.datetime().with_timezone(zone);
        self.zones.first().into_iter().flat_map(move |zone| {
            let into = local(zone, at).minute() * 60 + local(zone, at).second();
            let begun = at.floor(Millis::from_secs(1)).plus(Millis::from_secs(-i64::from(into)));
            let last = local(zone, at).date_naive().succ_opt();
            (1..=48)
                .map(move |hours| begun.plus(Millis::from_mins(60 * hours)))
                .take_while(move |next| last.is_some_and(|last| local(zone, *next).date_naive() <= last))
        })
    }

    /// The moment on the clocks that may be the customer's.
    pub(super) fn local(&self, at: Timestamp) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        self.zones.iter().map(move |zone| at.datetime().with_timezone(zone))
    }

    /// The days that it may be for the customer.
    pub(super) fn days(&self, at: Timestamp) -> BTreeSet<NaiveDate> {
        self.local(at).map(|local| local.date_naive()).collect()
    }
}
