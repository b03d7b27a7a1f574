//! What leads are worth, by the model that scores.

use std::collections::BTreeMap;

use trunkline_app::cases::KnownWork;
use trunkline_domain::routing::{Needs, Requested};
use trunkline_domain::words::Work;
use trunkline_kernel::{CampaignId, CustomerId, LeadId};
use trunkline_projections::ReadError;
use trunkline_projections::outreach::{CampaignRow, LeadRow};
use trunkline_routing::Hash;
use trunkline_routing::matching::{self, Call};

use super::Router;

/// What leads are worth, and by which model.
#[derive(Clone, Debug)]
pub struct Worths {
    /// The model.
    pub model: Hash,
    /// The mean score of each lead's customer with the agents who may speak with them. Leads that cannot be scored, and those
    /// whose customers refuse it, are left out.
    pub scores: BTreeMap<LeadId, f64>,
}

impl Router {
    /// What these leads of a campaign are worth; nothing while no model scores. Similarity, which needs no model, says who
    /// fits whom and not what comes of it.
    ///
    /// # Errors
    /// When the read models fail.
    pub async fn worths(
        &self,
        campaign: &CampaignRow,
        needs: &Needs,
        leads: &[LeadRow],
    ) -> Result<Option<Worths>, ReadError> {
        let Some(scorer) =
            self.parts.scorer.active().filter(|_| self.models().is_some_and(|all| all.scoring.is_some()))
        else {
            return Ok(None);
        };
        let now = self.parts.clock.now();
        let ids: Vec<CustomerId> = leads.iter().map(|lead| lead.customer_id).collect();
        let customers = self.parts.reads.customers_by_ids(&ids).await?;
        let mut calls: Vec<(LeadId, Call)> = Vec::with_capacity(leads.len());
        for lead in leads {
            let row = customers.iter().find(|row| row.customer_id == lead.customer_id);
            let Some(row) = row.filter(|row| !row.refuses_automated_decisions) else { continue };
            let mut known = self.known_lead(lead.lead_id, campaign.campaign_id, needs);
            (known.customer, known.product) = (Some(lead.customer_id), campaign.product.clone());
            known.queue.clone_from(&campaign.queue);
            let features = self.parts.features.of_customer(&known, Some(row), now);
            calls.push((lead.lead_id, Call { features, ..self.asked(&known) }));
        }
        let scores = self.roster.choose(now, now, |table| {
            let worth = |(lead, call): &(LeadId, Call)| {
                matching::worth(table, call, scorer.as_ref(), now).map(|worth| (*lead, worth))
            };
            (calls.iter().filter_map(worth).collect(), Vec::new())
        });
        Ok(Some(Worths { model: scorer.hash().clone(), scores }))
    }

    fn known_lead(&self, lead: LeadId, campaign: CampaignId, needs: &Needs) -> KnownWork {
        let asked = Requested::of(Work::Lead(lead), needs.clone());
        KnownWork { campaign: Some(campaign), ..KnownWork::asked(self.parts.clock.now(), asked) }
    }
}
