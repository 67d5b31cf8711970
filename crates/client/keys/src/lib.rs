//! Coldkeys, hotkeys and the wallet files that hold them.
//!
//! A *coldkey* owns TAO and is used rarely. A *hotkey* works on the network, and is on the machine of the neuron. Both
//! are sr25519 keys in files whose layout and formats are those of Bittensor, so wallets can be exchanged with its
//! tools. This crate creates keys, signs with them, and reads and writes the files.
//!
//! | Question | Answer | spec |
//! |---|---|---|
//! | Whose key is it, and did it sign this? | [`PublicKey`], [`Address`], [`Signature`] | wallets §6 |
//! | How is a message signed? | [`Keypair`] | wallets §6 |
//! | What is the key made from? | [`Secret`], [`Mnemonic`], [`Seed`] | wallets §6, §7 |
//! | Where is the key stored? | [`Wallets`], [`Wallet`] | wallets §1 |
//! | What does the file contain? | [`KeyFile`] | wallets §2 |
//! | How is the file encrypted? | [`encryption`] | wallets §3 |
//! | Where does the password come from? | [`PasswordSource`], [`Environment`] | wallets §4 |
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
//! A signer of a chain client needs three lines around [`Keypair`]: its account is [`PublicKey::to_bytes`] of
//! [`Keypair::public`], and its signature is [`Signature::to_bytes`] of [`Keypair::sign`], tagged as sr25519.
//!
//! **Secrets** are wiped from memory when dropped, are compared in constant time, and appear in no `Debug`, `Display`
//! or error. To read one, call a method `export…`, and `expose_secret` on the result. Every error is a
//! [`Diagnostic`](myelin_diagnostic::Diagnostic), with a code for scripts and hints for users.
//!
//! **Files** have mode 0600 from the moment they exist, are written whole or not at all, and replace another file only
//! with [`OnExisting`]. This needs Unix permissions, so the crate is for Unix systems.
//!
//! Limits: no prompts, password strength or output, which are those of the program; no ed25519 or ECDSA keys; no
//! hardware wallets; no protection of memory against swapping.

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
    PasswordError, PasswordPrompt, PasswordSource, decode_password, encode_password, is_password_variable,
    password_variable,
};
pub use polkadot_js::ImportError;
pub use secrecy;
pub use secret::{Secret, SecretError, Seed};
pub use uri::UriError;
pub use wallet::{Protection, Wallet, Wallets};
pub use wallet_error::WalletError;
