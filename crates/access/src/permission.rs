//! What somebody may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kind::words;

words! {
    /// Something that a role may do. What is read needs none: rows decide.
    Permission {
        /// Make customers known.
        RegisterCustomers = "register_customers",
        /// Change what is known of a customer, and link or unlink identifiers.
        EditCustomers = "edit_customers",
        /// Give a customer an owner, or take the owner away.
        AssignCustomers = "assign_customers",
        /// Record scores and features that models work with.
        EnrichCustomers = "enrich_customers",
        /// Record that somebody agrees to contact, refuses it, or must not be contacted.
        RecordConsent = "record_consent",
        /// Record what was said on any channel.
        RecordInteractions = "record_interactions",
        /// Register agents and change their profiles.
        ManageAgents = "manage_agents",
        /// Sign in and out, be available, pause.
        ChangePresence = "change_presence",
        /// Draw up campaigns and start, pause and stop them.
        ManageCampaigns = "manage_campaigns",
        /// Add leads to campaigns and queue them.
        ManageLeads = "manage_leads",
        /// Hold, finish and block leads.
        WorkLeads = "work_leads",
        /// Begin calls, hold and end them, and say what came of them.
        HandleCalls = "handle_calls",
        /// Say what the telephone system does with calls.
        ReportCalls = "report_calls",
        /// Offer work to agents and take offers back.
        RouteWork = "route_work",
        /// Take, refuse and finish what was offered.
        AnswerOffers = "answer_offers",
        /// Assign, cancel and flag tasks.
        ManageTasks = "manage_tasks",
        /// Open tasks and work on them.
        WorkTasks = "work_tasks",
        /// Show one masked value in the clear, with a reason.
        Reveal = "reveal",
        /// Let somebody else see and do what one sees and does, for a time.
        Delegate = "delegate",
        /// Open everything in an emergency, for a short time and with a reason.
        BreakGlass = "break_glass",
        /// See every delegation and emergency access, and end them.
        ManageGrants = "manage_grants",
        /// Handle customers' rights requests: export, restriction, erasure.
        Privacy = "privacy",
        /// Hear recordings, with a reason.
        Playback = "playback",
        /// Record calls: announce, begin, pause and upload.
        Record = "record",
        /// Read the audit trail.
        Audit = "audit",
        /// See which models score and how they do.
        ReviewModels = "review_models",
        /// See how the read models and the server get on.
        Operate = "operate",
    }
}
