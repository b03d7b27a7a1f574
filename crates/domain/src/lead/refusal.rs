//! Why a command to a lead is refused.

use super::LeadState;

refusals! {
    /// Why a command to a lead was refused.
    Refusal {
        /// No lead with this id was added.
        Unknown = "LEAD_UNKNOWN" on "id" {
            "there is no such lead",
            "add it to a campaign first, or check its id",
            "该线索不存在：请先加入外呼任务，或检查编号",
        }
        /// A lead with this id was added before.
        AlreadyExists = "LEAD_ALREADY_EXISTS" on "id" {
            "the lead already exists",
            "use a new id for a new lead",
            "该线索已存在：新的线索请使用新的编号",
        }
        /// The lead was to be readied and is neither new nor on hold.
        NotWaiting(state: LeadState) = "LEAD_NOT_WAITING" {
            "the lead is neither new nor on hold",
            "only a new lead or one on hold can be made ready",
            "线索既非新建也非搁置：只有新建或搁置的线索可以设为就绪",
        }
        /// The lead was to be readied before its rest is over.
        Resting = "LEAD_RESTING" {
            "the lead rests until a later time",
            "wait until then, or change the time by holding it again",
            "线索仍在搁置期：请等待到期，或重新设置搁置时间",
        }
        /// The lead was to be queued and is not ready.
        NotReady(state: LeadState) = "LEAD_NOT_READY" {
            "the lead is not ready",
            "make it ready before queueing it",
            "线索未就绪：请先设为就绪再排队",
        }
        /// The lead was to be taken out of the queue and is not in it.
        NotQueued(state: LeadState) = "LEAD_NOT_QUEUED" {
            "the lead is not queued",
            "load it again and look at its state",
            "线索不在队列中：请刷新后查看状态",
        }
        /// The lead was to be called and is neither ready nor queued.
        NotCallable(state: LeadState) = "LEAD_NOT_CALLABLE" {
            "the lead cannot be called now",
            "make it ready or queue it first",
            "线索当前不可外呼：请先设为就绪或排队",
        }
        /// The lead was to come back from a call and is in none.
        NotInCall(state: LeadState) = "LEAD_NOT_IN_CALL" {
            "the lead is not in a call",
            "load it again and look at its state",
            "线索不在通话中：请刷新后查看状态",
        }
        /// The call named is not the one that the lead is in.
        CallMismatch = "LEAD_CALL_MISMATCH" on "callId" {
            "the lead is in another call",
            "name the call that the lead is in",
            "线索正处于另一通话：请填写当前通话",
        }
        /// The lead was to rest and cannot in its state.
        NotHoldable(state: LeadState) = "LEAD_NOT_HOLDABLE" {
            "the lead cannot be put on hold now",
            "make it ready, or end its call, first",
            "线索当前不可搁置：请先设为就绪，或结束通话",
        }
        /// The lead was to rest until a time that is past.
        HoldPast = "LEAD_HOLD_PAST" on "until" {
            "the hold would be over before it begins",
            "give a time in the future",
            "搁置截止时间早于当前时间：请填写将来的时间",
        }
        /// The lead was to be brought back to the list, and the customer has decided or the campaign is over.
        NotRecyclable(state: LeadState) = "LEAD_NOT_RECYCLABLE" {
            "the lead did not end without an answer",
            "bring back those that are exhausted or unreachable",
            "线索并非因无人接听而结束：只能回收已用尽次数或无法接通的线索",
        }
        /// The lead was brought back as often as the campaign permits.
        RecycledOut = "LEAD_RECYCLED_OUT" {
            "the lead was brought back as often as its campaign permits",
            "leave it, or raise recyclesMax in the campaign's attempt policy",
            "线索的回收次数已达外呼任务上限：请保留原状，或调高 recyclesMax",
        }
        /// The lead has ended or must not be called: nothing but bringing an unanswered one back changes that.
        Over(state: LeadState) = "LEAD_OVER" {
            "the lead is over",
            "add the customer to a campaign again when there is a reason to",
            "线索已结束：如有必要请重新加入外呼任务",
        }
    }
}
