//! Whether an access is one too many. Pure: the same accesses in the same order lead to the same alerts.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;

use lru::LruCache;
use sha2::{Digest as _, Sha256};
use trunkline_access::Role;
use trunkline_domain::access::{Entry, Outcome};
use trunkline_domain::alert::Raised;
use trunkline_domain::grant::GlassBroken;
use trunkline_kernel::{AgentId, AlertId, CustomerId, Id as _, Position, Timestamp};

use super::rule::{AlertRule, AlertRules, When};

/// How many people are watched at once by all rules together; the one not heard of for the longest time goes first.
const WATCHED_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(49_999);
/// How many customers are counted apart in one window.
const CUSTOMERS_MAX: usize = 10_000;

/// Whose customers they are, as far as it is known.
pub type Owners = HashMap<CustomerId, AgentId>;

/// Judges accesses in the order of the log.
pub struct Judge {
    rules: AlertRules,
    windows: LruCache<(usize, String), Window>,
}

/// What one person did in one window of one rule.
#[derive(Debug, Default)]
struct Window {
    begins: Timestamp,
    count: u64,
    customers: BTreeSet<CustomerId>,
    raised: bool,
}

impl Judge {
    /// By these rules.
    pub fn new(rules: AlertRules) -> Self {
        Self { rules, windows: LruCache::new(WATCHED_MAX) }
    }

    /// Hears of an access; gives the alerts that it raises, each for the first time in its window.
    pub fn hear(&mut self, entry: &Entry, position: Position, owners: &Owners) -> Vec<(AlertId, Raised)> {
        let Some(who) = entry.who.as_ref().or(entry.address.as_ref()).filter(|who| is_person(who)) else {
            return Vec::new();
        };
        let mut alerts = Vec::new();
        for at in 0..self.rules.rule.len() {
            let rule = &self.rules.rule[at];
            let concerned = rule.roles.is_empty() || entry.roles.iter().any(|role| has(rule, role));
            let weight = if concerned { weight(rule, entry, owners) } else { Weight::default() };
            if weight.count == 0 && weight.customers.is_empty() {
                continue;
            }
            let begins = rule.when.window(entry.at);
            let window = self.windows.get_or_insert_mut((at, who.clone()), Window::default);
            if window.begins < begins {
                *window = Window { begins, ..Window::default() };
            } else if window.begins > begins {
                // It comes late: its window is over.
                continue;
            }
            window.count += weight.count;
            if window.customers.len() < CUSTOMERS_MAX {
                window.customers.extend(weight.customers);
            }
            let count = window.count + window.customers.len() as u64;
            if count > rule.when.limit() && !window.raised {
                window.raised = true;
                alerts.push(raised(rule, who, count, (begins, entry.at), position));
            }
        }
        alerts
    }

    /// Hears of an emergency access.
    pub fn emergency(
        &self,
        broken: &GlassBroken,
        at: Timestamp,
        position: Position,
    ) -> Vec<(AlertId, Raised)> {
        let rules = self.rules.rule.iter().filter(|rule| matches!(rule.when, When::Emergency {}));
        rules.map(|rule| raised(rule, &broken.by, 1, (at, at), position)).collect()
    }
}

fn has(rule: &AlertRule, role: &str) -> bool {
    role.parse::<Role>().is_ok_and(|role| rule.roles.contains(&role))
}

fn is_person(who: &str) -> bool {
    !who.starts_with("service:") && !who.starts_with("system:")
}

/// How much an access counts for a rule.
#[derive(Default)]
struct Weight {
    count: u64,
    customers: BTreeSet<CustomerId>,
}

fn weight(rule: &AlertRule, entry: &Entry, owners: &Owners) -> Weight {
    let personal = !entry.clear.is_empty() || !entry.masked.is_empty();
    let count = match &rule.when {
        When::Rows(_) => entry.rows,
        When::Hours(hours) => u64::from(personal && !hours.has(entry.at)),
        When::Refusals(_) if entry.outcome == Outcome::Refused => entry.times,
        When::Refusals(_) | When::Emergency {} => 0,
        When::Colleagues(_) if personal => {
            let own = |owner: &AgentId| entry.who.as_deref() == Some(format!("agent:{owner}").as_str());
            let others = |customer: &CustomerId| owners.get(customer).is_some_and(|owner| !own(owner));
            return Weight { count: 0, customers: customers(entry).filter(others).collect() };
        }
        When::Colleagues(_) => 0,
    };
    Weight { count, customers: BTreeSet::new() }
}

/// The customers that an access names.
pub fn customers(entry: &Entry) -> impl Iterator<Item = CustomerId> {
    entry.things.iter().filter_map(|thing| thing.strip_prefix("customer:")?.parse().ok())
}

fn raised(
    rule: &AlertRule,
    who: &str,
    count: u64,
    (since, at): (Timestamp, Timestamp),
    position: Position,
) -> (AlertId, Raised) {
    let raised = Raised {
        rule: rule.name.clone(),
        kind: rule.when.kind(),
        who: who.to_owned(),
        count,
        limit: rule.when.limit(),
        since,
        at,
        position,
    };
    // The same rule, person and window give the same id on every server and after every restart.
    let name = format!("{}\n{who}\n{}", rule.name, since.micros());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(name)[..16]);
    (AlertId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()), raised)
}
