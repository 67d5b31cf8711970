//! One file for each topic. The rules without storage are tested where they are, in `rules.rs`.

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
