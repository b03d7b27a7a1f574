use super::*;
use crate::testing::given;

fn policy(span: &str) -> Applied {
    let rows = [("customers".to_owned(), span.to_owned())].into();
    Applied { roles: [("agent".to_owned(), RoleRights { rows, ..RoleRights::default() })].into() }
}

fn apply(policy: Applied, is_standard: bool) -> Command {
    Command::Apply { policy, is_standard }
}

#[test]
fn a_policy_is_noted_when_it_changes_and_must_let_somebody_do_something() {
    let standard = given::<AccessPolicy>([]).when(apply(policy("own"), true)).then([]);
    let all = standard.when(apply(policy("all"), false)).then([policy("all").into()]);
    all.when(apply(policy("all"), false)).then([]);
    let back = all.when(apply(policy("own"), true)).then([policy("own").into()]);
    let nothing = Applied { roles: [("agent".to_owned(), RoleRights::default())].into() };
    back.when(apply(nothing, false)).then_refused_at("ACCESS_POLICY_EMPTY", "roles");
}
