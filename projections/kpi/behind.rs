//! Which calls stand behind a figure.

use trunkline_insight::Kpi;

const NEVER: &str = "1 = 0";
const REAL: &str = "(cause IS NULL OR cause <> 'phantom')";

/// The condition on `calls` that holds for the calls that a figure's denominator counts, or that a count counts.
/// It agrees with what a call adds to the sums; a test compares the two for every figure.
pub fn behind(kpi: Kpi) -> &'static str {
    match kpi {
        Kpi::Calls => REAL,
        Kpi::Phantoms => "cause = 'phantom'",
        Kpi::Answered => "bridged_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')",
        Kpi::AnsweredUnnamed => {
            "bridged_at IS NOT NULL AND agent_id IS NULL AND (cause IS NULL OR cause <> 'phantom')"
        }
        Kpi::HungUp => {
            "bridged_at IS NULL AND (cause = 'customer_hangup' OR (cause = 'abandoned' AND direction = 'inbound'))"
        }
        Kpi::HandlingTime | Kpi::ServiceTime => {
            "bridged_at IS NOT NULL AND cause IS NOT NULL AND cause <> 'phantom'"
        }
        Kpi::Queued
        | Kpi::QueueWait
        | Kpi::ServiceLevel
        | Kpi::ServiceLevel10
        | Kpi::ServiceLevel30
        | Kpi::ServiceLevel60
        | Kpi::QueueAbandonment => "queued_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')",
        Kpi::ServiceLevelWithoutShortAbandons => {
            "queued_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')
             AND NOT (bridged_at IS NULL AND cause IS NOT NULL AND COALESCE(waited_ms, 0) <= 20000)"
        }
        Kpi::SpeedOfAnswer | Kpi::ServiceLevelOfAnswered => {
            "queued_at IS NOT NULL AND bridged_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')"
        }
        Kpi::QueueEntries | Kpi::QueueEntryWait => "queued_at IS NOT NULL",
        Kpi::Dials | Kpi::ConversionOfDials | Kpi::WastedCalls => {
            "direction = 'outbound' AND dialed_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')"
        }
        Kpi::ContactRate => {
            "direction = 'outbound' AND dialed_at IS NOT NULL AND first_in_slot
             AND (cause IS NULL OR cause <> 'phantom')"
        }
        Kpi::DialAbandonment | Kpi::RightPartyRate => {
            "direction = 'outbound' AND dialed_at IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')
             AND (answerer = 'human'
                  OR ((answerer IS NULL OR answerer <> 'machine') AND (bridged_at IS NOT NULL OR abandoned)))"
        }
        Kpi::ConversionOfContacts => "right_party AND (cause IS NULL OR cause <> 'phantom')",
        Kpi::Sales => "sale AND (cause IS NULL OR cause <> 'phantom')",
        Kpi::Suppressed => "suppressed_by IS NOT NULL AND (cause IS NULL OR cause <> 'phantom')",
        // These are about agents' time or about leads.
        Kpi::Occupancy | Kpi::Utilisation | Kpi::ConversionOfLeads | Kpi::Penetration | Kpi::Intensity => {
            NEVER
        }
    }
}
