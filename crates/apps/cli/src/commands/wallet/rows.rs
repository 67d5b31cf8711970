//! Rows of keys.

use crate::{
    error::CliError,
    key::Key,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_keys::{Wallet, WalletError, encryption::KeyFileEncryption};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// The public facts about a key.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KeyRow {
    /// Name of the wallet.
    pub wallet: String,
    /// Kind of the key.
    pub kind: KeyKind,
    /// Name of the hotkey; absent for a coldkey.
    pub name: Option<String>,
    /// Address; absent if no file has it that can be read without a password.
    pub address: Option<String>,
    /// Storage of the private key.
    pub kept: KeyStorage,
    /// Path of the key file, which may not exist.
    pub file: PathBuf,
}

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyKind {
    /// A coldkey, which owns TAO and hotkeys.
    Coldkey,
    /// A hotkey, which signs for a neuron.
    Hotkey,
}

/// The storage of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyStorage {
    /// In an encrypted file.
    Encrypted,
    /// In a plain file.
    Plain,
    /// Not on this machine, which has only its address.
    Elsewhere,
}

impl KeyStorage {
    const fn cell(self) -> (&'static str, Tone) {
        match self {
            Self::Encrypted => ("encrypted", Tone::Good),
            Self::Plain => ("plain", Tone::Plain),
            Self::Elsewhere => ("elsewhere", Tone::Faint),
        }
    }
}

impl KeyRow {
    pub(super) fn of(wallet: &Wallet, key: &Key) -> Result<Self, CliError> {
        let (kind, name, address, encryption) = match key {
            Key::Cold => (KeyKind::Coldkey, None, wallet.coldkey_address(), wallet.coldkey_encryption()),
            Key::Hot(name) => {
                (KeyKind::Hotkey, Some(name.to_string()), wallet.hotkey_address(name), wallet.hotkey_encryption(name))
            }
        };
        let kept = match encryption {
            Ok(KeyFileEncryption::Plain) => KeyStorage::Plain,
            Ok(_) => KeyStorage::Encrypted,
            Err(WalletError::NoColdkey { .. }) => KeyStorage::Elsewhere,
            Err(error) => return Err(error.into()),
        };
        let address = match address {
            Ok(address) => Some(address.to_string()),
            Err(WalletError::AddressUnknown { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { wallet: wallet.name().to_string(), kind, name, address, kept, file: key.file(wallet) })
    }

    fn label(&self) -> String {
        match &self.name {
            None => "coldkey".into(),
            Some(name) => format!("hotkey {name}"),
        }
    }
}

/// Keys of wallets, the coldkey of a wallet before its hotkeys.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WalletKeys {
    /// Folder of the wallets.
    pub folder: PathBuf,
    /// The keys.
    pub keys: Vec<KeyRow>,
}

impl Render for WalletKeys {
    fn render(&self, page: &mut Page) {
        if self.keys.is_empty() {
            page.line(format!("no keys in {}; `myelin wallet create` creates a wallet", self.folder.display()));
            return;
        }
        let columns = ["WALLET", "KEY", "ADDRESS", "KEPT"].map(|heading| (heading, Side::Left));
        let mut table = Table::new(columns);
        for key in &self.keys {
            let (kept, tone) = key.kept.cell();
            let address = key.address.as_deref().unwrap_or("unknown without its password");
            table.row([key.wallet.as_str().into(), key.label().into(), address.into(), TableCell::new(kept, tone)]);
        }
        page.table(&table);
    }
}

/// Keys that were written.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NewKeys {
    /// The keys.
    pub keys: Vec<KeyRow>,
    /// True if the mnemonics of new keys were shown.
    ///
    /// They are shown once, and only on a terminal. Without one they are only in the files.
    pub words_shown: bool,
}

impl Render for NewKeys {
    fn render(&self, page: &mut Page) {
        for key in &self.keys {
            let (kept, tone) = key.kept.cell();
            page.fields([
                (key.label().as_str(), TableCell::new(key.address.as_deref().unwrap_or_default(), Tone::Good)),
                ("kept", TableCell::new(kept, tone)),
                ("file", key.file.display().to_string().into()),
            ]);
        }
    }
}

/// Returns the keys of a wallet. A wallet of hotkeys only has no row for a coldkey.
pub(super) fn keys(wallet: &Wallet) -> Result<Vec<KeyRow>, CliError> {
    let mut keys = Vec::new();
    match KeyRow::of(wallet, &Key::Cold) {
        Ok(key) => keys.push(key),
        Err(CliError::Wallet(WalletError::NoColdkeyAddress { .. })) => {}
        Err(error) => return Err(error),
    }
    for name in wallet.hotkeys()? {
        keys.push(KeyRow::of(wallet, &Key::Hot(name))?);
    }
    Ok(keys)
}
