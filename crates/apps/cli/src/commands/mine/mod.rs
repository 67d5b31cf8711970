//! Miners that run until Ctrl-C.

mod text;

pub use text::MineText;
