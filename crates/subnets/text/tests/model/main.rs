//! Models: reading, training, answers and proofs.

mod loading;
mod proof;
mod tiny;
mod training;
