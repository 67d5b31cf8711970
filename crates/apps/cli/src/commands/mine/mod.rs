//! Miners that work until Ctrl-C.

mod text;

pub use text::MineText;
