//! Tests by topic. Each test and each block ends with the invariants.

mod creation;
mod genesis;
mod invariants;
mod ownership;
mod parameters;
mod prop;
mod removal;
