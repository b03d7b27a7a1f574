//! Steps as commands of the domain.

use std::collections::BTreeMap;

use trunkline_app::cases::Identifier;
use trunkline_app::{ActionError, Work};
use trunkline_domain::agent::Validity;
use trunkline_domain::campaign::{AttemptPolicy, CallingHours, DialingMode};
use trunkline_domain::customer::{CustomerKind, Profile};
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::words::{By, Channel, Direction, FeatureValue, Purpose};
use trunkline_domain::{agent, call, campaign, customer, identifier, interaction, lead, task};
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, InteractionId, LeadId, Personal, PhoneNumber, StreamId, TaskId,
    Timestamp,
};

use crate::args::{Args, given};

/// How many pieces of work an imported agent does at once.
const AGENT_CAPACITY: u16 = 1;

/// The level of an imported agent's skills, from 1 to 5: sources name skills, not levels.
const SKILL_LEVEL: u8 = 3;

/// What is asked of one thing.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Agent(AgentId, agent::Command),
    Call(CallId, call::Command),
    Campaign(CampaignId, campaign::Command),
    Customer(CustomerId, customer::Command),
    Interaction(InteractionId, interaction::Command),
    Lead(LeadId, lead::Command),
    Task(TaskId, task::Command),
    /// A customer's identifier, which is a claim and a link.
    Link(CustomerId, Identifier),
}

impl Deed {
    /// Reads the fields of a step as what the command takes.
    pub(crate) fn of(name: &str, id: &str, args: &Args) -> Result<Self, String> {
        let ids = args.namespace;
        match name.split_once('.').unwrap_or_default() {
            ("agent", "register") => Ok(Self::Agent(ids.id(id), register_agent(args)?)),
            ("call", verb) => Ok(Self::Call(ids.id(id), call_command(verb, args)?)),
            ("campaign", "create") => Ok(Self::Campaign(ids.id(id), create_campaign(args)?)),
            ("campaign", "start") => Ok(Self::Campaign(ids.id(id), campaign::Command::Start)),
            ("customer", "register") => Ok(Self::Customer(ids.id(id), register_customer(args)?)),
            ("customer", "record_features") => Ok(Self::Customer(ids.id(id), record_features(args)?)),
            ("customer", "link_identifier") => Ok(Self::Link(ids.id(id), link_identifier(args)?)),
            ("interaction", "record") => Ok(Self::Interaction(ids.id(id), record_interaction(args)?)),
            ("lead", verb) => Ok(Self::Lead(ids.id(id), lead_command(verb, args)?)),
            ("task", "open") => Ok(Self::Task(ids.id(id), open_task(args)?)),
            _ => Err(unknown(name)),
        }
    }

    /// The stream of the thing.
    pub(crate) fn stream(&self) -> StreamId {
        match self {
            Self::Agent(id, _) => StreamId::of(*id),
            Self::Call(id, _) => StreamId::of(*id),
            Self::Campaign(id, _) => StreamId::of(*id),
            Self::Customer(id, _) | Self::Link(id, _) => StreamId::of(*id),
            Self::Interaction(id, _) => StreamId::of(*id),
            Self::Lead(id, _) => StreamId::of(*id),
            Self::Task(id, _) => StreamId::of(*id),
        }
    }

    /// Runs it as of its own time.
    pub(crate) async fn run(&self, work: &mut Work<'_>, at: Timestamp) -> Result<(), ActionError> {
        let stream = self.stream();
        match self.clone() {
            Self::Agent(_, command) => work.run_at::<agent::Agent>(stream, at, command).await.map(drop),
            Self::Call(_, command) => work.run_at::<call::Call>(stream, at, command).await.map(drop),
            Self::Campaign(_, command) => {
                work.run_at::<campaign::Campaign>(stream, at, command).await.map(drop)
            }
            Self::Customer(_, command) => {
                work.run_at::<customer::Customer>(stream, at, command).await.map(drop)
            }
            Self::Interaction(_, command) => {
                work.run_at::<interaction::Interaction>(stream, at, command).await.map(drop)
            }
            Self::Lead(_, command) => work.run_at::<lead::Lead>(stream, at, command).await.map(drop),
            Self::Task(_, command) => work.run_at::<task::Task>(stream, at, command).await.map(drop),
            Self::Link(customer, identifier) => {
                let region = identifier.region().map(str::to_owned);
                let Identifier { kind, value } = identifier;
                let id = IdentifierId::of(work.index(), kind, &value);
                let claim = identifier::Command::Claim(identifier::Claimed { customer, kind });
                work.run_at::<identifier::Identifier>(StreamId::of(id), at, claim).await?;
                let linked =
                    customer::IdentifierLinked { kind, value: Personal::Open(value), claim: id, region };
                let link = customer::Command::LinkIdentifier(linked);
                work.run_at::<customer::Customer>(stream, at, link).await.map(drop)
            }
        }
    }
}

/// The vocabulary and this file are compared by a test.
fn unknown(name: &str) -> String {
    format!("`{name}` is not a command")
}

fn personal(text: Option<String>) -> Option<Personal<String>> {
    text.map(Personal::Open)
}

fn register_agent(args: &Args) -> Result<agent::Command, String> {
    Ok(agent::Command::Register(agent::Registered {
        name: Personal::Open(given("name", args.text("name")?)?),
        team: args.text("team")?,
        skills: args.texts("skills")?.into_iter().map(|skill| (skill, SKILL_LEVEL)).collect(),
        languages: args.texts("languages")?.into_iter().collect(),
        capacity: AGENT_CAPACITY,
        extension: None,
        licences: args.texts("licences")?.into_iter().map(|name| (name, Validity::default())).collect(),
        shifts: Vec::new(),
    }))
}

fn register_customer(args: &Args) -> Result<customer::Command, String> {
    let attributes = args.kept.iter().map(|(name, text)| (name.clone(), Personal::Open(text.clone())));
    Ok(customer::Command::Register(customer::Registered {
        kind: args.word("kind", CustomerKind::named)?.unwrap_or(CustomerKind::Person),
        profile: Profile {
            name: personal(args.text("name")?),
            language: args.text("language")?,
            region: args.text("region")?,
            time_zone: args.text("time_zone")?,
            industry: args.text("industry")?,
            scale: args.text("scale")?,
            attributes: attributes.collect(),
        },
    }))
}

fn record_features(args: &Args) -> Result<customer::Command, String> {
    let features: BTreeMap<_, _> =
        args.kept.iter().map(|(name, text)| (name.clone(), feature(text))).collect();
    Ok(customer::Command::RecordFeatures(customer::FeaturesRecorded {
        features,
        source: args.text("source")?,
    }))
}

fn feature(text: &str) -> FeatureValue {
    match (text.parse::<bool>(), text.parse::<f64>()) {
        (Ok(flag), _) => FeatureValue::Flag(flag),
        (_, Ok(number)) if number.is_finite() => FeatureValue::Number(number),
        _ => FeatureValue::Text(text.to_owned()),
    }
}

fn link_identifier(args: &Args) -> Result<Identifier, String> {
    let kind = given("kind", args.word("kind", IdentifierKind::named)?)?;
    let text = given("value", args.text("value")?)?;
    let value = match kind {
        IdentifierKind::Phone => {
            let number: Option<PhoneNumber> = args.phone("value", "region")?;
            given("value", number)?.as_str().to_owned()
        }
        IdentifierKind::Email | IdentifierKind::Wechat | IdentifierKind::Device | IdentifierKind::Crm => {
            kind.normalise(&text).map_err(|error| format!("`value` is {error}"))?
        }
    };
    Ok(Identifier { kind, value })
}

fn create_campaign(args: &Args) -> Result<campaign::Command, String> {
    Ok(campaign::Command::Create(campaign::Created {
        name: given("name", args.text("name")?)?,
        mode: args.word("mode", DialingMode::named)?.unwrap_or(DialingMode::Manual),
        product: args.text("product")?,
        queue: args.text("queue")?,
        script: None,
        attempts: AttemptPolicy::default(),
        hours: CallingHours::default(),
        jurisdiction: given("jurisdiction", args.text("jurisdiction")?)?,
        purpose: args.word("purpose", Purpose::named)?,
    }))
}

fn lead_command(verb: &str, args: &Args) -> Result<lead::Command, String> {
    Ok(match verb {
        "add" => lead::Command::Add(lead::Added {
            campaign: given("campaign", args.id("campaign"))?,
            customer: given("customer", args.id("customer"))?,
            priority: args.integer("priority")?.unwrap_or_default(),
            attributes: args.kept.clone(),
        }),
        "ready" => lead::Command::Ready,
        "call" => lead::Command::Call { call: given("call", args.id("call"))?, number: None, barred: None },
        "return" => lead::Command::Return {
            call: given("call", args.id("call"))?,
            outcome: given("outcome", args.word("outcome", lead::AttemptOutcome::named)?)?,
            attempts: AttemptPolicy::default(),
            callback_at: None,
        },
        "finish" => lead::Command::Finish(lead::Finished {
            outcome: given("outcome", args.word("outcome", lead::LeadOutcome::named)?)?,
        }),
        _ => return Err(unknown(verb)),
    })
}

fn call_command(verb: &str, args: &Args) -> Result<call::Command, String> {
    Ok(match verb {
        "create" => call::Command::Create(call::Created {
            direction: given("direction", args.word("direction", Direction::named)?)?,
            customer: args.id("customer"),
            lead: args.id("lead"),
            campaign: args.id("campaign"),
            agent: args.id("agent"),
            number: args.phone("number", "number_region")?.map(Personal::Open),
            number_claim: None,
            number_region: None,
            queue: args.text("queue")?,
            product: args.text("product")?,
            industry: args.text("industry")?,
            line: args.text("line")?,
            priority: args.integer("priority")?,
            attributes: args.kept.clone(),
        }),
        "dial" => call::Command::Dial(call::Dialed::default()),
        "ring" => call::Command::Ring,
        "answer" => call::Command::Answer,
        "classify" => call::Command::Classify(call::Classified {
            answerer: given("as", args.word("as", call::Answerer::named)?)?,
        }),
        "queue" => call::Command::Queue(call::Queued {
            queue: given("queue", args.text("queue")?)?,
            priority: args.integer("priority")?,
        }),
        "bridge" => call::Command::Bridge(call::Bridged {
            agent: args.id("agent"),
            waited_ms: args.seconds("waited_seconds")?,
        }),
        "hold" => call::Command::Hold,
        "resume" => call::Command::Resume,
        "end" => call::Command::End(call::Ended {
            cause: given("cause", args.word("cause", call::EndCause::named)?)?,
            waited_ms: args.seconds("waited_seconds")?,
        }),
        "disposition" => call::Command::Disposition(disposition(args)?),
        _ => return Err(unknown(verb)),
    })
}

fn disposition(args: &Args) -> Result<call::Dispositioned, String> {
    Ok(call::Dispositioned {
        disposition: given("disposition", args.text("disposition")?)?,
        right_party: args.flag("right_party")?,
        sale: args.flag("sale")?,
        do_not_call: args.flag("do_not_call")?,
        callback_at: args.time("callback_at")?,
        note: personal(args.text("note")?),
        by: By::Agent,
        wrap_ms: args.seconds("wrap_seconds")?,
    })
}

fn record_interaction(args: &Args) -> Result<interaction::Command, String> {
    Ok(interaction::Command::Record(interaction::Recorded {
        customer: given("customer", args.id("customer"))?,
        channel: given("channel", args.word("channel", Channel::named)?)?,
        direction: given("direction", args.word("direction", Direction::named)?)?,
        agent: args.id("agent"),
        call: args.id("call"),
        subject: personal(args.text("subject")?),
        text: personal(args.text("text")?),
        attributes: args.kept.clone(),
    }))
}

fn open_task(args: &Args) -> Result<task::Command, String> {
    Ok(task::Command::Open(task::Opened {
        kind: given("kind", args.word("kind", task::TaskKind::named)?)?,
        title: Personal::Open(given("title", args.text("title")?)?),
        customer: args.id("customer"),
        call: args.id("call"),
        lead: args.id("lead"),
        owner: args.id("owner"),
        team: args.text("team")?,
        due_at: args.time("due_at")?,
        priority: args.integer("priority")?.unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Namespace;
    use crate::vocabulary::VOCABULARY;

    #[test]
    fn every_word_of_the_vocabulary_is_a_command_that_needs_no_more_than_what_is_required() {
        for vocable in VOCABULARY {
            let value = |name: &str| match name {
                "kind" if vocable.name == "task.open" => "callback",
                "kind" => "crm",
                "outcome" if vocable.name == "lead.return" => "busy",
                "outcome" => "sale",
                "direction" => "inbound",
                "channel" => "email",
                "as" => "human",
                "cause" => "completed",
                _ => "text",
            };
            let required = vocable.fields.iter().filter(|field| field.required);
            let fields = required.map(|field| (field.name, value(field.name).to_owned())).collect();
            let namespace = Namespace::named("x").unwrap();
            let read = Deed::of(vocable.name, "1", &Args { namespace, fields, kept: BTreeMap::new() });
            assert!(read.is_ok(), "{}: {}", vocable.name, read.unwrap_err());
        }
    }

    #[test]
    fn features_are_numbers_flags_or_categories() {
        let read = ["4.857", "999", "true", "no", "NaN", "basic.4y"].map(feature);
        let text = |text: &str| FeatureValue::Text(text.to_owned());
        assert_eq!(
            read,
            [
                FeatureValue::Number(4.857),
                FeatureValue::Number(999.0),
                FeatureValue::Flag(true),
                text("no"),
                text("NaN"),
                text("basic.4y")
            ]
        );
    }
}
