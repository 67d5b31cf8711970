//! The cost of signatures, alone and in batches.

use myelin_wire::{Scheme, UncheckedSignature};
use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey, PublicKey, Signature, signing_context, verify_batch};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The numbers of signatures that are checked at once.
const BATCHES: [usize; 3] = [4, 16, 64];

/// The time of each measurement.
const TIME: Duration = Duration::from_secs(1);

/// The length of a signed text, in bytes. That of a request is about this long.
const TEXT: usize = 256;

fn keypair(number: u8) -> Keypair {
    let secret = MiniSecretKey::from_bytes(&[number; 32]).expect("32 bytes are a seed");
    secret.expand_to_keypair(ExpansionMode::Ed25519)
}

/// Returns the mean time of some work, in microseconds.
fn micros(mut work: impl FnMut()) -> f64 {
    let (begin, mut rounds) = (Instant::now(), 0_u32);
    while begin.elapsed() < TIME {
        work();
        rounds = rounds.saturating_add(1);
    }
    begin.elapsed().as_secs_f64() * 1e6 / f64::from(rounds.max(1))
}

/// Prints a table of the time that one signature takes.
pub(crate) fn measure() {
    println!("| signature | µs each |");
    println!("|---|---:|");
    let (own, text) = (keypair(1), [7; TEXT]);
    println!("| made | {:.1} |", micros(|| _ = black_box(own.sign_simple(b"substrate", black_box(&text)))));
    let hotkey = myelin_wire::PublicKey::from_bytes(own.public.to_bytes());
    let signature = UncheckedSignature::new(own.sign_simple(b"substrate", &text).to_bytes());
    let alone = micros(|| assert!(black_box(signature).is_good(Scheme::Sr25519, hotkey, black_box(&text))));
    println!("| checked alone | {alone:.1} |");
    for batch in BATCHES {
        let keys: Vec<_> = (0..batch).map(|number| keypair(u8::try_from(number).unwrap_or_default())).collect();
        let signatures: Vec<Signature> = keys.iter().map(|key| key.sign_simple(b"substrate", &text)).collect();
        let publics: Vec<PublicKey> = keys.iter().map(|key| key.public).collect();
        let context = signing_context(b"substrate");
        let check = || {
            let texts = (0..batch).map(|_| context.bytes(black_box(&text)));
            assert!(verify_batch(texts, &signatures, &publics, false).is_ok());
        };
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        let each = micros(check) / batch as f64;
        println!("| checked {batch} at a time | {each:.1} |");
    }
    println!();
}
