//! Validators that work until Ctrl-C.

mod text;

pub use text::ValidateText;
