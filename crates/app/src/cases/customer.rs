//! Customers and the claims on their identifiers.

use trunkline_domain::campaign::Campaign;
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::identifier::{self, IdentifierId, IdentifierKind};
use trunkline_domain::lead::{self, Lead, LeadState};
use trunkline_kernel::{CustomerId, Id as _, LeadId, Personal, StreamId};
use trunkline_routing::compliance::calling_region;
use uuid::Uuid;

use crate::{Action, ActionError, Work};

/// One identifier, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// What sort.
    pub kind: IdentifierKind,
    /// Its one spelling: see [`IdentifierKind::normalise`].
    pub value: String,
}

impl Identifier {
    /// The region that the calling code of a telephone number names.
    pub fn region(&self) -> Option<&'static str> {
        (self.kind == IdentifierKind::Phone).then(|| calling_region(&self.value)).flatten()
    }
}

/// Makes a customer known together with the identifiers; refused when one of them is another customer's.
#[derive(Clone, Debug)]
pub struct RegisterCustomer {
    /// What is known.
    pub registered: customer::Registered,
    /// Every identifier that is known.
    pub identifiers: Vec<Identifier>,
}

impl Action for RegisterCustomer {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let id: CustomerId = work.new_id();
        work.run::<Customer>(id, customer::Command::Register(self.registered.clone())).await?;
        for identifier in &self.identifiers {
            link(work, id, identifier).await?;
        }
        Ok(id.uuid())
    }
}

/// Notes one more identifier of a customer and claims it.
#[derive(Clone, Debug)]
pub struct LinkIdentifier {
    /// Whose.
    pub customer: CustomerId,
    /// Which.
    pub identifier: Identifier,
}

impl Action for LinkIdentifier {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        link(work, self.customer, &self.identifier).await?;
        Ok(self.customer.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.customer))
    }
}

async fn link(work: &mut Work<'_>, id: CustomerId, identifier: &Identifier) -> Result<(), ActionError> {
    let Identifier { kind, value } = identifier;
    let claim = IdentifierId::of(work.index(), *kind, value);
    let region = identifier.region().map(str::to_owned);
    let value = Personal::Open(value.clone());
    let linked = customer::IdentifierLinked { kind: *kind, value, claim, region };
    work.run::<Customer>(id, customer::Command::LinkIdentifier(linked)).await?;
    let claimed = identifier::Claimed { customer: id, kind: *kind };
    work.run::<identifier::Identifier>(claim, identifier::Command::Claim(claimed)).await?;
    Ok(())
}

/// Takes an identifier away from a customer and gives up the claim.
#[derive(Clone, Debug)]
pub struct UnlinkIdentifier {
    /// Whose.
    pub customer: CustomerId,
    /// The claim.
    pub claim: IdentifierId,
}

impl Action for UnlinkIdentifier {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { customer, claim } = *self;
        work.run::<Customer>(customer, customer::Command::UnlinkIdentifier { claim }).await?;
        work.run::<identifier::Identifier>(claim, identifier::Command::Release { customer }).await?;
        Ok(customer.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.customer))
    }
}

/// Takes a consent back, and blocks the customer's queued leads in campaigns of that purpose in the same append.
///
/// A lead that is queued by somebody else meanwhile is caught when it is dialed, where consent is asked again.
#[derive(Clone, Debug)]
pub struct WithdrawConsent {
    /// Whose.
    pub customer: CustomerId,
    /// What is taken back.
    pub withdrawn: customer::ConsentWithdrawn,
    /// The customer's leads, when it is about calls; those that are not queued, and those of campaigns that call for something
    /// else, are left as they are.
    pub leads: Vec<LeadId>,
}

impl Action for WithdrawConsent {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let withdraw = customer::Command::WithdrawConsent(self.withdrawn.clone());
        work.run::<Customer>(self.customer, withdraw).await?;
        for id in &self.leads {
            let lead = work.require::<Lead>(*id).await?;
            let queued = lead.state() == LeadState::Queued && lead.customer() == Some(self.customer);
            let Some(campaign) = lead.campaign().filter(|_| queued) else { continue };
            if work.state::<Campaign>(campaign).await?.purpose() == self.withdrawn.purpose {
                let blocked = lead::Blocked { reason: lead::BlockReason::Requested };
                work.run::<Lead>(*id, lead::Command::Block(blocked)).await?;
            }
        }
        Ok(self.customer.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.customer))
    }
}
