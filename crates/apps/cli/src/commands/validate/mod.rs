//! Validators that run until Ctrl-C.

mod text;

pub use text::ValidateText;
