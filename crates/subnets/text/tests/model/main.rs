//! Models: read, trained, asked, and found out.

mod loading;
mod proof;
mod tiny;
mod training;
