use trunkline_kernel::{Millis, Timestamp};

use super::*;
use crate::pacing::{Formula, ShareOf};

fn book() -> RuleBook {
    RuleBook::published().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A call of that purpose to that region at that time, to which nothing else is to be said.
fn facts<'a>(place: &'a Place, purpose: Purpose, when: &str) -> Facts<'a> {
    Facts {
        at: at(when),
        place,
        jurisdiction: "",
        purpose,
        consent: Consent::Granted,
        do_not_call: false,
        refused_at: None,
        requested: false,
        agent_guaranteed: false,
        calls: &[],
    }
}

fn region(region: &str) -> Place {
    book().place(&[], Some(region), None)
}

/// Which rule bars a call, and until when.
fn barred(facts: &Facts<'_>) -> Option<(String, Option<Timestamp>)> {
    let judgement = book().judge(facts);
    let ruling = judgement.barred_by()?;
    if let Verdict::Barred { until } = ruling.verdict { Some((ruling.rule.clone(), until)) } else { None }
}

fn barred_at(of: &str, purpose: Purpose, when: &str) -> Option<String> {
    barred(&facts(&region(of), purpose, when)).map(|(rule, _)| rule)
}

fn past(when: &str) -> PastCall {
    PastCall { at: at(when), connected: true, abandoned: false, of_campaign: false }
}

#[test]
fn cn_telesales_hours() {
    // China is at UTC+8: 09:00 is 01:00 UTC, 21:00 is 13:00 UTC.
    let rule = Some("cn-telesales-hours".to_owned());
    for purpose in [Purpose::Marketing, Purpose::Survey] {
        assert_eq!(barred_at("CN", purpose, "2026-03-02T00:59:59Z"), rule);
        assert_eq!(barred_at("CN", purpose, "2026-03-02T01:00:00Z"), None);
        assert_eq!(barred_at("CN", purpose, "2026-03-02T12:59:59Z"), None);
        assert_eq!(barred_at("CN", purpose, "2026-03-02T13:00:00Z"), rule);
    }
    let china = region("CN");
    let late = facts(&china, Purpose::Marketing, "2026-03-02T14:30:10Z");
    assert_eq!(barred(&late).unwrap().1, Some(at("2026-03-03T01:00:00Z")));
    assert_eq!(barred(&Facts { requested: true, ..late }), None, "the customer asked to be called then");
}

#[test]
fn cn_telesales_refusal() {
    let china = region("CN");
    let refused = |when: &str| Facts {
        refused_at: Some(at("2026-08-31T04:00:00Z")),
        ..facts(&china, Purpose::Marketing, when)
    };
    let (rule, until) = barred(&refused("2026-10-01T04:00:00Z")).unwrap();
    assert_eq!((rule.as_str(), until), ("cn-telesales-refusal", Some(at("2027-02-28T04:00:00Z"))));
    assert!(barred(&refused("2027-02-28T03:59:59Z")).is_some());
    assert_eq!(barred(&refused("2027-02-28T04:00:00Z")), None);
    let service = Facts { purpose: Purpose::Service, ..refused("2026-10-01T04:00:00Z") };
    assert_eq!(barred(&service), None);
}

#[test]
fn cn_collection_hours_and_calls() {
    assert_eq!(
        barred_at("CN", Purpose::Collection, "2026-03-01T23:59:00Z"),
        Some("cn-collection-hours".into())
    );
    assert_eq!(barred_at("CN", Purpose::Collection, "2026-03-02T00:00:00Z"), None);
    assert_eq!(
        barred_at("CN", Purpose::Collection, "2026-03-02T14:00:00Z"),
        Some("cn-collection-hours".into())
    );
    let china = region("CN");
    let with = |calls: &[PastCall]| {
        barred(&Facts { calls, ..facts(&china, Purpose::Collection, "2026-03-02T10:00:00Z") })
    };
    let mut calls =
        [past("2026-03-02T01:00:00Z"), past("2026-03-02T02:00:00Z"), past("2026-03-02T03:00:00Z")];
    let (rule, until) = with(&calls).unwrap();
    assert_eq!((rule.as_str(), until), ("cn-collection-calls", Some(at("2026-03-02T16:00:00Z"))));
    calls[0].connected = false;
    assert_eq!(with(&calls), None, "only connected calls count");
    // 15:59 UTC of the day before is 23:59 of the day before in China.
    calls[0] = past("2026-03-01T15:59:00Z");
    assert_eq!(with(&calls), None, "yesterday's calls do not count");
}

#[test]
fn us_hours_are_the_called_persons() {
    let rule = Some("us-hours".to_owned());
    // 08:00 in California is 16:00 UTC in winter and 15:00 UTC in summer.
    assert_eq!(barred_at("US-CA", Purpose::Service, "2026-01-15T15:59:00Z"), rule);
    assert_eq!(barred_at("US-CA", Purpose::Service, "2026-01-15T16:00:00Z"), None);
    assert_eq!(barred_at("US-CA", Purpose::Service, "2026-07-15T15:00:00Z"), None);
    assert_eq!(barred_at("US-NY", Purpose::Service, "2026-01-15T13:00:00Z"), None);
    assert_eq!(barred_at("US-NY", Purpose::Service, "2026-01-16T02:00:00Z"), rule);
    // Of an American number alone nobody knows the zone: from 08:00 in the Aleutians to 21:00 in Newfoundland.
    let number = calling_region("+12025550123").unwrap();
    let anywhere = book().place(&[number], None, None);
    let when = |when: &str| barred(&facts(&anywhere, Purpose::Service, when)).map(|(rule, _)| rule);
    assert_eq!(when("2026-01-15T17:59:00Z"), rule);
    assert_eq!(when("2026-01-15T18:00:00Z"), None);
    assert_eq!(when("2026-01-16T00:30:00Z"), rule);
    let narrowed = book().place(&[number], Some("US-NY"), None);
    assert_eq!(narrowed.zones(), ["America/New_York"]);
}

#[test]
fn us_conditions_come_with_the_permission() {
    let place = region("US-NY");
    let judgement = book().judge(&facts(&place, Purpose::Marketing, "2026-01-15T18:00:00Z"));
    assert!(judgement.is_permitted() && judgement.again_at().is_none());
    assert_eq!(judgement.ring_least(), Some(Millis::from_secs(15)));
    assert_eq!(judgement.abandonment_max(), Some(0.03));
    let bridge = judgement.rulings.iter().find(|ruling| ruling.rule == "us-bridge").unwrap();
    assert_eq!(bridge.verdict, Verdict::Bridge { within: Millis::from_secs(2) });
}

#[test]
fn everywhere_it_rings_fifteen_seconds() {
    let judgement = book().judge(&facts(&region("CN"), Purpose::Marketing, "2026-03-02T04:00:00Z"));
    assert_eq!(judgement.ring_least(), Some(Millis::from_secs(15)));
    assert_eq!(judgement.abandonment_max(), Some(0.03), "ours, where no rule is published");
}

#[test]
fn each_country_counts_abandoned_calls_as_its_own_rule_says() {
    let bound = |country| book().abandonment(country, Purpose::Marketing).unwrap();
    let formula = |of, machine_errors, days| Formula { of, machine_errors, days };
    let us = bound("US");
    assert_eq!((us.rule.as_str(), us.share_max), ("us-abandonment", 0.03));
    assert_eq!(us.formula, formula(ShareOf::LiveAnswers, 0.0, 30));
    let gb = bound("GB");
    assert_eq!((gb.rule.as_str(), gb.share_max), ("gb-abandonment", 0.0));
    assert_eq!(gb.formula, formula(ShareOf::AbandonedAndPassed, 0.05, 1));
    let cn = bound("CN");
    assert_eq!((cn.rule.as_str(), cn.share_max), ("abandonment", 0.03));
    assert_eq!(cn.formula, Formula::default(), "the rule for everywhere is what holds without a rule");
}

#[test]
fn a_company_s_own_formula_is_followed_and_loosens_no_bound() {
    let own = r#"
        [[rule]]
        id = "own-detector"
        version = 4
        jurisdiction = "GB"
        source = "2,000 recordings of January, heard again"
        kind = "abandonment"
        share_max = 0.02
        of = "abandonedAndPassed"
        machine_errors = 0.013
        days = 1
        [[rule]]
        id = "own-collection"
        version = 1
        jurisdiction = "*"
        purposes = ["collection"]
        source = "the company's own"
        kind = "abandonment"
        share_max = 0.01
        days = 7
    "#;
    let book = book().with(own).unwrap();
    let gb = book.abandonment("GB", Purpose::Marketing).unwrap();
    assert_eq!((gb.rule.as_str(), gb.version, gb.share_max), ("own-detector", 4, 0.0));
    assert!((gb.formula.machine_errors - 0.013).abs() < 1e-12);
    assert_eq!(book.abandonment("CN", Purpose::Survey).unwrap().rule, "abandonment");
    let cn = book.abandonment("CN", Purpose::Collection).unwrap();
    assert_eq!((cn.rule.as_str(), cn.share_max), ("own-collection", 0.01));
    // What a rule leaves out means what it meant before it could be said.
    assert_eq!(cn.formula, Formula { of: ShareOf::LiveAnswers, machine_errors: 0.0, days: 7 });
    let us = book.abandonment("US", Purpose::Collection).unwrap();
    assert_eq!(
        (us.rule.as_str(), us.share_max),
        ("us-abandonment", 0.01),
        "how the country counts, as strictly as ours"
    );
}

#[test]
fn gb_abandoned_redial_and_abandonment() {
    let britain = region("GB");
    let calls = [PastCall { abandoned: true, ..past("2026-03-02T10:00:00Z") }];
    let redial = |when: &str| Facts { calls: &calls, ..facts(&britain, Purpose::Marketing, when) };
    let (rule, until) = barred(&redial("2026-03-05T09:59:59Z")).unwrap();
    assert_eq!((rule.as_str(), until), ("gb-abandoned-redial", Some(at("2026-03-05T10:00:00Z"))));
    assert_eq!(barred(&redial("2026-03-05T10:00:00Z")), None);
    assert_eq!(barred(&Facts { agent_guaranteed: true, ..redial("2026-03-03T10:00:00Z") }), None);
    let judgement = book().judge(&redial("2026-03-06T10:00:00Z"));
    assert_eq!(judgement.abandonment_max(), Some(0.0), "no level is safe");
}

#[test]
fn a_no_bars_other_calls_than_sales_and_silence_does_not() {
    let china = region("CN");
    for purpose in [Purpose::Service, Purpose::Survey, Purpose::Collection] {
        let said = |consent| barred(&Facts { consent, ..facts(&china, purpose, "2026-03-02T04:00:00Z") });
        assert_eq!(said(Consent::Withdrawn), Some(("withdrawal".to_owned(), None)));
        assert_eq!((said(Consent::Unknown), said(Consent::Granted)), (None, None));
    }
}

#[test]
fn do_not_call_and_consent() {
    let china = region("CN");
    let noon = facts(&china, Purpose::Marketing, "2026-03-02T04:00:00Z");
    let listed = barred(&Facts { do_not_call: true, ..noon.clone() });
    assert_eq!(listed, Some(("do-not-call".to_owned(), None)));
    for consent in [Consent::Unknown, Consent::Withdrawn] {
        assert_eq!(barred(&Facts { consent, ..noon.clone() }), Some(("consent".to_owned(), None)));
    }
    let service = Facts { consent: Consent::Unknown, do_not_call: true, purpose: Purpose::Service, ..noon };
    assert_eq!(barred(&service), None);
    let judgement = book().judge(&Facts {
        consent: Consent::Unknown,
        ..facts(&china, Purpose::Marketing, "2026-03-02T14:00:00Z")
    });
    assert_eq!(judgement.again_at(), None, "no hour makes up for a missing consent");
}

#[test]
fn whose_place_nobody_knows_is_not_called() {
    for nowhere in [book().place(&[], None, None), region("XX")] {
        assert_eq!(barred_at("XX", Purpose::Service, "2026-03-02T04:00:00Z"), Some("place-known".into()));
        assert!(!nowhere.is_known());
    }
}

#[test]
fn number_and_record_that_differ_must_both_permit() {
    let number = calling_region("+8613812345678").unwrap();
    let both = book().place(&[number], Some("GB"), None);
    assert!(both.may_be_in("CN") && both.may_be_in("GB"));
    // 12:00 in London is 20:00 in China; two hours later it is 22:00 there.
    let when = |when: &str| barred(&facts(&both, Purpose::Marketing, when)).map(|(rule, _)| rule);
    assert_eq!(when("2026-03-02T12:00:00Z"), None);
    assert_eq!(when("2026-03-02T14:00:00Z"), Some("cn-telesales-hours".into()));
}

#[test]
fn a_time_zone_narrows_a_place_down_and_a_province_is_in_its_country() {
    let place = |numbers: &[&str], region, zone| book().place(numbers, region, zone);
    assert_eq!(place(&["NANP"], None, Some("America/Denver")).zones(), ["America/Denver"]);
    assert_eq!(place(&["CN"], Some("CN-31"), Some("Asia/Shanghai")), place(&["CN"], None, None));
    // Only the clock is known, which is what rules about hours ask.
    assert_eq!(place(&[], None, Some("Asia/Tokyo")).zones(), ["Asia/Tokyo"]);
    // A clock that the number's country does not have is one more that has to permit.
    assert_eq!(place(&["CN"], None, Some("Asia/Tokyo")).zones(), ["Asia/Shanghai", "Asia/Tokyo"]);
    assert!(!place(&["CN"], None, Some("Asia/Nowhere")).is_known());
    let recorded = Place::recorded(&["CN".to_owned()], &["Asia/Shanghai".to_owned()]).unwrap();
    assert_eq!(recorded, region("CN-44"));
}

#[test]
fn the_campaigns_own_law_holds_abroad_too() {
    let singapore = region("SG");
    let late = Facts { jurisdiction: "CN", ..facts(&singapore, Purpose::Marketing, "2026-03-02T14:00:00Z") };
    assert_eq!(barred(&late).unwrap().0, "cn-telesales-hours");
    assert_eq!(barred(&Facts { jurisdiction: "SG", ..late }), None);
}

#[test]
fn a_company_adds_hours_holidays_and_caps_of_its_own() {
    let own = r#"
        [[rule]]
        id = "own-holidays"
        version = 3
        jurisdiction = "CN"
        source = "the company's calendar"
        kind = "holidays"
        dates = ["2026-10-01", "2026-10-02"]
        [[rule]]
        id = "own-weekdays"
        version = 1
        jurisdiction = "*"
        source = "the company's calendar"
        kind = "hours"
        from_minute = 600
        until_minute = 720
        weekdays = [1, 2, 3, 4, 5]
        [[rule]]
        id = "own-attempts"
        version = 1
        jurisdiction = "*"
        source = "the campaign's attempt policy"
        kind = "calls"
        max = 2
        days = 7
        campaign = true
    "#;
    let book = book().with(own).unwrap();
    let china = region("CN");
    let judge = |facts: &Facts<'_>| book.judge(facts);
    let holiday = judge(&facts(&china, Purpose::Service, "2026-10-01T03:00:00Z"));
    assert_eq!(
        holiday.barred_by().map(|ruling| (ruling.rule.as_str(), ruling.version)),
        Some(("own-holidays", 3))
    );
    assert_eq!(holiday.again_at(), Some(at("2026-10-02T16:00:00Z")));
    // 10:00 in China is 02:00 UTC. The third of October 2026 is a Saturday.
    let saturday = judge(&facts(&china, Purpose::Service, "2026-10-03T03:00:00Z"));
    assert_eq!(saturday.again_at(), Some(at("2026-10-05T02:00:00Z")));
    let of_campaign = PastCall { connected: false, of_campaign: true, ..past("2026-11-09T03:00:00Z") };
    let calls = [
        of_campaign,
        PastCall { at: at("2026-11-12T03:00:00Z"), ..of_campaign },
        past("2026-11-12T03:30:00Z"),
    ];
    let again =
        |when: &str| judge(&Facts { calls: &calls, ..facts(&china, Purpose::Service, when) }).is_permitted();
    assert!(!again("2026-11-13T03:00:00Z"));
    assert!(again("2026-11-16T03:00:00Z"), "a week later one of the two has fallen out");
}

#[test]
fn the_judgement_names_every_rule_that_applied_and_reads_back() {
    let china = region("CN");
    let judgement = book().judge(&facts(&china, Purpose::Marketing, "2026-03-02T14:00:00Z"));
    let rules: Vec<&str> = judgement.rulings.iter().map(|ruling| ruling.rule.as_str()).collect();
    let expected = [
        "do-not-call",
        "consent",
        "place-known",
        "cn-telesales-hours",
        "cn-telesales-refusal",
        "ring",
        "abandonment",
    ];
    assert_eq!(rules, expected);
    assert_eq!(judgement.zones, ["Asia/Shanghai"]);
    let text = serde_json::to_string(&judgement).unwrap();
    assert!(text.contains(
        r#"{"rule":"cn-telesales-hours","version":1,"says":"barred","until":"2026-03-03T01:00:00Z"}"#
    ));
    assert_eq!(serde_json::from_str::<Judgement>(&text).unwrap(), judgement);
}

#[test]
fn impossible_rules_are_refused_by_name() {
    let rule = |rest: &str| {
        let text =
            format!("[[rule]]\nid = \"x\"\nversion = 1\njurisdiction = \"*\"\nsource = \"us\"\n{rest}");
        book().with(&text).map(|_| ()).unwrap_err().to_string()
    };
    assert!(rule("kind = \"hours\"\nfrom_minute = 900\nuntil_minute = 600").contains("\"x\""));
    assert!(rule("kind = \"refusal\"\nmonths = 0").contains("months"));
    assert!(rule("kind = \"astrology\"").contains("astrology"));
    assert!(rule("kind = \"abandonment\"\nshare_max = 0.03\ndays = 0").contains("days"));
    assert!(
        rule("kind = \"abandonment\"\nshare_max = 0.03\nmachine_errors = 1.5\ndays = 1").contains("shares")
    );
    let twice = "[[rule]]\nid = \"ring\"\nversion = 2\njurisdiction = \"*\"\nsource = \"us\"\nkind = \"ring\"\nleast = 1";
    assert!(book().with(twice).map(|_| ()).unwrap_err().to_string().contains("\"ring\""));
}

#[test]
fn every_rule_has_a_source_and_a_test_of_its_name() {
    let tests = include_str!("tests.rs");
    for rule in book().rules() {
        assert!(!rule.source.is_empty());
        let named = tests.matches(&format!("\"{}\"", rule.id)).count();
        assert!(named > 0 || rule.id == "us-ring", "no test names {}", rule.id);
    }
}
