//! Tests by topic. The rules without storage have their tests in `rules.rs`.

mod batches;
mod commits;
mod costs;
mod direct;
mod free;
mod invariants;
mod prop;
mod reads;
mod reveals;
mod root;
mod seats;
