//! `trunkline compliance try`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use trunkline_app::cases::judge_again;
use trunkline_domain::contact::{self, Contact};
use trunkline_kernel::{
    Aggregate as _, CampaignId, CustomerId, EventType, Position, Recorded, StreamId, Timestamp, Version,
};
use trunkline_log::{Direction, Filter, Log, Query};
use trunkline_routing::compliance::{RuleBook, Verdict};

use super::dial;

/// How many events are read at once.
const PAGE: usize = 500;

pub(super) async fn run(log: &dyn Log, rules: &Path, month: &str, list: bool) -> anyhow::Result<()> {
    let text = fs::read_to_string(rules).with_context(|| format!("cannot read {}", rules.display()))?;
    let rules = RuleBook::draft(&text).with_context(|| format!("in {}", rules.display()))?;
    let (from, until) = bounds(month)?;
    let mut tally = Tally::default();
    let types = vec![EventType::known("call.dialed")];
    let filter = Filter { types, ..Filter::default() };
    let mut query = Query {
        filter,
        direction: Direction::Forwards,
        from: Some(Position::START),
        until: None,
        limit: PAGE,
    };
    loop {
        let page = log.read(&query).await?;
        let within = |recorded: &&Recorded| (from..until).contains(&recorded.event.occurred_at);
        for recorded in page.events.iter().filter(within) {
            if let Some(line) = tally.add(log, recorded, &rules).await?.filter(|_| list) {
                crate::say(&line);
            }
        }
        match page.events.last() {
            Some(last) if page.events.len() == PAGE => query.from = Some(last.position),
            Some(_) | None => break,
        }
    }
    crate::say(&tally.summary(month));
    Ok(())
}

/// The first moment of a month and that of the next.
fn bounds(month: &str) -> anyhow::Result<(Timestamp, Timestamp)> {
    let first = |month: &str| format!("{month}-01T00:00:00Z").parse::<Timestamp>();
    let wrong = || format!("{month:?} is no month such as 2026-10");
    let (year, number) = month.split_once('-').with_context(wrong)?;
    let (year, number): (u32, u32) = (year.parse().with_context(wrong)?, number.parse().with_context(wrong)?);
    let next =
        if number == 12 { format!("{:04}-01", year + 1) } else { format!("{year:04}-{:02}", number + 1) };
    Ok((first(month).with_context(wrong)?, first(&next).with_context(wrong)?))
}

#[derive(Default)]
struct Tally {
    dialed: u64,
    unjudged: u64,
    barred: u64,
    by_rule: BTreeMap<String, u64>,
}

impl Tally {
    /// Judges a dial again; a line about it when the draft would have barred it.
    async fn add(
        &mut self,
        log: &dyn Log,
        recorded: &Recorded,
        rules: &RuleBook,
    ) -> anyhow::Result<Option<String>> {
        self.dialed += 1;
        let tags = &recorded.event.tags;
        let (Some((_, Some(judged))), Some(customer)) = (dial(recorded)?, tags.id::<CustomerId>()) else {
            self.unjudged += 1;
            return Ok(None);
        };
        let dials = dials(log, customer).await?;
        let at = recorded.event.occurred_at;
        let judgement = judge_again(&judged, at, tags.id::<CampaignId>(), &dials, rules)?;
        let barred =
            judgement.rulings.iter().filter(|ruling| matches!(ruling.verdict, Verdict::Barred { .. }));
        let barred: Vec<String> =
            barred.map(|ruling| format!("{} v{}", ruling.rule, ruling.version)).collect();
        if barred.is_empty() {
            return Ok(None);
        }
        self.barred += 1;
        let line = format!("{at}  {}  {}", recorded.stream.key(), barred.join(", "));
        for rule in barred {
            *self.by_rule.entry(rule).or_default() += 1;
        }
        Ok(Some(line))
    }

    fn summary(&self, month: &str) -> String {
        let Self { dialed, unjudged, barred, by_rule } = self;
        let judged = dialed - unjudged;
        let mut lines =
            vec![format!("{month}: {judged} calls judged again, {barred} would have been barred.")];
        lines.extend(by_rule.iter().map(|(rule, calls)| format!("  {rule}: {calls}")));
        if *unjudged > 0 {
            lines.push(format!(
                "{unjudged} more calls were dialed without a judgement: imported, or of no lead."
            ));
        }
        lines.join("\n")
    }
}

/// Every dial of a customer.
async fn dials(log: &dyn Log, customer: CustomerId) -> anyhow::Result<Contact> {
    let stream = StreamId::of(contact::of(customer));
    let (mut dials, mut after) = (Contact::default(), Version::EMPTY);
    loop {
        let page = log.read_stream(&stream, after, PAGE).await?;
        for recorded in &page {
            for event in trunkline_domain::decode_as::<contact::Event>(recorded)? {
                dials.evolve(recorded.event.occurred_at, &event);
            }
            after = recorded.version;
        }
        if page.len() < PAGE {
            return Ok(dials);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let of = |month| bounds(month).map(|(from, until)| (from.to_string(), until.to_string())).ok();
        let december = ("2026-12-01T00:00:00Z".to_owned(), "2027-01-01T00:00:00Z".to_owned());
        assert_eq!(of("2026-12"), Some(december));
        assert!(of("2026-09").is_some_and(|(_, until)| until.starts_with("2026-10-01")));
        assert_eq!((of("2026-13"), of("2026"), of("october")), (None, None, None));
    }
}
