//! Rounds and work over real sockets of the loopback interface, and the example of the guide.

mod faults;
mod guide;
mod round;
mod work;

use myelin_neuron::Signer;
use myelin_wire::{
    Sign,
    class::{Class, Field, Types},
};
use std::time::Duration;

/// A key of the tests.
#[derive(Clone)]
struct Key(schnorrkel::Keypair);

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

fn key(seed: u8) -> Key {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
    Key(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519))
}

fn signer(seed: u8) -> Signer {
    Signer::new(key(seed))
}

/// The key of the validator that asks.
const CALLER: u8 = 2;

fn class(name: &str, fields: &[(&str, &str)], hashed: &[&str]) -> Class {
    let types = Types::default();
    let field = |(name, kind): &(&str, &str)| match kind.split_once(" = ") {
        None => Field::required(name, types.parse(kind).unwrap()),
        Some((kind, default)) => {
            let default = myelin_wire::python::json::read(default.as_bytes()).unwrap();
            Field::with_default(name, types.parse(kind).unwrap(), default)
        }
    };
    Class::new(name, fields.iter().map(field).collect()).unwrap().hashing(hashed).unwrap()
}

/// Waits for a future, up to a limit far beyond the time of any test.
async fn soon<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("nothing happened for 30 s")
}
