//! Who may hear a recording, and who may bring one: as the policy has it for everything else.

use std::sync::Arc;

use trunkline_access::{Kind, Permission, Rows};
use trunkline_app::cases::KnownRecording;
use trunkline_kernel::{Id as _, RecordingId};

use super::answer::Refused;
use super::{Asked, Desk};

/// Lets pass who may do this to a recording: one of the asker's roles allows it, and sees the call.
///
/// # Errors
/// `RECORDING_NOT_ALLOWED` to whom no role allows it; `RECORDING_UNKNOWN` where the call is not theirs, so that
/// nobody learns what there is beyond what they see.
pub(super) async fn demand(
    desk: &Desk,
    asked: &Asked,
    known: &KnownRecording,
    permission: Permission,
) -> Result<(), Refused> {
    let scope = desk.authority.to_do(permission, &asked.identity);
    if !scope.may(permission) {
        return Err(Refused::not_allowed());
    }
    let theirs = match scope.rows(Kind::Calls) {
        Rows::All => true,
        Rows::None => false,
        // The log knows the agent before any read model does; the read models know the team.
        Rows::Of(circle) if circle.has(known.agent, None) => true,
        Rows::Of(_) => {
            let seen = desk.reads.seen_by(Arc::new(scope));
            let seen = seen.seen(RecordingId::KIND, &[asked.id.uuid()]).await;
            !seen.map_err(|error| Refused::fault(&error))?.is_empty()
        }
    };
    if theirs { Ok(()) } else { Err(Refused::unknown()) }
}
