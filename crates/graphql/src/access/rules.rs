//! The rule of every field, as data. A field without one fails the tests and is shown to nobody but those from whom
//! nothing is kept.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use trunkline_access::{Class, Kind, Permission, Rows, Scope};

use super::operations::roots;
use crate::error::{ApiError, ApiResult, ErrorCode};

/// What decides about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Whoever sees the thing sees it.
    Open,
    /// It reads rows of a kind: for those who see any of them.
    Reads(Kind),
    /// For those who may do this.
    Needs(Permission),
    /// A personal value in a row of a kind: shown as the policy shows its class there.
    Personal(Kind, Class),
}

/// The fields of one type: those that are open, and those that have another rule.
struct Fields {
    of: &'static str,
    open: &'static str,
    ruled: &'static [(Rule, &'static str)],
}

const fn open(of: &'static str, open: &'static str) -> Fields {
    Fields { of, open, ruled: &[] }
}

use Rule::{Needs, Open, Personal, Reads};

const CUSTOMER_WORDS: Rule = Personal(Kind::Customers, Class::Words);
const CALL_WORDS: Rule = Personal(Kind::Calls, Class::Words);
const TASK_WORDS: Rule = Personal(Kind::Tasks, Class::Words);
const INTERACTION_WORDS: Rule = Personal(Kind::Interactions, Class::Words);

const QUERY: Fields = Fields {
    of: "Query",
    open: "node nodes logHead logPositionAt grants",
    ruled: &[
        (Reads(Kind::Customers), "customer customerByIdentifier customers"),
        (Reads(Kind::Interactions), "interaction"),
        (Reads(Kind::Agents), "agent agents reservation routing routingDecision"),
        (Reads(Kind::Tasks), "task tasks taskBoard"),
        (Reads(Kind::Campaigns), "campaign campaigns"),
        (Reads(Kind::Leads), "lead leads"),
        (Reads(Kind::Calls), "call calls recording"),
        (Reads(Kind::Figures), "kpis"),
        (Reads(Kind::Events), "events treeHeads treeHead consistencyProof"),
        (Needs(Permission::Operate), "projections parkedEvents agentPool"),
        (Needs(Permission::Audit), "accessRecords alerts"),
        (Needs(Permission::ReviewModels), "models model"),
        (Needs(Permission::Privacy), "rightsRequest rightsRequests automatedDecisions customerData"),
    ],
};

const MUTATION: Fields = Fields {
    of: "Mutation",
    // One's own grants can be ended by everybody.
    open: "endGrant",
    ruled: &[
        (Needs(Permission::Delegate), "delegateAccess"),
        (Needs(Permission::BreakGlass), "breakGlass"),
        (Needs(Permission::Reveal), "revealIdentifier"),
        (Needs(Permission::RegisterCustomers), "registerCustomer"),
        (
            Needs(Permission::EditCustomers),
            "linkIdentifier unlinkIdentifier changeCustomerProfile recordCustomerInsight",
        ),
        (Needs(Permission::EnrichCustomers), "recordCustomerFeatures scoreCustomer"),
        (Needs(Permission::RecordConsent), "grantConsent withdrawConsent suppressContact"),
        (Needs(Permission::AssignCustomers), "assignOwner releaseOwner"),
        (Needs(Permission::ManageAgents), "registerAgent changeAgentProfile"),
        (Needs(Permission::ChangePresence), "signIn signOut makeAvailable pauseAgent endWrap heartbeat"),
        (
            Needs(Permission::ManageCampaigns),
            "createCampaign changeCampaignPolicy startCampaign pauseCampaign resumeCampaign stopCampaign",
        ),
        (Needs(Permission::ManageLeads), "addLead readyLead queueLead unqueueLead recycleLeads"),
        (Needs(Permission::WorkLeads), "holdLead finishLead blockLead"),
        (
            Needs(Permission::HandleCalls),
            "createCall dialCall bridgeCall holdCall resumeCall endCall dispositionCall",
        ),
        (Needs(Permission::ReportCalls), "suppressCall ringCall answerCall classifyCall queueCall"),
        (Needs(Permission::Record), "announceRecording startRecording pauseRecording resumeRecording"),
        (Needs(Permission::EnrichCustomers), "transcribeRecording"),
        (Needs(Permission::Privacy), "retainRecording holdRecording releaseRecording eraseRecording"),
        (
            Needs(Permission::Privacy),
            "receiveRightsRequest verifyRightsRequest restrictRightsRequest refuseRightsRequest executeRightsRequest \
             allowAutomatedDecisions",
        ),
        (
            Needs(Permission::RouteWork),
            "routeWork offerWork timeOutReservation cancelReservation rescindReservation",
        ),
        (
            Needs(Permission::AnswerOffers),
            "acceptReservation rejectReservation completeReservation dialPreview skipPreview",
        ),
        (Needs(Permission::RecordInteractions), "recordInteraction annotateInteraction"),
        (Needs(Permission::ManageTasks), "assignTask cancelTask flagTaskStuck"),
        (
            Needs(Permission::WorkTasks),
            "openTask releaseTask startTask blockTask unblockTask failTaskAttempt completeTask rescheduleTask",
        ),
    ],
};

const SUBSCRIPTION: Fields = Fields {
    of: "Subscription",
    open: "",
    ruled: &[
        (Reads(Kind::Events), "events"),
        (Needs(Permission::Audit), "alertRaised"),
        (Reads(Kind::Customers), "customerChanges"),
        (Reads(Kind::Agents), "agentChanges"),
        (Reads(Kind::Tasks), "taskChanges"),
        (Reads(Kind::Calls), "callChanges"),
        (Reads(Kind::Campaigns), "campaignChanges"),
        (Reads(Kind::Leads), "leadChanges"),
        (Reads(Kind::Figures), "kpis"),
    ],
};

const TYPES: &[Fields] = &[
    QUERY,
    MUTATION,
    SUBSCRIPTION,
    Fields {
        of: "Customer",
        open: "id kind language region timeZone industry scale features identifiers consents owner ownerSince scores \
               insight insightAt counts timeline firstContactAt lastContactAt lastContactChannel lastAgent lastCall \
               registeredAt changedAt position nameState refusesAutomatedDecisions erasedAt",
        ruled: &[(Personal(Kind::Customers, Class::Name), "name"), (CUSTOMER_WORDS, "attributes")],
    },
    Fields {
        of: "Identifier",
        open: "kind claim linkedAt valueState",
        ruled: &[(Personal(Kind::Customers, Class::Contact), "value")],
    },
    Fields {
        of: "Consent",
        open: "purpose channel state until since reasonState",
        ruled: &[(CUSTOMER_WORDS, "evidence reason")],
    },
    open("CustomerCounts", "calls callsAnswered interactions tasks tasksOpen"),
    open("CustomerScore", "model score product campaign contributions at"),
    open("Contribution", "feature value"),
    open("Feature", "name value"),
    // Their fields are shown by whoever has them.
    open("Attribute", "name value"),
    Fields {
        of: "Insight",
        open: "intent competitors budgetState timingState summaryState",
        ruled: &[(CUSTOMER_WORDS, "budget timing painPoints summary")],
    },
    Fields {
        of: "Interaction",
        open: "id customer channel direction agent call insight occurredAt position subjectState textState",
        ruled: &[(INTERACTION_WORDS, "subject text attributes")],
    },
    open("TimelineEntry", "occurredAt channel direction subject position"),
    Fields {
        of: "Agent",
        open: "id team skills languages licences shifts capacity extension presence since pauseReason nextPauseReason call \
               lead task \
               reservationId token offerExpiresAt missedOffers wrapUntil signedInAt registeredAt times position nameState",
        ruled: &[(Personal(Kind::Agents, Class::Staff), "name"), (Reads(Kind::Figures), "achievements")],
    },
    open("AgentTime", "day presence totalMs entered"),
    open("Achievements", "calls sales conversion handleSeconds byProduct byIndustry position"),
    open("Conversion", "name calls sales conversion"),
    // Who reaches them may review models.
    open(
        "Model",
        "hash name format state bytes objective trees columns customerFeatures agentFeatures importedAt importedBy active \
         cosine shadows history evaluations drift",
    ),
    open("ModelStep", "at by event model reason cosine position"),
    open("Estimate", "value low high"),
    open(
        "ModelEvaluation",
        "at by cosine since until decisions leftOut logged selfNormalised doublyRobust effective auc calibrationError \
         stability",
    ),
    open("ModelDrift", "at since until decisions comparedWith drifted readings columns auc"),
    open("DriftReading", "figure value limit beyond"),
    open("ColumnStability", "column stability"),
    open("Skill", "name level"),
    open("Licence", "name from until"),
    open("Shift", "timeZone weekdays fromMinute untilMinute"),
    open("Reservation", "id state agent call lead task token expiresAt"),
    open("Routing", "id state call lead task requestedAt offers assignment decision"),
    // Work and agents that are not seen are left out of it.
    open("RoutingDecision", "id at model meanOccupancy works"),
    open(
        "DecidedWork",
        "call lead task waitedMs automated eligible setAside candidates agent value explored propensity",
    ),
    open(
        "DecisionCandidate",
        "agent score shadowScores familiarity preferred idleSince occupancy contributions reasons",
    ),
    open("ShadowScore", "model score"),
    open("SetAside", "reason agents words"),
    open(
        "PoolStanding",
        "agents available waiting shared degraded degradedSince modelActive modelScoring modelTrouble",
    ),
    Fields {
        of: "Call",
        open: "id direction state customer lead campaign agent team queue product industry line priority startedAt \
               dialedAt answeredAt answerer queuedAt waitedMs bridgedAt holdMs endedAt cause talkMs wrapMs \
               suppressedBy judgement slot abandoned disposition rightParty sale recordings doNotCall callbackAt dispositionedBy position \
               numberState noteState",
        ruled: &[(Personal(Kind::Calls, Class::Contact), "number"), (CALL_WORDS, "attributes note")],
    },
    open(
        "Judgement",
        "permitted at purpose jurisdiction countries timeZones consented doNotCallLists refusedAt requested \
         agentGuaranteed earlierDials rulings worth position",
    ),
    open("Ruling", "rule version verdict until ringLeastMs bridgeWithinMs abandonmentMax"),
    open(
        "Recording",
        "id call customer agent kind state stateSince pauseReason mediaType bytes sha256 storedSha256 transcript \
         retainedUntil cases announcedAt sealedAt erasedAt eraseReason position",
    ),
    open(
        "Campaign",
        "id name state stateSince mode product queue script attempts hours jurisdiction purpose createdAt leadCounts pacing \
         position",
    ),
    open(
        "Pacing",
        "at freeAgents ringing waiting dialing reason risk threshold formula answered abandoned passed machines abandonment \
         abandonmentUpper",
    ),
    open("AbandonmentFormula", "rule version of days machineErrors shareMax"),
    open("AttemptPolicy", "attemptsMax attemptsPerDayMax retryAfterMs rests recyclesMax answerChanceMin"),
    open("OutcomeRest", "outcome restMs"),
    open("DialWorth", "score model among"),
    open("DialSlot", "hour weekend chance least poor"),
    open("CallingHours", "fromMinute untilMinute weekdays"),
    open("LeadCount", "state leads"),
    Fields {
        of: "Lead",
        open: "id campaign customer state stateSince priority attempts recycled lastCall lastCalledAt lastOutcome holdUntil \
               outcome blockReason addedAt position",
        ruled: &[(Personal(Kind::Leads, Class::Words), "attributes")],
    },
    Fields {
        of: "Task",
        open: "id kind state stateSince customer call lead owner team reservationId dueAt priority attempts retryAt \
               stuck stuckAt openedAt closedAt history position titleState lastErrorState blockedReasonState resultState",
        ruled: &[(TASK_WORDS, "title lastError blockedReason result")],
    },
    Fields {
        of: "TaskTransition",
        open: "event from to agent actor occurredAt recordedAt position detailState",
        ruled: &[(TASK_WORDS, "detail")],
    },
    open("RightsRequest", "id state right customer restrictedUntil removed receipt receivedAt changedAt"),
    open("RemovedData", "store removal count"),
    open("ErasureReceipt", "statement signature publicKey"),
    open("AutomatedDecision", "model score product reasons at position"),
    open("Reason", "feature value"),
    open("TaskBoardColumn", "state tasks stuck"),
    open("KpiRow", "from until agent team campaign queue product industry figures figure"),
    open("KpiFigure", "kpi formula unit numerator denominator value calls"),
    open("KpiUpdate", "position rows"),
    open(
        "Projection",
        "name generation version status position head lag progress recordedAt leaseUntil parked",
    ),
    open(
        "ParkedEvent",
        "projection generation position eventId eventType stream error tries parkedAt replaying",
    ),
    open(
        "Event",
        "id position stream version type schemaVersion tags payload actor commandId correlationId causationId traceId \
         occurredAt recordedAt digest intact proof",
    ),
    open("TreeHead", "size root signedAt key nextKey signature document"),
    open("InclusionProof", "path head document"),
    open("ConsistencyProof", "from to path document"),
    open(
        "AccessRecord",
        "position at who roles grants emergency address way operation shape fields clear masked things rows reason \
         outcome code tookMs trace times",
    ),
    open("Alert", "id position rule kind who count limit since at accessPosition message"),
    open("Grant", "id emergency from to roles agentId teams since until reason"),
    open("RevealPayload", "id value userErrors position eventIds repeated"),
    open("RecyclePayload", "id found userErrors position eventIds repeated"),
    open("PageInfo", "hasPreviousPage hasNextPage startCursor endCursor"),
    open("UserError", "code field message"),
];

static RULES: LazyLock<HashMap<&'static str, HashMap<&'static str, Rule>>> = LazyLock::new(|| {
    let fields = |fields: &'static Fields| {
        let open = fields.open.split_whitespace().map(|field| (field, Open));
        let ruled = fields.ruled.iter();
        let ruled = ruled.flat_map(|(rule, names)| names.split_whitespace().map(|name| (name, *rule)));
        (fields.of, open.chain(ruled).collect())
    };
    TYPES.iter().map(fields).collect()
});

/// What only holds other things together: the things in it have their own rules.
const WRAPPERS: [(&str, &str); 5] = [
    ("Node", "id"),
    ("Connection", "pageInfo edges nodes"),
    ("Edge", "node cursor"),
    ("Payload", "id userErrors position eventIds repeated"),
    ("Change", "position eventType occurredAt"),
];

/// The rule of a field; nothing when it has none.
pub(crate) fn rule(of: &str, field: &str) -> Option<Rule> {
    if let Some(fields) = RULES.get(of) {
        return fields.get(field).copied();
    }
    let (suffix, fields) = WRAPPERS.iter().find(|(suffix, _)| of.ends_with(suffix))?;
    // The thing itself stands under its own name: `task` in `TaskPayload` and `TaskChange`.
    let thing = of.strip_suffix(suffix)?;
    let itself = field.chars().next().is_some_and(|first| first.is_ascii_lowercase())
        && field.eq_ignore_ascii_case(thing);
    (itself || fields.split_whitespace().any(|known| known == field)).then_some(Open)
}

/// Every type and field that has a rule of its own.
#[cfg(test)]
pub(crate) fn ruled() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().flat_map(|(of, fields)| fields.keys().map(move |field| (*of, *field)))
}

/// Whether a field of this name is personal in any type.
pub(crate) fn is_personal(field: &str) -> bool {
    let personal = |fields: &HashMap<&'static str, Rule>| matches!(fields.get(field), Some(Personal(..)));
    RULES.values().any(personal)
}

/// What a mutation takes.
pub(crate) fn permission_of(mutation: &str) -> Option<Permission> {
    match rule("Mutation", mutation) {
        Some(Needs(permission)) => Some(permission),
        Some(Open | Reads(_) | Personal(..)) | None => None,
    }
}

/// Whether somebody may name a field of the operation itself.
pub(crate) fn permits(scope: &Scope, rule: Option<Rule>) -> bool {
    match rule {
        Some(Open | Personal(..)) => true,
        Some(Reads(kind)) => *scope.rows(kind) != Rows::None,
        Some(Needs(permission)) => scope.may(permission),
        None => *scope == Scope::everything(),
    }
}

/// Refuses an operation before anything of it is executed when it names what its caller may not use.
///
/// # Errors
/// `NOT_PERMITTED`, naming the first such field.
pub(crate) fn refuse_unpermitted(
    scope: &Scope,
    document: &ExecutableDocument,
    operation: OperationType,
    name: Option<&str>,
) -> ApiResult<()> {
    let of = match operation {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    for field in roots(document, name) {
        if !field.starts_with("__") && !permits(scope, rule(of, field)) {
            let message = format!("You are not permitted to use `{field}`.");
            return Err(ApiError::new(ErrorCode::NotPermitted, message).with("field", field));
        }
    }
    Ok(())
}
