use trunkline_kernel::{BlindKey, Id as _, StreamId, Tag};

use super::*;
use crate::testing::{given, id};

fn index() -> BlindKey {
    BlindKey::new([7; 32])
}

fn claim(customer: u128) -> Command {
    Command::Claim(Claimed { customer: id(customer), kind: IdentifierKind::Phone })
}

#[test]
fn an_identifier_is_one_customers_until_given_up() {
    let claimed = given::<Identifier>([claim(1)]);
    claimed.when(claim(1)).then([]);
    claimed.when(claim(2)).then_refused("IDENTIFIER_TAKEN");
    claimed.when(Command::Release { customer: id(2) }).then_refused("IDENTIFIER_NOT_CLAIMED");
    let free = claimed.when(Command::Release { customer: id(1) }).then([Released { customer: id(1) }.into()]);
    free.when(Command::Release { customer: id(1) }).then_refused("IDENTIFIER_NOT_CLAIMED");
    assert_eq!(free.and(claim(2)).state.owner(), Some(id(2)));
}

#[test]
fn both_events_name_the_customer() {
    let claimed = given::<Identifier>([]).when(claim(1)).tagged([Tag::of::<CustomerId>(id(1))]);
    claimed.when(Command::Release { customer: id(1) }).tagged([Tag::of::<CustomerId>(id(1))]);
}

#[test]
fn spellings_of_one_identifier_meet_in_one_claim() {
    let of = |kind: IdentifierKind, text: &str| {
        kind.normalise(text).map(|normalised| IdentifierId::of(&index(), kind, &normalised))
    };
    let phone = of(IdentifierKind::Phone, " +86 138 1234 5678 ");
    assert_eq!(phone, of(IdentifierKind::Phone, "+8613812345678"));
    assert_eq!(
        of(IdentifierKind::Email, "Li.Wei@Example.COM"),
        of(IdentifierKind::Email, "li.wei@example.com")
    );
    assert_ne!(of(IdentifierKind::Crm, "A1"), of(IdentifierKind::Device, "A1"));
    assert_ne!(of(IdentifierKind::Crm, "A1"), of(IdentifierKind::Crm, "a1"));
}

#[test]
fn the_name_of_a_claim_is_permanent_and_does_not_tell_the_value() {
    let claim = IdentifierId::of(&index(), IdentifierKind::Phone, "+8613812345678");
    let elsewhere = IdentifierId::of(&BlindKey::new([8; 32]), IdentifierKind::Phone, "+8613812345678");
    assert_ne!(claim, elsewhere, "who has no key cannot make it");
    let stream = StreamId::of(claim);
    assert_eq!(stream.as_str(), "identifier-d310e2dd-44b6-8b4b-b746-c77bcb7d08d4");
    assert_eq!(stream.id(), Some(claim));
    assert_eq!(claim.to_string().parse(), Ok(claim));
    assert_eq!(claim.uuid().get_version_num(), 8);
}

#[test]
fn what_is_no_identifier_is_refused_without_telling_it() {
    let refused =
        |kind: IdentifierKind, text: &str| kind.normalise(text).err().map(|error| error.to_string());
    for (kind, text) in [
        (IdentifierKind::Phone, "12"),
        (IdentifierKind::Email, "li.wei@"),
        (IdentifierKind::Email, "@example.com"),
        (IdentifierKind::Email, "a@b@example.com"),
        (IdentifierKind::Wechat, "  "),
        (IdentifierKind::Crm, "two words"),
    ] {
        let told = refused(kind, text);
        assert!(told.is_some_and(|told| told.starts_with("not a")), "{kind} took {text:?}");
    }
    let long = "x".repeat(257);
    assert_eq!(IdentifierKind::Crm.normalise(&long), Err(InvalidIdentifier::Text));
}
