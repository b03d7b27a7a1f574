//! An alert: a rule about accesses was met, or a model drifts. Its id is made of the rule, the person and the time, so that it is raised once,
//! whoever comes to it first.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, AlertId, Category, Tag, Timestamp};

use crate::limits;
use crate::messages::Language;

pub use events::*;

words! {
    /// What sort of rule an alert comes from.
    AlertKind {
        /// More rows were read or exported than is usual.
        Rows = "rows",
        /// Somebody got at personal values outside of working hours.
        Hours = "hours",
        /// Somebody was refused again and again.
        Refusals = "refusals",
        /// Somebody took emergency access.
        Emergency = "emergency",
        /// A supervisor got at personal values of customers of several colleagues.
        Colleagues = "colleagues",
        /// The model that scores has drifted.
        Drift = "drift",
        /// The model that scores is well again.
        DriftOver = "drift_over",
    }
}

/// What can be asked of an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Raise it.
    Raise(Raised),
}

refusals! {
    /// Why a command to an alert was refused.
    Refusal {
        /// The alert was raised before.
        AlreadyRaised = "ALERT_ALREADY_RAISED" {
            "the alert was raised before",
            "there is nothing more to do",
            "该告警已发出：无需再次操作",
        }
    }
}

/// An alert.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alert {
    raised: bool,
}

impl Aggregate for Alert {
    const CATEGORY: Category = Category::new("alert");
    type Id = AlertId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Raise(raised) = command;
        if self.raised {
            return Err(Refusal::AlreadyRaised);
        }
        limits::word("rule", &raised.rule)?;
        limits::word("who", &raised.who)?;
        Ok(vec![raised.into()])
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Raised(_) = event;
        self.raised = true;
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}

/// What an alert says to people.
pub fn message(alert: &Raised, language: Language) -> String {
    let Raised { rule, who, count, limit, .. } = alert;
    match (alert.kind, language) {
        (AlertKind::Rows, Language::English) => {
            format!("{who} read {count} rows; {limit} are in order ({rule}).")
        }
        (AlertKind::Rows, Language::Chinese) => {
            format!("{who} 读取了 {count} 行数据，超过上限 {limit}（{rule}）。")
        }
        (AlertKind::Hours, Language::English) => {
            format!("{who} saw personal data outside of working hours ({rule}).")
        }
        (AlertKind::Hours, Language::Chinese) => format!("{who} 在工作时间以外查看了个人信息（{rule}）。"),
        (AlertKind::Refusals, Language::English) => {
            format!("{who} was refused {count} times; {limit} are in order ({rule}).")
        }
        (AlertKind::Refusals, Language::Chinese) => {
            format!("{who} 被拒绝 {count} 次，超过上限 {limit}（{rule}）。")
        }
        (AlertKind::Emergency, Language::English) => format!("{who} took emergency access ({rule})."),
        (AlertKind::Emergency, Language::Chinese) => format!("{who} 启用了紧急访问（{rule}）。"),
        (AlertKind::Colleagues, Language::English) => {
            format!(
                "{who} saw personal data of {count} customers of colleagues; {limit} are in order ({rule})."
            )
        }
        (AlertKind::Colleagues, Language::Chinese) => {
            format!("{who} 查看了同事的 {count} 位客户的个人信息，超过上限 {limit}（{rule}）。")
        }
        (AlertKind::Drift, Language::English) => {
            format!("{who} drifts: {rule} is {}; up to {} is in order.", share(*count), share(*limit))
        }
        (AlertKind::Drift, Language::Chinese) => {
            format!("{who} 发生漂移：{rule} 为 {}，超过上限 {}。", share(*count), share(*limit))
        }
        (AlertKind::DriftOver, Language::English) => {
            format!("{who} is well again: {rule} is {}; up to {} is in order.", share(*count), share(*limit))
        }
        (AlertKind::DriftOver, Language::Chinese) => {
            format!("{who} 已恢复正常：{rule} 为 {}，上限为 {}。", share(*count), share(*limit))
        }
    }
}

/// Thousandths, as a number with three decimals.
fn share(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}
