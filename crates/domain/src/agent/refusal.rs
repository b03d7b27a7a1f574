//! Why a command to an agent is refused.

use super::Presence;

refusals! {
    /// Why a command to an agent was refused.
    Refusal {
        /// No agent with this id was registered.
        Unknown = "AGENT_UNKNOWN" on "id" {
            "there is no such agent",
            "register the agent first, or check the id",
            "该坐席不存在：请先登记，或检查编号",
        }
        /// An agent with this id was registered before.
        AlreadyExists = "AGENT_ALREADY_EXISTS" on "id" {
            "the agent is already registered",
            "use a new id for a new agent",
            "该坐席已登记：新的坐席请使用新的编号",
        }
        /// A shift has a time zone that does not exist, no day, or no time.
        ShiftInvalid = "AGENT_SHIFT_INVALID" on "shifts" {
            "a shift is not possible",
            "give at most 50 shifts, each with an IANA time zone such as Asia/Shanghai, weekdays from 1 to 7, fromMinute from 0 to \
             1439 and untilMinute from 1 to 1440",
            "班次无效：最多 50 个班次，每个班次需填写 IANA 时区（如 Asia/Shanghai）、1 至 7 的星期、0 至 1439 的开始分钟和 1 至 1440 的结束分钟",
        }
        /// The agent was to sign in and is signed in.
        AlreadySignedIn(state: Presence) = "AGENT_ALREADY_SIGNED_IN" {
            "the agent is already signed in",
            "go on working, or sign out first",
            "坐席已签入：请继续工作，或先签出",
        }
        /// The agent is not signed in.
        Offline = "AGENT_OFFLINE" {
            "the agent is offline",
            "sign in first",
            "坐席未签入：请先签入",
        }
        /// The agent was to become available and is.
        AlreadyAvailable = "AGENT_ALREADY_AVAILABLE" {
            "the agent is already available",
            "wait for the next offer",
            "坐席已处于空闲：请等待派单",
        }
        /// The agent is offered work or at work, and what was asked has to wait until that is over.
        Busy(state: Presence) = "AGENT_BUSY" {
            "the agent is at work",
            "end the present work first; a pause can be requested now and begins after it",
            "坐席正在处理业务：请先结束当前业务；可以现在申请小休，结束后生效",
        }
        /// No pause is requested that could be cancelled, and the agent is at work.
        NoPauseRequested(state: Presence) = "AGENT_NO_PAUSE_REQUESTED" {
            "no pause is requested",
            "go on working; the agent becomes available after the present work",
            "未申请小休：当前业务结束后将自动转为空闲",
        }
        /// Work was to be offered or begun, and the agent is not available.
        NotAvailable(state: Presence) = "AGENT_NOT_AVAILABLE" {
            "the agent is not available",
            "choose an available agent",
            "坐席非空闲：请选择空闲坐席",
        }
        /// The offer would run out before it begins.
        OfferExpiryPast = "AGENT_OFFER_EXPIRY_PAST" on "expiresAt" {
            "the offer would run out before it begins",
            "give an expiry in the future",
            "派单的到期时间早于当前时间：请填写将来的时间",
        }
        /// An offer was to be acted on, and the agent has none.
        NotReserved(state: Presence) = "AGENT_NOT_RESERVED" {
            "the agent has no offer",
            "wait for the next offer",
            "坐席当前没有派单：请等待下一次派单",
        }
        /// The reservation or its token is not the agent's present one: whoever acts has missed a newer one.
        OfferStale = "AGENT_OFFER_STALE" on "token" {
            "the offer is not the agent's present one",
            "load the agent's present offer and act on that",
            "派单已过期：请刷新当前派单后重试",
        }
        /// The offer was to count as missed before its expiry.
        OfferNotExpired = "AGENT_OFFER_NOT_EXPIRED" {
            "the offer has not run out yet",
            "wait until its expiry",
            "派单尚未超时：请等待到期",
        }
        /// The offer was to be taken after its expiry.
        OfferExpired = "AGENT_OFFER_EXPIRED" {
            "the offer has run out",
            "wait for the next offer",
            "派单已超时：请等待下一次派单",
        }
        /// The work named is not what was offered.
        WorkMismatch = "AGENT_WORK_MISMATCH" {
            "the agent was offered other work",
            "name the work of the agent's present offer",
            "与所派业务不符：请填写当前派单的业务",
        }
        /// The work asks for a licence that the agent does not hold at this moment.
        Unlicensed = "AGENT_UNLICENSED" {
            "the work asks for a licence that the agent does not hold now",
            "give it to an agent who holds the licence, or renew the licence in the agent's profile",
            "坐席缺少该业务所需的有效执业资格：请派给持证坐席，或更新坐席资料中的资格",
        }
        /// The agent was to take new work outside of every shift.
        OffShift = "AGENT_OFF_SHIFT" {
            "the agent is not in a shift now",
            "wait until the agent's next shift, or change the shifts in the agent's profile",
            "坐席当前不在班次时间内：请等待下一班次，或调整坐席资料中的班次",
        }
        /// The agent was to begin talking and no call rings.
        NotRinging(state: Presence) = "AGENT_NOT_RINGING" {
            "no call rings for the agent",
            "begin talking only while a call rings",
            "坐席没有振铃中的通话：只有振铃中才能开始通话",
        }
        /// The call named is not the one that the agent is in.
        CallMismatch = "AGENT_CALL_MISMATCH" on "callId" {
            "the agent is in another call",
            "name the call that the agent is in",
            "坐席正处于另一通话：请填写当前通话",
        }
        /// The customer was to be put on hold and the agent is not talking.
        NotTalking(state: Presence) = "AGENT_NOT_TALKING" {
            "the agent is not talking",
            "hold a call only while talking",
            "坐席不在通话中：只有通话中才能保持",
        }
        /// The conversation was to go on and nobody is on hold.
        NotHolding(state: Presence) = "AGENT_NOT_HOLDING" {
            "the agent has nobody on hold",
            "resume only while the customer is on hold",
            "没有保持中的客户：只有保持中才能恢复",
        }
        /// After-call work was to begin and the agent is in no call.
        NotInCall(state: Presence) = "AGENT_NOT_IN_CALL" {
            "the agent is in no call",
            "wrap up only after a call",
            "坐席不在通话中：只有通话之后才能进入话后处理",
        }
        /// After-call work was to end and there is none.
        NotWrapping(state: Presence) = "AGENT_NOT_WRAPPING" {
            "the agent is not wrapping up",
            "end the wrap only after a call",
            "坐席不在话后处理中：通话结束后才能完成话后处理",
        }
        /// The wrap limit was to be enforced before its time.
        WrapRunning = "AGENT_WRAP_RUNNING" {
            "the agent still has time to wrap up",
            "wait until the wrap limit is over",
            "话后处理时间未到：请等待到期",
        }
        /// The agent was to be signed out for silence and has been heard within the limit.
        HeartbeatFresh = "AGENT_HEARTBEAT_FRESH" {
            "the agent's program was heard within the limit",
            "wait until the heartbeat limit is over",
            "坐席心跳正常：请等待心跳超时",
        }
    }
}
