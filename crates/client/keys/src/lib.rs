//! Coldkeys, hotkeys and the wallet files that keep them.
//!
//! A *coldkey* holds TAO and is used rarely, a *hotkey* works on the network and lies on the machine that does. Both
//! are sr25519 keys in files whose layout and formats other tools of the ecosystem share, so that a wallet made by one
//! opens in the other. This crate makes such keys, signs with them, and reads and writes those files.
//!
//! | Question | Answer | spec |
//! |---|---|---|
//! | Whose is it, and did they sign this? | [`PublicKey`], [`Address`], [`Signature`] | wallets §6 |
//! | Sign this | [`Keypair`] | wallets §6 |
//! | What is the key made from? | [`Secret`], [`Mnemonic`], [`Seed`] | wallets §6, §7 |
//! | Where does it lie? | [`Wallets`], [`Wallet`] | wallets §1 |
//! | What does the file say? | [`KeyFile`] | wallets §2 |
//! | What is it encrypted with? | [`encryption`] | wallets §3 |
//! | Who knows the password? | [`PasswordSource`], [`Environment`] | wallets §4 |
//!
//! ```
//! use myelin_keys::{HotkeyName, Mnemonic, OnExisting, Protection, Secret, Wallets, WordCount};
//!
//! # let folder = tempfile::tempdir()?;
//! let wallets = Wallets::at(folder.path());
//! let wallet = wallets.wallet("default".parse()?);
//!
//! let hotkey: HotkeyName = "miner".parse()?;
//! let secret = Secret::from_mnemonic(Mnemonic::generate(WordCount::Twelve)?);
//! wallet.create_hotkey(&hotkey, &secret, Protection::Plain, OnExisting::Refuse)?;
//!
//! let signer = wallet.hotkey(&hotkey, &myelin_keys::Environment::of_process())?.into_keypair();
//! let signature = signer.sign(b"an answer");
//! assert!(signature.verify(&signer.public(), b"an answer"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A signer of a chain client is three lines over [`Keypair`]: its account is [`PublicKey::to_bytes`] of
//! [`Keypair::public`], its signature [`Signature::to_bytes`] of [`Keypair::sign`], tagged as sr25519.
//!
//! **Secrets** are wiped from memory when dropped, are compared in constant time, and appear in no `Debug` or
//! `Display`, and in no error. Whoever wants to see one calls a method `export…` and `expose_secret` on the result. Every
//! error is a [`Diagnostic`](myelin_diagnostic::Diagnostic), with a code for scripts and hints for users.
//!
//! **Files** are only their owner's from the moment they exist, appear whole or not at all, and replace another only
//! when told to ([`OnExisting`]). This needs Unix permissions, so the crate is for Unix systems.
//!
//! What is not here: prompts, password strength and output, which are the programs'; ed25519 and ECDSA keys; hardware
//! wallets; protection of memory against swapping.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

mod address;
pub mod encryption;
mod environment;
mod file;
mod key_file;
mod keypair;
mod mnemonic;
mod name;
mod password;
mod polkadot_js;
mod secret;
mod text;
mod uri;
mod wallet;
mod wallet_error;

pub use address::{Address, AddressError};
pub use environment::{Defaults, Environment};
pub use key_file::{KeyFile, KeyFileContent, KeyFileError};
pub use keypair::{Keypair, SIGNATURE_LENGTH, Signature, SignatureError};
pub use mnemonic::{Mnemonic, MnemonicError, WordCount};
pub use myelin_files::OnExisting;
pub use myelin_primitives::PublicKey;
pub use name::{HotkeyName, NameError, WalletName};
pub use password::{
    PasswordError, PasswordPrompt, PasswordSource, decode_password, encode_password, password_variable,
};
pub use polkadot_js::ImportError;
pub use secrecy;
pub use secret::{Secret, SecretError, Seed};
pub use uri::UriError;
pub use wallet::{Protection, Wallet, Wallets};
pub use wallet_error::WalletError;
