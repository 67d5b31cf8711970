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

/// A key, as everybody may know it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KeyRow {
    /// The wallet.
    pub wallet: String,
    /// `coldkey` or `hotkey`.
    pub kind: KeyKind,
    /// The name of a hotkey.
    pub name: Option<String>,
    /// The address; nothing if it is in no file that can be read without a password.
    pub address: Option<String>,
    /// How the private key is kept.
    pub kept: KeyStorage,
    /// Where it lies, or would.
    pub file: PathBuf,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyKind {
    /// Holds TAO.
    Coldkey,
    /// Works.
    Hotkey,
}

/// How a private key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeyStorage {
    /// Under a password.
    Encrypted,
    /// As it is.
    Plain,
    /// Elsewhere: only its address is here.
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

/// Keys, the coldkey of a wallet before its hotkeys.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct WalletKeys {
    /// The folder of the wallets.
    pub folder: PathBuf,
    /// The keys.
    pub keys: Vec<KeyRow>,
}

impl Render for WalletKeys {
    fn render(&self, page: &mut Page) {
        if self.keys.is_empty() {
            page.line(format!("no keys in {}; `myelin wallet create` makes some", self.folder.display()));
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
    /// Whether the words of fresh keys were shown. They are, once, to whoever sits at a terminal; else they are in the
    /// files only.
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

/// The keys of a wallet. One that has hotkeys only has no row for its coldkey.
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
