//! What a signed token says, after its signature was found right.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use trunkline_access::EntryRefusal;
use trunkline_kernel::{Millis, Timestamp};

/// What every token is held to.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Who must have made it.
    pub(crate) issuer: String,
    /// Whom it must be for.
    pub(crate) audience: String,
    /// The only algorithms that are taken. They are all asymmetric, so that no public key can be used as a secret.
    pub(crate) algorithms: Vec<Algorithm>,
    /// How far the clock of whoever made it may be off.
    pub(crate) skew: Millis,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claims(pub(crate) Map<String, Value>);

impl Claims {
    /// Checks a token: its algorithm, its signature, who made it, whom it is for, and whether it is the time for it.
    ///
    /// # Errors
    /// The first of these that does not hold.
    pub(crate) fn of(
        token: &str,
        key: &DecodingKey,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Self, EntryRefusal> {
        let named = jsonwebtoken::decode_header(token).map_err(|_| EntryRefusal::Signature)?.alg;
        if !rules.algorithms.contains(&named) {
            return Err(EntryRefusal::Signature);
        }
        // The library wants all algorithms of a check to be of one family, and holds the key to the same.
        let mut validation = Validation::new(named);
        validation.set_issuer(&[&rules.issuer]);
        validation.set_audience(&[&rules.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // The library would ask the machine for the time; the time is an input here.
        validation.validate_exp = false;
        let data = jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation)
            .map_err(|error| refusal(&error))?;
        let claims = Self(data.claims);
        claims.hold_to_time(rules, now)?;
        Ok(claims)
    }

    /// Holds to the rules what the provider itself says of a token. It need not say who made it: it did.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub(crate) fn hold_to(&self, rules: &Rules, now: Timestamp) -> Result<(), EntryRefusal> {
        let ours = match self.0.get("aud") {
            Some(Value::String(one)) => *one == rules.audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(&rules.audience)),
            Some(_) | None => false,
        };
        let issuer = self.text("iss").is_none_or(|issuer| issuer == rules.issuer);
        if ours && issuer { self.hold_to_time(rules, now) } else { Err(EntryRefusal::Foreign) }
    }

    fn hold_to_time(&self, rules: &Rules, now: Timestamp) -> Result<(), EntryRefusal> {
        let ends = self.moment("exp").ok_or(EntryRefusal::Foreign)?;
        let begins = self.moment("nbf").unwrap_or(Timestamp::from_micros(i64::MIN));
        if ends.plus(rules.skew) <= now || now.plus(rules.skew) < begins {
            return Err(EntryRefusal::Expired);
        }
        Ok(())
    }

    /// A claim by its path, `realm_access.roles`.
    pub(crate) fn at(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(path) {
            return Some(value);
        }
        let mut parts = path.split('.');
        let first = self.0.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str()
    }

    /// A claim that is a moment in seconds since 1970, whole or not.
    pub(crate) fn moment(&self, path: &str) -> Option<Timestamp> {
        let value = self.at(path)?;
        let whole = value.as_i64();
        #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
        let seconds = whole.or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))?;
        Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000)))
    }

    /// All of it, as a type of its own.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(self) -> Option<T> {
        serde_json::from_value(Value::Object(self.0)).ok()
    }
}

/// Who claims to have made a token, before anything of it is checked: only good for choosing whom to ask.
pub(crate) fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Peek {
        iss: String,
    }
    jsonwebtoken::dangerous::insecure_decode_claims::<Peek>(token).ok().map(|peek| peek.iss)
}

fn refusal(error: &Error) -> EntryRefusal {
    let foreign = matches!(
        error.kind(),
        ErrorKind::InvalidIssuer
            | ErrorKind::InvalidAudience
            | ErrorKind::MissingRequiredClaim(_)
            | ErrorKind::InvalidClaimFormat(_)
    );
    if foreign { EntryRefusal::Foreign } else { EntryRefusal::Signature }
}
