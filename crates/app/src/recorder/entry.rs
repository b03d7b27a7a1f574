//! From what a way in has seen to an entry of the record.

use std::net::IpAddr;

use trunkline_access::{Asked, Identity, Sight};
use trunkline_domain::access::{Entry, Outcome, Way};
use trunkline_kernel::{Tag, Timestamp};

/// The longest text of an entry that somebody outside has chosen, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// The entry of a sight.
pub(super) fn of(sight: Sight, at: Timestamp) -> Entry {
    match sight {
        Sight::Entered(identity) => by(&identity, Way::Login, at),
        Sight::Refused { address, because, subject } => Entry {
            who: subject.map(cut),
            address: text(address),
            outcome: Outcome::Refused,
            code: Some(because.as_str().to_owned()),
            ..plain(Way::Login, at)
        },
        Sight::Asked(asked) => of_asked(*asked, at),
        Sight::Played { identity, refused, recording, customer, reason, download, bytes } => {
            let things = [Some(Tag::of(recording)), customer.map(Tag::of)];
            let heard = refused.is_none();
            Entry {
                operation: heard.then(|| format!("bytes {}-{}", bytes.0, bytes.1)),
                clear: heard.then(|| "Recording.audio".to_owned()).into_iter().collect(),
                things: things.into_iter().flatten().map(|tag| tag.to_string()).collect(),
                rows: 1,
                reason: Some(cut(reason)).filter(|reason| !reason.is_empty()),
                outcome: if heard { Outcome::Allowed } else { Outcome::Refused },
                code: refused,
                ..by(&identity, if download { Way::Download } else { Way::Playback }, at)
            }
        }
    }
}

fn of_asked(asked: Asked, at: Timestamp) -> Entry {
    let Asked {
        identity,
        grants,
        emergency,
        way,
        operation,
        shape,
        fields,
        seen,
        outcome,
        code,
        took,
        trace,
    } = asked;
    Entry {
        grants,
        emergency,
        operation: operation.map(cut),
        shape,
        fields,
        clear: seen.clear,
        masked: seen.masked,
        things: seen.things.into_iter().map(|(kind, id)| format!("{kind}:{id}")).collect(),
        rows: seen.rows,
        reason: seen.reason.map(cut),
        outcome,
        code,
        took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        trace: Some(cut(trace)),
        ..by(&identity, way, at)
    }
}

fn by(identity: &Identity, way: Way, at: Timestamp) -> Entry {
    Entry {
        who: Some(identity.actor.to_string()),
        roles: identity.roles.iter().map(ToString::to_string).collect(),
        address: text(identity.address),
        ..plain(way, at)
    }
}

fn plain(way: Way, at: Timestamp) -> Entry {
    Entry {
        at,
        who: None,
        roles: Default::default(),
        grants: Default::default(),
        emergency: false,
        address: None,
        way,
        operation: None,
        shape: None,
        fields: Default::default(),
        clear: Default::default(),
        masked: Default::default(),
        things: Default::default(),
        rows: 0,
        reason: None,
        outcome: Outcome::Allowed,
        code: None,
        took_us: 0,
        trace: None,
        times: 1,
    }
}

fn text(address: Option<IpAddr>) -> Option<String> {
    address.map(|address| address.to_canonical().to_string())
}

fn cut(text: String) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
