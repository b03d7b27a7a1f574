use trunkline_kernel::Millis;

use super::*;
use crate::testing::{START, given};

fn issued() -> Issued {
    Issued {
        subject: "user:li.wei".to_owned(),
        roles: vec!["agent".to_owned()],
        agent: None,
        teams: vec!["north".to_owned()],
        expires_at: START.plus(Millis::from_mins(60)),
    }
}

fn revoke() -> Command {
    Command::Revoke { reason: Some("lost".to_owned()) }
}

#[test]
fn a_token_is_issued_once_and_revoked_once() {
    let story = given::<Token>([]).when(Command::Issue(issued())).then([issued().into()]);
    story.when(Command::Issue(issued())).then_refused("TOKEN_ALREADY_ISSUED");
    let revoked = Revoked { expires_at: issued().expires_at, reason: Some("lost".to_owned()) };
    let story = story.when(revoke()).then([revoked.into()]);
    story.when(revoke()).then_refused("TOKEN_ALREADY_REVOKED");
    given::<Token>([]).when(revoke()).then_refused("TOKEN_UNKNOWN");
}

#[test]
fn what_is_over_can_neither_be_issued_nor_revoked() {
    let story = given::<Token>([Command::Issue(issued())]).later(Millis::from_mins(60));
    story.when(revoke()).then_refused("TOKEN_OVER");
    let past = Command::Issue(Issued { expires_at: START, ..issued() });
    given::<Token>([]).when(past).then_refused_at("TOKEN_EXPIRY_PAST", "expiresAt");
}

#[test]
fn a_token_names_somebody_and_gives_a_role() {
    let refused = |issued, code, field| {
        given::<Token>([]).when(Command::Issue(issued)).then_refused_at(code, field);
    };
    refused(Issued { subject: "li wei".to_owned(), ..issued() }, "TOKEN_SUBJECT_INVALID", "subject");
    refused(Issued { roles: Vec::new(), ..issued() }, "INPUT_EMPTY", "roles");
    refused(Issued { teams: vec![" ".to_owned()], ..issued() }, "INPUT_EMPTY", "teams");
}
