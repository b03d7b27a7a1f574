//! `trunkline compliance prove`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;
use trunkline_domain::call::{Judged, Ruling, RulingVerdict};
use trunkline_domain::customer;
use trunkline_domain::words::{Channel, Purpose};
use trunkline_kernel::{CallId, CustomerId, EventType, Position, Recorded, StreamId, Tag, Timestamp};
use trunkline_log::{Direction, Filter, Log, Query};

use super::dial;

/// The exit code when a call was dialed and nothing shows that it was lawful.
const UNPROVEN: u8 = 4;

/// What a customer's consent rests on.
const CONSENT: [&str; 3] =
    ["customer.consent_granted", "customer.consent_withdrawn", "customer.consent_suppressed"];

/// How many words of a customer to any purpose are looked through for the last one to this.
const WORDS_MAX: usize = 200;

pub(super) async fn run(log: &dyn Log, id: CallId, json: bool) -> anyhow::Result<ExitCode> {
    let types = ["call.dialed", "call.suppressed"].map(EventType::known).to_vec();
    let filter = Filter { stream: Some(StreamId::of(id)), types, ..Filter::default() };
    let Some(recorded) = first(log, filter, Direction::Forwards, None).await? else {
        bail!("the log knows of no dial of call {id}")
    };
    let Some((dialed, judged)) = dial(&recorded)? else { bail!("event {} is no dial", recorded.event.id) };
    let consent = match (recorded.event.tags.id::<CustomerId>(), &judged) {
        (Some(customer), Some(judged)) => last_said(log, customer, judged, recorded.position).await?,
        (None, _) | (_, None) => None,
    };
    let proof = Proof { call: id, dialed, recorded, judged, consent };
    crate::say(&if json { proof.json()? } else { proof.text() });
    Ok(if proof.dialed && !proof.lawful() { ExitCode::from(UNPROVEN) } else { ExitCode::SUCCESS })
}

/// What a customer last said to calls of the purpose of a judgement, among the last words to anything.
async fn last_said(
    log: &dyn Log,
    customer: CustomerId,
    judged: &Judged,
    until: Position,
) -> anyhow::Result<Option<Recorded>> {
    let types = CONSENT.map(EventType::known).to_vec();
    let filter = Filter { tags: vec![Tag::of(customer)], types, ..Filter::default() };
    let (direction, from) = (Direction::Backwards, Some(until));
    let query = Query { filter, direction, from, until: None, limit: WORDS_MAX };
    for recorded in log.read(&query).await?.events {
        let said = trunkline_domain::decode_as::<customer::Event>(&recorded)?;
        if said.iter().any(|event| about(event) == Some((judged.purpose, Channel::Call))) {
            return Ok(Some(recorded));
        }
    }
    Ok(None)
}

/// Contact for what, and on which channel, an event of a customer's consent is about.
fn about(event: &customer::Event) -> Option<(Purpose, Channel)> {
    if let customer::Event::ConsentGranted(said) = event {
        Some((said.purpose, said.channel))
    } else if let customer::Event::ConsentWithdrawn(said) = event {
        Some((said.purpose, said.channel))
    } else if let customer::Event::ConsentSuppressed(said) = event {
        Some((said.purpose, said.channel))
    } else {
        None
    }
}

async fn first(
    log: &dyn Log,
    filter: Filter,
    direction: Direction,
    from: Option<Position>,
) -> anyhow::Result<Option<Recorded>> {
    let query = Query { filter, direction, from, until: None, limit: 1 };
    Ok(log.read(&query).await?.events.into_iter().next())
}

struct Proof {
    call: CallId,
    dialed: bool,
    recorded: Recorded,
    judged: Option<Judged>,
    /// What the customer last said to such calls before.
    consent: Option<Recorded>,
}

impl Proof {
    /// Whether it was judged, and no rule barred it.
    fn lawful(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| judged.barred_by().is_none())
    }

    fn json(&self) -> serde_json::Result<String> {
        let event = |recorded: &Recorded| json!({ "event": recorded.event.id, "position": recorded.position.0, "type": recorded.event.event_type.as_str() });
        serde_json::to_string_pretty(&json!({
            "call": self.call,
            "dialed": self.dialed,
            "lawful": self.lawful(),
            "at": self.recorded.event.occurred_at,
            "judged": self.judged,
            "event": event(&self.recorded),
            "consent": self.consent.as_ref().map(event),
        }))
    }

    fn text(&self) -> String {
        let Recorded { event, position, .. } = &self.recorded;
        let done = if self.dialed { "dialed" } else { "suppressed" };
        let mut lines = vec![
            format!("Call {} was {done} at {}.", self.call, event.occurred_at),
            format!("Event {} at position {position}.", event.id),
        ];
        let Some(judged) = &self.judged else {
            lines.push(
                "Nothing in it says that the call was judged: it was imported, or is of no lead.".to_owned(),
            );
            return lines.join("\n");
        };
        let verdict = match judged.barred_by() {
            None => "No rule barred it.".to_owned(),
            Some(ruling) => format!("The rule {} barred it.", ruling.rule),
        };
        lines.extend([verdict, String::new(), format!("{:<28} {:>7}  said", "rule", "version")]);
        lines.extend(judged.rulings.iter().map(ruling));
        lines.push(String::new());
        lines.extend(self.known(judged));
        lines.join("\n")
    }

    fn known(&self, judged: &Judged) -> Vec<String> {
        let some =
            |texts: &[String], none: &str| if texts.is_empty() { none.to_owned() } else { texts.join(", ") };
        let by = |recorded: &Recorded| {
            format!(
                "{}, event {} at position {}",
                recorded.event.event_type, recorded.event.id, recorded.position
            )
        };
        let at = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.to_string());
        let yes = |is: bool| if is { "yes" } else { "no" };
        vec![
            "Known then:".to_owned(),
            format!("  purpose                    {}", judged.purpose),
            format!("  law of the campaign        {}", judged.jurisdiction),
            format!("  customer may be in         {}", some(&judged.countries, "an unknown country")),
            format!("  time zones                 {}", some(&judged.zones, "unknown")),
            format!("  agreed                     {}", yes(judged.consented)),
            format!(
                "  last said                  {}",
                self.consent.as_ref().map_or("nothing".to_owned(), by)
            ),
            format!("  last refused               {}", at(judged.refused_at)),
            format!("  do-not-call lists          {}", some(&judged.listed, "none")),
            format!("  asked for by the customer  {}", yes(judged.requested)),
            format!("  an agent was waiting       {}", yes(judged.agent_guaranteed)),
            format!("  earlier dials looked at    {}", judged.earlier_dials),
        ]
    }
}

fn ruling(ruling: &Ruling) -> String {
    let said = match ruling.verdict {
        RulingVerdict::Permitted => "permitted".to_owned(),
        RulingVerdict::Barred => match ruling.until {
            Some(until) => format!("BARRED until {until}"),
            None => "BARRED".to_owned(),
        },
        RulingVerdict::Conditional => {
            let ring = ruling.ring_least_ms.map(|least| format!("rings for {} ms at least", least.0));
            let bridge = ruling.bridge_within_ms.map(|within| format!("an agent within {} ms", within.0));
            let share = ruling.abandonment_max.map(|share| format!("abandons {} % at most", share * 100.0));
            ring.or(bridge).or(share).unwrap_or_default()
        }
    };
    format!("{:<28} {:>7}  {said}", ruling.rule, ruling.version)
}
