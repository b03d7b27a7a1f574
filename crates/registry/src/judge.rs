//! Holding the signed heads against what the log has.

use trunkline_kernel::Position;
use trunkline_notary::{HeadError, SignedHead};

use crate::merge::Merge;
use crate::verdict::{Finding, Kind, Vouched};
use crate::{NumberedHead, Scope};

/// What the heads say of a log.
pub(crate) struct Judged {
    pub(crate) heads: u64,
    pub(crate) vouched: Vouched,
    pub(crate) findings: Vec<Finding>,
}

/// Holds the notary's own heads, the oldest first, and those from elsewhere against the log.
pub(crate) fn judge(merge: &Merge, heads: &[NumberedHead], scope: &Scope, end: u64) -> Judged {
    let mut judged = Judged { heads: 0, vouched: Vouched::Nobody, findings: Vec::new() };
    let trusted = signatures(&mut judged, heads, scope);
    own(&mut judged, merge, heads, trusted);
    let mut against: Vec<&SignedHead> = scope.against.iter().collect();
    against.sort_by_key(|head| head.head.size);
    let roots = merge.roots_at(against.iter().map(|head| head.head.size));
    for (signed, root) in against.iter().zip(roots) {
        let size = signed.head.size;
        judged.heads += 1;
        if let Some(Err(error @ (HeadError::Signature(_) | HeadError::Replaced { .. }))) =
            scope.trust.as_ref().map(|trust| trust.check(signed))
        {
            judged.findings.push(Finding::over(1, size, Kind::Head, format!("the head given: {error}")));
        } else if size > end && scope.to.is_none() {
            let what =
                format!("the log ends at position {end}, and the head given vouches for {size} events");
            judged.findings.push(Finding::over(end + 1, size, Kind::Truncated, what));
        } else if root != Some(signed.head.root) {
            let what = "this is not the log that the head given vouches for";
            judged.findings.push(Finding::over(1, size, Kind::Head, what));
        } else {
            judged.vouched = more(judged.vouched, Vouched::By(Position(size)));
        }
    }
    judged
}

/// Checks who signed what; gives the number of the last head that is believed.
fn signatures(judged: &mut Judged, heads: &[NumberedHead], scope: &Scope) -> Option<u64> {
    let mut trust = scope.trust.clone()?;
    let mut last = None;
    for head in heads {
        let size = head.signed.head.size;
        match trust.follow(&head.signed) {
            Ok(()) => last = Some(head.number),
            // An earlier key that is not at hand; a later head covers the same events.
            Err(HeadError::UnknownKey(_)) => {}
            Err(error) => judged.findings.push(Finding::over(1, size, Kind::Head, error.to_string())),
        }
    }
    if let Some(newest) = heads.last().filter(|newest| last != Some(newest.number)) {
        let size = newest.signed.head.size;
        let what =
            format!("nobody who is trusted has signed the last head: its key is {}", newest.signed.key);
        judged.findings.push(Finding::over(1, size, Kind::Head, what));
    }
    last
}

fn own(judged: &mut Judged, merge: &Merge, heads: &[NumberedHead], trusted: Option<u64>) {
    let mut sorted: Vec<&NumberedHead> = heads.iter().collect();
    sorted.sort_by_key(|head| head.signed.head.size);
    let roots = merge.roots_at(sorted.iter().map(|head| head.signed.head.size));
    let mut good = 0;
    for (head, root) in sorted.iter().zip(roots) {
        let size = head.signed.head.size;
        // Beyond the end of the log there is nothing to compare; that it is truncated is said elsewhere.
        let Some(root) = root else { break };
        judged.heads += 1;
        if root != head.signed.head.root {
            let what = format!(
                "tree head {} of size {size} vouches for another log; up to position {good} the heads agree with it",
                head.number
            );
            judged.findings.push(Finding::over(good + 1, size, Kind::Head, what));
            // Every later head covers the same change.
            break;
        }
        good = size;
        let position = Position(size);
        let vouched = match trusted {
            Some(last) if head.number <= last => Vouched::By(position),
            Some(_) | None => Vouched::Unsigned(position),
        };
        judged.vouched = more(judged.vouched, vouched);
    }
}

/// The better of two.
fn more(one: Vouched, other: Vouched) -> Vouched {
    match (one, other) {
        (Vouched::By(a), Vouched::By(b)) => Vouched::By(a.max(b)),
        (Vouched::By(_), _) | (Vouched::Unsigned(_), Vouched::Nobody) => one,
        (_, Vouched::By(_)) | (Vouched::Nobody, _) => other,
        (Vouched::Unsigned(a), Vouched::Unsigned(b)) => Vouched::Unsigned(a.max(b)),
    }
}
