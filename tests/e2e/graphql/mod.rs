//! The GraphQL API over real databases, served in this process.

mod access;
mod audit;
mod commands;
mod grants;
mod house;
mod limits;
mod log;
mod reads;
mod recycling;
mod statements;
mod subscriptions;
mod transports;

pub(crate) use house::House;
