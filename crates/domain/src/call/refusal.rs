//! Why a command to a call is refused.

use super::CallState;

refusals! {
    /// Why a command to a call was refused.
    Refusal {
        /// No call with this id was created.
        Unknown = "CALL_UNKNOWN" on "id" {
            "there is no such call",
            "create it first, or check its id",
            "该通话不存在：请先创建，或检查编号",
        }
        /// A call with this id was created before.
        AlreadyExists = "CALL_ALREADY_EXISTS" on "id" {
            "the call already exists",
            "use a new id for a new call",
            "该通话已存在：新的通话请使用新的编号",
        }
        /// An inbound call was to be dialed or suppressed, which is done to outbound calls only.
        NotOutbound = "CALL_NOT_OUTBOUND" {
            "the call came in from the customer",
            "only an outbound call can be dialed or suppressed",
            "该通话为呼入：只有外呼可以拨号或拦截",
        }
        /// The call was to be dialed or suppressed after it had begun.
        NotCreated(state: CallState) = "CALL_NOT_CREATED" {
            "the call has already begun",
            "create a new call to dial again",
            "通话已经开始：如需再次拨号请新建通话",
        }
        /// Ringing was reported of a call that is not being dialed.
        NotDialing(state: CallState) = "CALL_NOT_DIALING" {
            "the call is not being dialed",
            "report ringing only after the dial and before the answer",
            "通话不在拨号中：只能在拨号之后、接听之前报告振铃",
        }
        /// An answer was reported of a call that is not ringing.
        NotRinging(state: CallState) = "CALL_NOT_RINGING" {
            "the call is not ringing",
            "report an answer only of a call that is dialed or rings",
            "通话不在振铃中：只有拨号或振铃中的通话可以接听",
        }
        /// It was to be told who answered a call that nobody has just answered.
        NotAnswered(state: CallState) = "CALL_NOT_ANSWERED" {
            "the call is not freshly answered",
            "classify a call right after its answer and before it is queued or bridged",
            "通话不处于刚接听状态：请在接听后、排队或接通前判定应答者",
        }
        /// The call was to be queued and cannot wait for an agent now.
        NotQueueable(state: CallState) = "CALL_NOT_QUEUEABLE" {
            "the call cannot wait for an agent now",
            "queue a call after its answer and before it is bridged",
            "通话当前不可排队：请在接听之后、接通之前排队",
        }
        /// The call was to be bridged and no customer is on the line, or an agent is already.
        NotWaiting(state: CallState) = "CALL_NOT_WAITING" {
            "the call is not waiting for an agent",
            "bridge a call after its answer, once",
            "通话不在等待坐席：请在接听之后接通，且只接通一次",
        }
        /// The customer was to be put on hold and is not connected with an agent.
        NotBridged(state: CallState) = "CALL_NOT_BRIDGED" {
            "customer and agent are not connected",
            "hold a call only while it is bridged",
            "客户与坐席未接通：只有通话中才能保持",
        }
        /// The conversation was to go on and the customer is not on hold.
        NotHeld(state: CallState) = "CALL_NOT_HELD" {
            "the customer is not on hold",
            "resume a call only while it is held",
            "客户未处于保持状态：只有保持中的通话可以恢复",
        }
        /// The call was to end and is over already.
        Over(state: CallState) = "CALL_OVER" {
            "the call is already over",
            "nothing is left to end",
            "通话已结束：无需再次结束",
        }
        /// The cause given cannot end a call that has come so far, for instance no answer after the answer.
        CauseImpossible(state: CallState) = "CALL_CAUSE_IMPOSSIBLE" on "cause" {
            "the call cannot end for this cause in its state",
            "give a cause that fits how far the call has come",
            "通话当前状态不可能因该原因结束：请填写与通话进展相符的原因",
        }
        /// The call was to be classified before its end.
        NotEnded(state: CallState) = "CALL_NOT_ENDED" {
            "the call is not over",
            "end it before its disposition",
            "通话尚未结束：请先结束通话再填写结果",
        }
        /// The call has a disposition by an agent, or by the system where the system gives another.
        AlreadyDispositioned = "CALL_ALREADY_DISPOSITIONED" {
            "the call already has its disposition",
            "only an agent can replace one that the system gave",
            "通话结果已填写：只有坐席可以替换系统填写的结果",
        }
        /// The system was to classify the call while the agent still may.
        WrapRunning = "CALL_WRAP_RUNNING" {
            "the agent still has time for the disposition",
            "wait until the wrap limit is over",
            "话后处理时间未到：请等待到期",
        }
        /// The customer was to be called back at a time that is past.
        CallbackPast = "CALL_CALLBACK_PAST" on "callbackAt" {
            "the callback would be in the past",
            "give a time in the future",
            "回拨时间早于当前时间：请填写将来的时间",
        }
    }
}
