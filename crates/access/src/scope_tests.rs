//! What roles come to, alone and together.

use trunkline_kernel::{Actor, ActorKind, AgentId, Id as _, Timestamp};

use crate::*;

fn agent(n: u128) -> AgentId {
    AgentId::from_uuid(uuid::Uuid::from_u128(n))
}

fn somebody(roles: &[Role]) -> Identity {
    let actor = Actor::new(ActorKind::User, "li.wei").unwrap();
    Identity {
        roles: roles.iter().copied().collect(),
        agent: Some(agent(1)),
        teams: ["east".to_owned()].into(),
        ..Identity::unrestricted(actor)
    }
}

fn scope(roles: &[Role]) -> Scope {
    Scope::of(&Policy::standard(), &somebody(roles), &[])
}

#[test]
fn an_agent_sees_its_own_and_a_lead_the_teams() {
    let own = Rows::Of(Circle { agents: [agent(1)].into(), teams: [].into() });
    let teams = Rows::Of(Circle { agents: [agent(1)].into(), teams: ["east".to_owned()].into() });
    assert_eq!(scope(&[Role::Agent]).rows(Kind::Calls), &own);
    assert_eq!(scope(&[Role::TeamLead]).rows(Kind::Calls), &teams);
    assert_eq!(scope(&[Role::Agent]).rows(Kind::Events), &Rows::None);
    assert_eq!(scope(&[Role::Agent]).show(Kind::Customers, Class::Contact), Show::Mask);
    assert!(!scope(&[Role::Agent]).may(Permission::AssignCustomers));
    assert!(scope(&[Role::TeamLead]).may(Permission::AssignCustomers));
}

#[test]
fn a_second_role_that_sees_more_rows_does_not_show_them_as_the_first_shows_its_own() {
    let both = scope(&[Role::Agent, Role::Analyst]);
    assert_eq!(both.rows(Kind::Customers), &Rows::All);
    assert_eq!(both.show(Kind::Customers, Class::Name), Show::Withhold);
    // A role that sees all of these rows itself decides.
    assert_eq!(scope(&[Role::Manager, Role::Analyst]).show(Kind::Customers, Class::Name), Show::Clear);
}

#[test]
fn a_role_that_sees_more_does_not_widen_what_another_may_change() {
    let identity = somebody(&[Role::Agent, Role::Auditor]);
    let acting = Scope::to_do(Permission::EditCustomers, &Policy::standard(), &identity, &[]);
    assert_eq!(acting.rows(Kind::Customers), scope(&[Role::Agent]).rows(Kind::Customers));
    assert_eq!(scope(&[Role::Agent, Role::Auditor]).rows(Kind::Customers), &Rows::All);
}

#[test]
fn nobody_without_a_role_or_an_agent_sees_anything() {
    assert_eq!(scope(&[]), Scope::of(&Policy::default(), &somebody(Role::ALL.as_slice()), &[]));
    assert_eq!(scope(&[]).rows(Kind::Customers), &Rows::None);
    let nobody = Identity { agent: None, teams: [].into(), ..somebody(&[Role::Agent]) };
    assert_eq!(Scope::of(&Policy::standard(), &nobody, &[]).rows(Kind::Tasks), &Rows::None);
}

#[test]
fn what_is_lent_adds_the_lenders_rows_and_an_emergency_adds_all() {
    let lent = |everything| Lent {
        roles: [Role::Agent].into(),
        agent: Some(agent(2)),
        teams: [].into(),
        everything,
        until: Timestamp::from_millis(1),
    };
    let of = |lent| Scope::of(&Policy::standard(), &somebody(&[Role::Agent]), &[lent]);
    let two = Rows::Of(Circle { agents: [agent(1), agent(2)].into(), teams: [].into() });
    assert_eq!(of(lent(false)).rows(Kind::Customers), &two);
    assert_eq!(of(lent(false)).show(Kind::Customers, Class::Name), Show::Clear);
    assert!(of(lent(true)).sees_all());
    assert_eq!(of(lent(true)).show(Kind::Calls, Class::Contact), Show::Clear);
    // An emergency opens what can be seen, not what can be done.
    assert!(!of(lent(true)).may(Permission::ManageAgents));
}

#[test]
fn whoever_has_every_role_sees_everything_in_the_clear() {
    let actor = Actor::new(ActorKind::Service, "api").unwrap();
    let all = Scope::of(&Policy::standard(), &Identity::unrestricted(actor), &[]);
    assert_eq!(all, Scope::everything());
}

#[test]
fn the_policy_reads_back_as_it_was_written() {
    let written = serde_json::to_string(&Policy::standard()).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&written).unwrap(), Policy::standard());
    let written = Policy::standard().to_toml();
    assert_eq!(Policy::default().with(&written).unwrap(), Policy::standard());
    let applied = serde_json::to_value(Policy::standard().applied().roles).unwrap();
    assert_eq!(serde_json::from_value::<Policy>(applied).unwrap(), Policy::standard());
}

#[test]
fn a_file_replaces_the_rights_of_the_roles_that_it_names_and_of_no_others() {
    let text = "[analyst.rows]\ncalls = \"team\"\n[analyst.shows]\nwords = \"mask\"\n";
    let policy = Policy::standard().with(text).unwrap();
    let analyst = policy.rights(Role::Analyst).unwrap();
    assert_eq!((analyst.span(Kind::Calls), analyst.span(Kind::Customers)), (Span::Team, Span::None));
    assert_eq!((analyst.show(Class::Words), analyst.show(Class::Name)), (Show::Mask, Show::Withhold));
    assert_eq!(policy.rights(Role::Agent), Policy::standard().rights(Role::Agent));
    for wrong in ["[boss]", "[agent.rows]\ncars = \"own\"", "[agent]\nmay = [\"fly\"]", "[agent]\nrow = {}"] {
        assert!(Policy::standard().with(wrong).is_err(), "{wrong} was taken");
    }
}
