use trunkline_kernel::{AgentId, CampaignId, InteractionId, Millis, Tag, Timestamp};

use super::*;
use crate::identifier::IdentifierKind;
use crate::testing::{START, Story, explore, given, id};
use crate::words::{FeatureValue, Insight};

fn register() -> Command {
    let profile = Profile { name: Some("Wang Fang".to_owned().into()), ..Profile::default() };
    Command::Register(Registered { kind: CustomerKind::Person, profile })
}

fn customer() -> Story<Customer> {
    given([register()])
}

fn granted(expires_at: Option<Timestamp>) -> ConsentGranted {
    let evidence = "form 17".to_owned();
    ConsentGranted { purpose: Purpose::Marketing, channel: Channel::Call, evidence, expires_at }
}

fn withdraw() -> Command {
    let (purpose, channel) = (Purpose::Marketing, Channel::Call);
    Command::WithdrawConsent(ConsentWithdrawn { purpose, channel, reason: None })
}

fn suppress(until: Option<Timestamp>) -> Command {
    let (purpose, channel) = (Purpose::Marketing, Channel::Call);
    Command::SuppressContact(ConsentSuppressed { purpose, channel, until, rule: "refusal".into() })
}

fn expire() -> Command {
    Command::ExpireConsent(ConsentExpired { purpose: Purpose::Marketing, channel: Channel::Call })
}

fn linked() -> IdentifierLinked {
    let (kind, value) = (IdentifierKind::Crm, "A1".to_owned());
    IdentifierLinked {
        kind,
        claim: IdentifierId::of(&trunkline_kernel::BlindKey::new([7; 32]), kind, &value),
        value: value.into(),
        region: None,
    }
}

fn bar(story: &Story<Customer>) -> Option<BlockReason> {
    story.state.bar(Purpose::Marketing, Channel::Call, story.now, &Policy::default())
}

#[test]
fn without_a_word_from_the_customer_marketing_is_barred_and_service_is_not() {
    let story = customer();
    assert_eq!(bar(&story), Some(BlockReason::NoConsent));
    let policy = Policy::default();
    assert_eq!(story.state.bar(Purpose::Service, Channel::Call, story.now, &policy), None);
    let lenient = Policy { unknown_consent_allows_marketing: true, ..policy };
    assert_eq!(story.state.bar(Purpose::Marketing, Channel::Call, story.now, &lenient), None);
}

#[test]
fn consent_holds_for_its_purpose_its_channel_and_its_time() {
    let until = START.plus(Millis::from_mins(60));
    let story = customer().and(Command::GrantConsent(granted(Some(until))));
    assert_eq!(bar(&story), None);
    let policy = Policy::default();
    let barred = Some(BlockReason::NoConsent);
    assert_eq!(story.state.bar(Purpose::Marketing, Channel::Email, story.now, &policy), barred);
    story.when(expire()).then_refused("CUSTOMER_CONSENT_NOT_EXPIRED");
    let over = story.later(Millis::from_mins(60));
    assert_eq!(bar(&over), barred, "the time limit counts before it is recorded");
    let expired = over.and(expire());
    assert_eq!(expired.state.consent(Purpose::Marketing, Channel::Call).state, ConsentState::Expired);
    expired.when(expire()).then_refused("CUSTOMER_CONSENT_NOT_EXPIRED");
}

#[test]
fn a_withdrawal_and_a_suppression_bar_until_a_new_grant() {
    let withdrawn = customer().and(Command::GrantConsent(granted(None))).and(withdraw());
    assert_eq!(bar(&withdrawn), Some(BlockReason::Requested));
    withdrawn.when(withdraw()).then_refused("CUSTOMER_CONSENT_UNCHANGED");
    let half_year = START.plus(Millis::from_mins(180 * 24 * 60));
    let suppressed = withdrawn.and(suppress(Some(half_year)));
    assert_eq!(bar(&suppressed), Some(BlockReason::Rule));
    assert_eq!(bar(&suppressed.and(Command::GrantConsent(granted(None)))), None);
}

#[test]
fn consent_needs_evidence_and_a_limit_in_the_future() {
    let empty = ConsentGranted { evidence: " ".into(), ..granted(None) };
    let refused = customer().when(Command::GrantConsent(empty));
    refused.then_refused_at("CUSTOMER_CONSENT_WITHOUT_EVIDENCE", "evidence");
    customer().when(Command::GrantConsent(granted(Some(START)))).then_refused("CUSTOMER_CONSENT_EXPIRY_PAST");
    customer().when(suppress(Some(START))).then_refused("CUSTOMER_CONSENT_EXPIRY_PAST");
}

#[test]
fn an_identifier_is_linked_once_and_unlinked_by_its_claim() {
    let claim = linked().claim;
    let tag = Tag::of(claim);
    let story = customer().when(Command::LinkIdentifier(linked())).tagged([tag.clone()]);
    story.when(Command::LinkIdentifier(linked())).then_refused("CUSTOMER_IDENTIFIER_LINKED");
    assert!(story.state.identifiers().contains(&claim));
    let unlinked = story.when(Command::UnlinkIdentifier { claim }).tagged([tag]);
    unlinked.when(Command::UnlinkIdentifier { claim }).then_refused("CUSTOMER_IDENTIFIER_NOT_LINKED");
}

#[test]
fn the_owner_changes_hands_and_both_are_named() {
    let agent = |number| Tag::of::<AgentId>(id(number));
    let story = customer().when(Command::AssignOwner { agent: id(1) }).tagged([agent(1)]);
    story.when(Command::AssignOwner { agent: id(1) }).then_refused("CUSTOMER_OWNER_UNCHANGED");
    let story = story.when(Command::AssignOwner { agent: id(2) }).tagged([agent(1), agent(2)]);
    let story = story.when(Command::ReleaseOwner).then([OwnerReleased { agent: id(2) }.into()]);
    story.when(Command::ReleaseOwner).then_refused("CUSTOMER_NO_OWNER");
}

#[test]
fn figures_that_have_no_json_form_are_refused() {
    let features = |value| {
        let features = [("age".to_owned(), FeatureValue::Number(value))].into();
        Command::RecordFeatures(FeaturesRecorded { features, source: None })
    };
    customer().when(features(f64::NAN)).then_refused_at("INPUT_OUT_OF_RANGE", "features");
    customer().and(features(56.0));
    let score = |score, part| {
        let contributions = [("age".to_owned(), part)].into();
        let campaign = Some(id(3));
        Command::Score(Scored { model: "m1".into(), score, product: None, campaign, contributions })
    };
    customer().when(score(1.01, 0.0)).then_refused_at("INPUT_OUT_OF_RANGE", "score");
    customer().when(score(f64::NAN, 0.0)).then_refused("INPUT_OUT_OF_RANGE");
    customer().when(score(0.5, f64::INFINITY)).then_refused_at("INPUT_OUT_OF_RANGE", "contributions");
    customer().when(score(1.0, -0.5)).tagged([Tag::of::<CampaignId>(id(3))]);
}

#[test]
fn a_profile_changes_only_when_something_is_given() {
    let change = |changes| Command::ChangeProfile(ProfileChanged { changes });
    customer().when(change(Profile::default())).then_refused("INPUT_NO_CHANGE");
    let empty = Profile { industry: Some(String::new()), ..Profile::default() };
    customer().when(change(empty)).then_refused_at("INPUT_EMPTY", "industry");
    let changes = Profile { industry: Some("retail".into()), ..Profile::default() };
    customer().when(change(changes.clone())).then([ProfileChanged { changes }.into()]);
    customer().when(register()).then_refused("CUSTOMER_ALREADY_EXISTS");
    given::<Customer>([]).when(withdraw()).then_refused("CUSTOMER_UNKNOWN");
}

#[test]
fn an_insight_names_its_interaction() {
    let recorded = InsightRecorded { interaction: Some(id(4)), insight: Insight::default() };
    customer().when(Command::RecordInsight(recorded)).tagged([Tag::of::<InteractionId>(id(4))]);
}

#[test]
fn no_history_leaves_the_consent_machine_and_every_step_is_taken() {
    fn pick(_: &Customer, now: Timestamp, number: u32) -> Command {
        let rest = number / 16;
        let until =
            (!rest.is_multiple_of(3)).then_some(now.plus(Millis::from_mins(i64::from(rest % 4) * 30)));
        match number % 12 {
            0 | 1 => register(),
            2 | 3 => Command::GrantConsent(granted(until)),
            4 => withdraw(),
            5 | 6 => suppress(until),
            7..10 => expire(),
            10 => Command::LinkIdentifier(linked()),
            _ => Command::AssignOwner { agent: id(u128::from(rest % 3)) },
        }
    }
    explore(pick, |customer| customer.consent(Purpose::Marketing, Channel::Call).state);
}
