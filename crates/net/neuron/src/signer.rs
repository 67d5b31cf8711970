//! Who signs.

use core::fmt;
use myelin_wire::Sign;
use std::sync::Arc;

/// The hotkey of a neuron, shared by everything that signs for it. The secret stays with whoever implements
/// [`Sign`]; this only points to it.
#[derive(Clone)]
pub struct Signer(Arc<dyn Sign + Send + Sync>);

impl Signer {
    /// Signs with this key.
    pub fn new(key: impl Sign + Send + Sync + 'static) -> Self {
        Self(Arc::new(key))
    }
}

impl Sign for Signer {
    fn public(&self) -> [u8; 32] {
        self.0.public()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signer({})", self.hotkey())
    }
}
