use super::*;

const OURS: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const AT: Timestamp = Timestamp::from_millis(1_614_265_330_000);
const TOLERANCE: Millis = Millis::from_secs(300);

fn secrets(text: &str) -> Secrets {
    Secrets::read(text).unwrap()
}

#[test]
fn a_signature_is_the_one_that_the_published_example_has() {
    let signed = secrets(OURS).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY);
    assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(signed.timestamp, "1614265330");
}

#[test]
fn a_message_is_believed_under_the_old_secret_and_the_new() {
    let (old, new, both) = (secrets(OURS), secrets(OTHER), secrets(&format!("{OTHER} {OURS}")));
    for (sender, receiver) in [(&old, &both), (&new, &both), (&both, &old), (&both, &new)] {
        let signed = sender.sign("m", AT, BODY);
        assert_eq!(receiver.verify(&signed, BODY, AT, TOLERANCE), Ok(()));
    }
    assert_eq!(old.verify(&new.sign("m", AT, BODY), BODY, AT, TOLERANCE), Err(Unverified::Forged));
}

#[test]
fn whatever_is_changed_is_found_out() {
    let secrets = secrets(OURS);
    let signed = secrets.sign("m", AT, BODY);
    let verify = |signed: &Signed, body: &[u8], now| secrets.verify(signed, body, now, TOLERANCE);
    assert_eq!(verify(&signed, b"{}", AT), Err(Unverified::Forged));
    let id = Signed { id: "n".to_owned(), ..signed.clone() };
    assert_eq!(verify(&id, BODY, AT), Err(Unverified::Forged));
    let later = Signed { timestamp: "1614265331".to_owned(), ..signed.clone() };
    assert_eq!(verify(&later, BODY, AT), Err(Unverified::Forged));
    for (apart, expected) in
        [(300, Ok(())), (301, Err(Unverified::Untimely)), (-301, Err(Unverified::Untimely))]
    {
        assert_eq!(verify(&signed, BODY, AT.plus(Millis::from_secs(apart))), expected, "{apart} s");
    }
    for timestamp in ["", "-1", "+1614265330", "1614265330.0", "99999999999999999999"] {
        let signed = Signed { timestamp: timestamp.to_owned(), ..signed.clone() };
        assert_eq!(verify(&signed, BODY, AT), Err(Unverified::Malformed), "{timestamp:?}");
    }
    for signature in ["v1,", "v1,!", "v2,AAAA", "nothing"] {
        let signed = Signed { signature: signature.to_owned(), ..signed.clone() };
        assert_eq!(verify(&signed, BODY, AT), Err(Unverified::Forged), "{signature:?}");
    }
    let unsigned = Signed { signature: String::new(), ..signed };
    assert_eq!(verify(&unsigned, BODY, AT), Err(Unverified::Malformed));
}

#[test]
fn secrets_are_long_random_and_never_shown() {
    for text in ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", &[OURS; 5].join(" ")] {
        assert_eq!(Secrets::read(text).err(), Some(InvalidSecrets), "{text}");
    }
    assert_eq!(format!("{:?}", secrets(OURS)), "1 secrets");
}
