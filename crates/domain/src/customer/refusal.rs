//! Why a command to a customer is refused.

use super::ConsentState;

refusals! {
    /// Why a command to a customer was refused.
    Refusal {
        /// No customer with this id was registered.
        Unknown = "CUSTOMER_UNKNOWN" on "id" {
            "there is no such customer",
            "register the customer first, or check the id",
            "该客户不存在：请先登记，或检查编号",
        }
        /// A customer with this id was registered before.
        AlreadyExists = "CUSTOMER_ALREADY_EXISTS" on "id" {
            "the customer is already registered",
            "change the profile, or use a new id for a new customer",
            "该客户已登记：请修改资料，或为新客户使用新的编号",
        }
        /// The identifier was linked to this customer before.
        IdentifierLinked = "CUSTOMER_IDENTIFIER_LINKED" on "identifier" {
            "the identifier is already this customer's",
            "nothing is left to link",
            "该标识已关联此客户：无需重复关联",
        }
        /// The identifier to be unlinked is not this customer's.
        IdentifierNotLinked = "CUSTOMER_IDENTIFIER_NOT_LINKED" on "identifier" {
            "the identifier is not this customer's",
            "load the customer again and name one of its identifiers",
            "该标识未关联此客户：请刷新客户后重新选择",
        }
        /// A consent was to be withdrawn or suppressed in a state that has no such step.
        ConsentUnchanged(state: ConsentState) = "CUSTOMER_CONSENT_UNCHANGED" {
            "the consent is already as asked",
            "nothing is left to change",
            "授权状态已符合要求：无需更改",
        }
        /// A consent was granted without saying what proves it.
        ConsentWithoutEvidence = "CUSTOMER_CONSENT_WITHOUT_EVIDENCE" on "evidence" {
            "a consent needs evidence",
            "name what proves it, for instance the recording or the form",
            "授权缺少凭据：请注明录音或表单等凭据",
        }
        /// A consent or suppression would run out before it begins.
        ConsentExpiryPast = "CUSTOMER_CONSENT_EXPIRY_PAST" on "expiresAt" {
            "the time limit is already past",
            "give a time in the future, or none",
            "期限早于当前时间：请填写将来的时间或留空",
        }
        /// A consent or suppression was to expire before its time, or has no time limit.
        ConsentNotExpired(state: ConsentState) = "CUSTOMER_CONSENT_NOT_EXPIRED" {
            "the consent or suppression has not run out",
            "wait until its time limit; without a limit it never runs out",
            "授权或拦截尚未到期：请等待到期；未设期限则不会到期",
        }
        /// The agent to become the owner is the owner.
        OwnerUnchanged = "CUSTOMER_OWNER_UNCHANGED" on "agentId" {
            "the agent is already the owner",
            "nothing is left to assign",
            "该坐席已是负责人：无需重复分配",
        }
        /// The owner was to be released and there is none.
        NoOwner = "CUSTOMER_NO_OWNER" {
            "the customer has no owner",
            "nothing is left to release",
            "该客户没有负责人：无需释放",
        }
        /// The customer was erased at the person's own request. What is known of the past stays, and nothing is added.
        Erased = "CUSTOMER_ERASED" {
            "the customer was erased",
            "register a new customer when the person comes back",
            "该客户已依申请删除：如本人再次联系，请登记为新客户",
        }
        /// The customer has opted out of automated decisions, so no score is taken.
        AutomatedDecisionsRefused = "CUSTOMER_AUTOMATED_DECISIONS_REFUSED" {
            "the customer has opted out of automated decisions",
            "let a person decide, or ask the customer",
            "该客户已拒绝自动化决策：请改由人工处理",
        }
    }
}
