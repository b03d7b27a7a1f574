//! Tasks, and what is said on other channels.

use std::collections::BTreeMap;

use trunkline_domain::task::{self, TaskKind};
use trunkline_domain::words::{Channel, Direction, Insight};
use trunkline_domain::{Event, interaction};
use trunkline_kernel::{AgentId, CustomerId, InteractionId, Millis, Personal, Tag, TaskId};

use crate::source::{Source, Story};

/// A conversation on another channel, mostly understood afterwards.
pub(crate) fn interaction(source: &mut Source, story: &mut Story, customer: CustomerId, agent: AgentId) {
    let id: InteractionId = source.id();
    let tags = [Tag::of(customer), Tag::of(agent)];
    let recorded = interaction::Recorded {
        customer,
        channel: source.one_of(&[Channel::Chat, Channel::Wechat, Channel::Email, Channel::Order]),
        direction: Direction::Inbound,
        agent: Some(agent),
        call: None,
        subject: Some(Personal::Open("贷款利率".to_owned())),
        text: Some(Personal::Open("请问现在的贷款利率是多少？".to_owned())),
        attributes: BTreeMap::new(),
    };
    source.tell(story, id, &tags, Event::Interaction(interaction::Event::Recorded(recorded)));
    if source.chance(60) {
        let insight = Insight { intent: Some("loan".to_owned()), ..Insight::default() };
        let annotated = interaction::Annotated { insight };
        source.tell(story, id, &tags, Event::Interaction(interaction::Event::Annotated(annotated)));
    }
}

/// A task from its opening to its end.
pub(crate) fn task(source: &mut Source, story: &mut Story, customer: CustomerId, agent: AgentId) {
    let id: TaskId = source.id();
    let tags = [Tag::of(customer), Tag::of(agent)];
    let mut tell =
        |source: &mut Source, event: task::Event| source.tell(story, id, &tags, Event::Task(event));
    let opened = task::Opened {
        kind: source.one_of(&[TaskKind::FollowUp, TaskKind::Callback, TaskKind::Review]),
        title: Personal::Open("回访客户".to_owned()),
        customer: Some(customer),
        call: None,
        lead: None,
        owner: None,
        team: Some(format!("team {}", source.below(10))),
        due_at: source.chance(80).then(|| source.now().plus(Millis::from_mins(60 * 24))),
        priority: 1,
    };
    tell(source, task::Event::Opened(opened));
    if source.chance(10) {
        return;
    }
    source.wait(1, 30);
    tell(source, task::Event::Assigned(task::Assigned { agent }));
    source.wait(1, 30);
    tell(source, task::Event::Started(task::Started {}));
    if source.chance(15) {
        let failed = task::AttemptFailed {
            error: Personal::Open("line busy".to_owned()),
            attempt: 1,
            retry_at: source.now().plus(Millis::from_mins(5)),
        };
        tell(source, task::Event::AttemptFailed(failed));
        tell(source, task::Event::Started(task::Started {}));
    }
    if source.chance(5) {
        return;
    }
    source.wait(1, 60);
    tell(source, task::Event::Completed(task::Completed { result: None }));
}
