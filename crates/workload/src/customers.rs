//! Customers, campaigns and leads.

use std::collections::BTreeMap;

use trunkline_domain::campaign::{self, AttemptPolicy, CallingHours, DialingMode};
use trunkline_domain::customer::{self, CustomerKind, Profile};
use trunkline_domain::identifier::{self, IdentifierId, IdentifierKind};
use trunkline_domain::words::{Channel, FeatureValue, Purpose};
use trunkline_domain::{Event, lead};
use trunkline_kernel::{AgentId, BlindKey, CampaignId, CustomerId, LeadId, Personal, Tag};

use crate::Known;
use crate::source::{Source, Story};

const FAMILIES: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];
const GIVEN: [&str; 10] = ["伟", "芳", "秀英", "敏", "静", "建国", "丽", "强", "磊", "洋"];
pub(crate) const INDUSTRIES: [&str; 6] = ["bank", "insurance", "retail", "education", "logistics", "health"];

/// A campaign that runs.
pub(crate) fn campaign(source: &mut Source, story: &mut Story, number: usize) -> CampaignId {
    let id: CampaignId = source.id();
    let created = campaign::Created {
        name: format!("campaign {number}"),
        mode: DialingMode::Progressive,
        product: Some(format!("product_{}", number % 4)),
        queue: Some(format!("outbound_{}", number % 3)),
        script: None,
        attempts: AttemptPolicy::default(),
        hours: CallingHours::default(),
        jurisdiction: "CN".to_owned(),
        purpose: None,
    };
    source.tell(story, id, &[], Event::Campaign(campaign::Event::Created(created)));
    source.tell(story, id, &[], Event::Campaign(campaign::Event::Started(campaign::Started {})));
    id
}

/// A new customer, mostly with a phone number and on a campaign's list.
pub(crate) fn arrive(source: &mut Source, story: &mut Story, campaigns: &[CampaignId]) -> Known {
    let customer: CustomerId = source.id();
    let name = format!("{}{}", source.one_of(&FAMILIES), source.one_of(&GIVEN));
    let profile = Profile {
        name: Some(Personal::Open(name)),
        language: Some("zh-CN".to_owned()),
        region: Some(format!("CN-{}", 11 + source.below(40))),
        time_zone: Some("Asia/Shanghai".to_owned()),
        industry: Some(source.one_of(&INDUSTRIES).to_owned()),
        scale: None,
        attributes: BTreeMap::new(),
    };
    let registered = customer::Registered { kind: CustomerKind::Person, profile };
    tell(source, story, customer, customer::Event::Registered(registered));
    let number = format!("+861{:010}", 3_000_000_000_u64 + source.below(5_999_999_999) as u64);
    // Made-up events go straight to a log; no vault is asked.
    let index = BlindKey::new(*b"a workload knows nobody's secret");
    let claim = IdentifierId::of(&index, IdentifierKind::Phone, &number);
    let claimed = identifier::Claimed { customer, kind: IdentifierKind::Phone };
    source.tell(story, claim, &[Tag::of(customer)], Event::Identifier(identifier::Event::Claimed(claimed)));
    let linked = customer::IdentifierLinked {
        kind: IdentifierKind::Phone,
        value: Personal::Open(number),
        claim,
        region: None,
    };
    tell(source, story, customer, customer::Event::IdentifierLinked(linked));
    if source.chance(30) {
        let granted = customer::ConsentGranted {
            purpose: Purpose::Marketing,
            channel: Channel::Call,
            evidence: "form 7".to_owned(),
            expires_at: None,
        };
        tell(source, story, customer, customer::Event::ConsentGranted(granted));
    }
    let lead = (!campaigns.is_empty() && source.chance(80)).then(|| {
        let campaign = source.one_of(campaigns);
        (list(source, story, customer, campaign), campaign)
    });
    Known { customer, lead }
}

fn list(source: &mut Source, story: &mut Story, customer: CustomerId, campaign: CampaignId) -> LeadId {
    let id: LeadId = source.id();
    let tags = [Tag::of(customer), Tag::of(campaign)];
    let priority = i32::try_from(source.below(10)).unwrap_or(0);
    let added = lead::Added { campaign, customer, priority, attributes: BTreeMap::new() };
    source.tell(story, id, &tags, Event::Lead(lead::Event::Added(added)));
    source.tell(story, id, &tags, Event::Lead(lead::Event::Readied(lead::Readied {})));
    id
}

/// Something about a known customer changes.
pub(crate) fn change(source: &mut Source, story: &mut Story, customer: CustomerId, agent: AgentId) {
    match source.below(4) {
        0 => {
            let changes = Profile { scale: Some("50-99".to_owned()), ..Profile::default() };
            tell(
                source,
                story,
                customer,
                customer::Event::ProfileChanged(customer::ProfileChanged { changes }),
            );
        }
        1 => {
            let assigned = customer::OwnerAssigned { agent, previous: None };
            let event = Event::Customer(customer::Event::OwnerAssigned(assigned));
            source.tell(story, customer, &[Tag::of(agent)], event);
        }
        2 => {
            let percent = u32::try_from(source.below(100)).unwrap_or(0);
            let scored = customer::Scored {
                model: "lead-2".to_owned(),
                score: f64::from(percent) / 100.0,
                product: Some("product_1".to_owned()),
                campaign: None,
                contributions: BTreeMap::from([("age".to_owned(), 0.25)]),
            };
            tell(source, story, customer, customer::Event::Scored(scored));
        }
        _ => {
            let age = i32::try_from(20 + source.below(60)).unwrap_or(0);
            let features = BTreeMap::from([("age".to_owned(), FeatureValue::Number(f64::from(age)))]);
            let recorded = customer::FeaturesRecorded { features, source: Some("crm".to_owned()) };
            tell(source, story, customer, customer::Event::FeaturesRecorded(recorded));
        }
    }
}

fn tell(source: &mut Source, story: &mut Story, id: CustomerId, event: customer::Event) {
    source.tell(story, id, &[], Event::Customer(event));
}
