//! The log against real databases: the contract on every adapter, the traps, durability and immutability.

mod smoke;
