//! Where a customer is, as far as rules need it: the country, and the time zones that are possible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use trunkline_kernel::{PhoneNumber, Timestamp};

use super::InvalidRules;

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

    /// The place by number and by the region that the customer's record names, `CN` or `US-CA`. When the two name
    /// different places, both are possible, and rules must hold in both. A state narrows its country down.
    pub(super) fn place(&self, number: Option<&PhoneNumber>, region: Option<&str>) -> Place {
        let by_number = number.and_then(|number| {
            let digits = number.as_str().trim_start_matches('+');
            CALLING_CODES.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, region)| *region)
        });
        let country = |region: &str| region.split('-').next().unwrap_or(region).to_owned();
        let mut place = Place::default();
        // A number in the plan that the United States share says nothing that a known state of theirs does not.
        let american = region.is_some_and(|region| matches!(country(region).as_str(), "US" | "CA"));
        let by_number = by_number.filter(|by_number| {
            !(region.is_some_and(|region| country(region) == *by_number) || *by_number == "NANP" && american)
        });
        for region in [by_number, region].into_iter().flatten() {
            let Some(zones) = self.0.get(region) else { return Place::default() };
            let countries =
                if region == "NANP" { vec!["US".to_owned(), "CA".to_owned()] } else { vec![country(region)] };
            place.countries.extend(countries);
            place
                .zones
                .extend(zones.iter().filter(|zone| !place.zones.contains(zone)).copied().collect::<Vec<_>>());
        }
        place
    }
}

impl Place {
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

    /// The moment on the clocks that may be the customer's.
    pub(super) fn local(&self, at: Timestamp) -> impl Iterator<Item = DateTime<Tz>> + '_ {
        self.zones.iter().map(move |zone| at.datetime().with_timezone(zone))
    }

    /// The days that it may be for the customer.
    pub(super) fn days(&self, at: Timestamp) -> BTreeSet<NaiveDate> {
        self.local(at).map(|local| local.date_naive()).collect()
    }
}
