//! The types of the schema, one file per group.

mod agent;
mod call;
mod campaign;
mod customer;
mod event;
mod grant;
mod interaction;
mod kpi;
mod kpi_arguments;
mod node;
mod notary;
mod recording;
mod reservation;
mod rights_request;
mod task;
mod timeline;

pub(crate) use agent::{Agent, AgentTime};
pub(crate) use call::Call;
pub(crate) use campaign::{Campaign, Lead, LeadConnection, LeadCount};
pub(crate) use customer::{Consent, Customer, Identifier};
pub(crate) use event::{Event, EventFilter, Order};
pub(crate) use grant::{Grant, RoleWord};
pub(crate) use interaction::{Attribute, Insight, Interaction, attributes};
pub(crate) use kpi::{CallConnection, Dimension, KpiRow, KpiWord, Window, cost as figures_cost};
pub(crate) use kpi_arguments::{Figures, FiguresArguments, KpiFilter, limited};
pub(crate) use node::Node;
pub(crate) use notary::{ConsistencyProof, InclusionProof, TreeHead, books};
pub(crate) use recording::Recording;
pub(crate) use reservation::Reservation;
pub(crate) use rights_request::RightsRequest;
pub(crate) use task::{Task, TaskTransition};
pub(crate) use timeline::{TimelineConnection, TimelineEntry};
