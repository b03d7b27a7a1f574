use super::*;
use crate::testing::{START, given};

fn raised() -> Raised {
    Raised {
        rule: "many rows".to_owned(),
        kind: AlertKind::Rows,
        who: "user:li.wei".to_owned(),
        count: 12,
        limit: 10,
        since: START,
        at: START,
        position: trunkline_kernel::Position(7),
    }
}

#[test]
fn an_alert_is_raised_once() {
    let story = given::<Alert>([]).when(Command::Raise(raised())).then([raised().into()]);
    story.when(Command::Raise(raised())).then_refused("ALERT_ALREADY_RAISED");
    given::<Alert>([])
        .when(Command::Raise(Raised { rule: String::new(), ..raised() }))
        .then_refused_at("INPUT_EMPTY", "rule");
}

#[test]
fn every_kind_speaks_both_languages() {
    for kind in AlertKind::ALL {
        let alert = Raised { kind: *kind, ..raised() };
        let (english, chinese) = (message(&alert, Language::English), message(&alert, Language::Chinese));
        assert!(english.contains("li.wei") && english.is_ascii(), "{english}");
        assert!(chinese.contains("li.wei") && !chinese.is_ascii(), "{chinese}");
    }
}
