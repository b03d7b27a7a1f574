//! Who asks, in which language, and under which trace: everything that a request says outside its query.

use axum::http::request::Parts;
use trunkline_access::{Anonymous, Doorstep, Identity};
use trunkline_domain::messages::Language;
use trunkline_kernel::{Actor, ActorKind, Ids, TraceId};

/// The header that names the actor where no token is asked for.
const ACTOR_HEADER: &str = "x-trunkline-actor";

/// The better of the two languages that are spoken here for an `Accept-Language` header.
fn accepted(header: &str) -> Language {
    let mut best = (0.0, Language::English);
    for part in header.split(',') {
        let mut words = part.split(';').map(str::trim);
        let tag = words.next().unwrap_or_default().to_ascii_lowercase();
        let quality = words
            .find_map(|word| word.strip_prefix("q="))
            .map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0));
        let language = match tag.split('-').next() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => continue,
        };
        if quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

/// What a request says outside its query.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who asks.
    pub identity: Identity,
    /// The distributed trace that the client runs under.
    pub trace: Option<TraceId>,
    /// What names this request in the server's log and in the errors of faults.
    pub request: String,
    /// The language of messages.
    pub language: Language,
}

impl Caller {
    /// Reads what comes with a request: its headers, and the [`Identity`] that the server put beside them.
    ///
    /// # Errors
    /// A message for the client when the actor header does not name an actor.
    pub(crate) fn of(parts: &Parts, ids: &dyn Ids) -> Result<Self, String> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let nobody = parts.extensions.get::<Anonymous>().map(|_| {
            let doorstep = parts.extensions.get::<Doorstep>();
            Identity::nobody(doorstep.and_then(|doorstep| doorstep.address))
        });
        let identity = match (parts.extensions.get::<Identity>().or(nobody.as_ref()), header(ACTOR_HEADER)) {
            (Some(identity), _) => identity.clone(),
            (None, Some(text)) => {
                Identity::unrestricted(text.parse().map_err(|error| format!("{ACTOR_HEADER}: {error}"))?)
            }
            (None, None) => Identity::unrestricted(default_actor().map_err(|error| error.to_string())?),
        };
        let trace = header("traceparent").and_then(trace_of);
        let request = trace.map_or_else(|| ids.uuid().simple().to_string(), |trace| trace.to_string());
        let language = header("accept-language").map_or(Language::English, accepted);
        Ok(Self { identity, trace, request, language })
    }
}

fn default_actor() -> Result<Actor, trunkline_kernel::InvalidActor> {
    Actor::new(ActorKind::Service, "api")
}

/// The trace id of a W3C `traceparent`, `00-TRACE-SPAN-FLAGS`.
fn trace_of(header: &str) -> Option<TraceId> {
    let mut parts = header.split('-');
    let (_version, trace) = (parts.next()?, parts.next()?);
    if trace.len() != 32 {
        return None;
    }
    u128::from_str_radix(trace, 16).ok().and_then(TraceId::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_kernel::SeededIds;

    #[test]
    fn the_best_known_language_is_taken() {
        let cases = [
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en-GB,zh;q=0.5", Language::English),
            ("de,zh;q=0.1", Language::Chinese),
            ("de", Language::English),
            ("", Language::English),
        ];
        for (header, expected) in cases {
            assert_eq!(accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn headers_name_actor_and_trace() {
        let ids = SeededIds::new(1);
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        let caller = Caller::of(&parts, &ids).unwrap();
        assert_eq!(caller.identity.actor.to_string(), "service:api");
        assert_eq!(caller.trace, None);
        parts.headers.insert(ACTOR_HEADER, "user:li.wei".parse().unwrap());
        parts.headers.insert(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap(),
        );
        let caller = Caller::of(&parts, &ids).unwrap();
        assert_eq!(caller.identity.actor.to_string(), "user:li.wei");
        assert_eq!(caller.request, "0af7651916cd43dd8448eb211c80319c");
        parts.headers.insert(ACTOR_HEADER, "li.wei".parse().unwrap());
        assert!(Caller::of(&parts, &ids).is_err_and(|message| message.contains("x-trunkline-actor")));
    }
}
