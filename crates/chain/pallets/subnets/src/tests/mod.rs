//! Tests by topic. Every one of them ends with the invariants, and checks them after every block.

mod creation;
mod genesis;
mod invariants;
mod ownership;
mod parameters;
mod prop;
mod removal;
