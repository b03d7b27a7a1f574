//! Why a command to a reservation is refused.

use super::ReservationState;

refusals! {
    /// Why a command to a reservation was refused.
    Refusal {
        /// No reservation with this id was offered.
        Unknown = "RESERVATION_UNKNOWN" on "id" {
            "there is no such reservation",
            "load the agent's present offer and use its id",
            "该派单不存在：请刷新当前派单后重试",
        }
        /// A reservation with this id was offered before.
        AlreadyExists = "RESERVATION_ALREADY_EXISTS" on "id" {
            "the reservation was already offered",
            "use a new id for a new offer",
            "该派单已发出：新的派单请使用新的编号",
        }
        /// The fencing token is not the one of this offer: whoever acts has missed a newer one.
        TokenStale = "RESERVATION_TOKEN_STALE" on "token" {
            "the token is not the one of this offer",
            "load the agent's present offer and act on that",
            "派单凭证已失效：请刷新当前派单后重试",
        }
        /// The offer was answered after it had run out.
        Expired = "RESERVATION_EXPIRED" {
            "the offer has run out",
            "wait for the next offer",
            "派单已超时：请等待下一次派单",
        }
        /// The offer was to time out before its time.
        NotExpired = "RESERVATION_NOT_EXPIRED" {
            "the offer has not run out yet",
            "wait until its expiry",
            "派单尚未超时：请等待到期",
        }
        /// An offer was made that would have run out already.
        ExpiryPast = "RESERVATION_EXPIRY_PAST" on "expiresAt" {
            "the offer would run out before it begins",
            "give an expiry in the future",
            "派单的到期时间早于当前时间：请填写将来的时间",
        }
        /// The offer was already answered or taken back.
        NotPending(state: ReservationState) = "RESERVATION_NOT_PENDING" {
            "the offer does not stand any more",
            "wait for the next offer",
            "派单已不再有效：请等待下一次派单",
        }
        /// Work was to be completed under an offer that is not accepted.
        NotAccepted(state: ReservationState) = "RESERVATION_NOT_ACCEPTED" {
            "the offer is not accepted",
            "accept it before completing the work",
            "派单尚未被接受：请先接受再完成",
        }
        /// The offer already has an end, so it cannot be taken back.
        Over(state: ReservationState) = "RESERVATION_OVER" {
            "the reservation is already over",
            "nothing is left to take back",
            "派单已结束：无需撤回",
        }
    }
}
