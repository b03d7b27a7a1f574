//! Agents: hired once, and then busy with a call.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_domain::{Event, agent};
use trunkline_kernel::{AgentId, CallId, Personal, Tag};

use crate::source::{Source, Story};

const NAMES: [&str; 8] = ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽"];

/// Hires an agent, who signs in and is available.
pub(crate) fn hire(source: &mut Source, story: &mut Story, number: usize) -> AgentId {
    let id: AgentId = source.id();
    let registered = agent::Registered {
        name: Personal::Open(format!("{} {number}", NAMES[number % NAMES.len()])),
        team: Some(format!("team {}", number % 10)),
        skills: BTreeMap::from([("mandarin".to_owned(), 5), (format!("product_{}", number % 4), 3)]),
        languages: BTreeSet::from(["zh-CN".to_owned()]),
        capacity: 1,
        extension: None,
        licences: Default::default(),
        shifts: Vec::new(),
    };
    tell(source, story, id, &[], agent::Event::Registered(registered));
    tell(source, story, id, &[], agent::Event::SignedIn(agent::SignedIn {}));
    tell(source, story, id, &[], agent::Event::MadeAvailable(agent::MadeAvailable {}));
    id
}

/// A call rings at the agent's and is talked on.
pub(crate) fn take(source: &mut Source, story: &mut Story, agent: AgentId, call: CallId) {
    let tags = [Tag::of(call)];
    tell(source, story, agent, &tags, agent::Event::WorkStarted(agent::WorkStarted { call }));
    source.wait(1, 3);
    tell(source, story, agent, &tags, agent::Event::TalkingStarted(agent::TalkingStarted { call }));
}

/// The call is over; the agent wraps it up and is free again.
pub(crate) fn finish(source: &mut Source, story: &mut Story, agent: AgentId, call: CallId) {
    let until = source.now().plus(trunkline_kernel::Millis::from_secs(30));
    let tags = [Tag::of(call)];
    tell(source, story, agent, &tags, agent::Event::WrapStarted(agent::WrapStarted { call, until }));
    source.wait(2, 25);
    tell(source, story, agent, &[], agent::Event::WrapEnded(agent::WrapEnded {}));
}

fn tell(source: &mut Source, story: &mut Story, id: AgentId, tags: &[Tag], event: agent::Event) {
    source.tell(story, id, tags, Event::Agent(event));
}
