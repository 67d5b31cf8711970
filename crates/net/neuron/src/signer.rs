//! Signers of messages.

use core::fmt;
use myelin_wire::Sign;
use std::sync::Arc;

/// The signer of a neuron's hotkey, shared by all parts that sign with it.
///
/// It refers to an implementation of [`Sign`], which holds the secret key.
#[derive(Clone)]
pub struct Signer(Arc<dyn Sign + Send + Sync>);

impl Signer {
    /// Returns a signer with this key.
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
