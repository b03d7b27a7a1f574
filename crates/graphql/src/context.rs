//! Who asks, in which language, and under which trace: everything that a request says outside its query.

use axum::http::HeaderMap;
use trunkline_domain::messages::Language;
use trunkline_kernel::{Actor, ActorKind, Ids, TraceId};

/// The header that names the actor until tokens do.
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
    pub actor: Actor,
    /// The distributed trace that the client runs under.
    pub trace: Option<TraceId>,
    /// What names this request in the server's log and in the errors of faults.
    pub request: String,
    /// The language of messages.
    pub language: Language,
}

impl Caller {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// A message for the client when the actor header does not name an actor.
    pub(crate) fn of(headers: &HeaderMap, ids: &dyn Ids) -> Result<Self, String> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let actor = match header(ACTOR_HEADER) {
            Some(text) => text.parse().map_err(|error| format!("{ACTOR_HEADER}: {error}"))?,
            None => default_actor().map_err(|error| error.to_string())?,
        };
        let trace = header("traceparent").and_then(trace_of);
        let request = trace.map_or_else(|| ids.uuid().simple().to_string(), |trace| trace.to_string());
        let language = header("accept-language").map_or(Language::English, accepted);
        Ok(Self { actor, trace, request, language })
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
        let mut headers = HeaderMap::new();
        let caller = Caller::of(&headers, &ids).unwrap();
        assert_eq!(caller.actor.to_string(), "service:api");
        assert_eq!(caller.trace, None);
        headers.insert(ACTOR_HEADER, "user:li.wei".parse().unwrap());
        headers.insert(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap(),
        );
        let caller = Caller::of(&headers, &ids).unwrap();
        assert_eq!(caller.actor.to_string(), "user:li.wei");
        assert_eq!(caller.request, "0af7651916cd43dd8448eb211c80319c");
        headers.insert(ACTOR_HEADER, "li.wei".parse().unwrap());
        assert!(Caller::of(&headers, &ids).is_err_and(|message| message.contains("x-trunkline-actor")));
    }
}
