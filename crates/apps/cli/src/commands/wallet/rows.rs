//! What commands about keys answer.

use crate::{
    error::CliError,
    key::Key,
    page::{Cell, Page, Render, Side, Table, Tone},
};
use myelin_keys::{
    Wallet, WalletError,
    encryption::Encryption,
    secrecy::{ExposeSecret, SecretString},
};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::path::PathBuf;

/// A key, as everybody may know it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeyRow {
    /// The wallet.
    pub wallet: String,
    /// `coldkey` or `hotkey`.
    pub kind: Kind,
    /// The name of a hotkey.
    pub name: Option<String>,
    /// The address; nothing if it is in no file that can be read without a password.
    pub address: Option<String>,
    /// How the private key is kept.
    pub kept: Kept,
    /// Where it lies, or would.
    pub file: PathBuf,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Holds TAO.
    Coldkey,
    /// Works.
    Hotkey,
}

/// How a private key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Under a password.
    Encrypted,
    /// As it is.
    Plain,
    /// Elsewhere: only its address is here.
    Elsewhere,
}

impl Kept {
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
            Key::Cold => (Kind::Coldkey, None, wallet.coldkey_address(), wallet.coldkey_encryption()),
            Key::Hot(name) => {
                (Kind::Hotkey, Some(name.to_string()), wallet.hotkey_address(name), wallet.hotkey_encryption(name))
            }
        };
        let kept = match encryption {
            Ok(Encryption::Plain) => Kept::Plain,
            Ok(_) => Kept::Encrypted,
            Err(WalletError::NoColdkey { .. }) => Kept::Elsewhere,
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
pub struct Keys {
    /// The folder of the wallets.
    pub folder: PathBuf,
    /// The keys.
    pub keys: Vec<KeyRow>,
}

impl Render for Keys {
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
            table.row([key.wallet.as_str().into(), key.label().into(), address.into(), Cell::new(kept, tone)]);
        }
        page.table(&table);
    }
}

/// Keys that were written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Made {
    /// The keys.
    pub keys: Vec<KeyRow>,
    /// Whether the words of fresh keys were shown. They are, once, to whoever sits at a terminal; else they are in the
    /// files only.
    pub words_shown: bool,
}

impl Render for Made {
    fn render(&self, page: &mut Page) {
        for key in &self.keys {
            let (kept, tone) = key.kept.cell();
            page.fields([
                (key.label().as_str(), Cell::new(key.address.as_deref().unwrap_or_default(), Tone::Good)),
                ("kept", Cell::new(kept, tone)),
                ("file", key.file.display().to_string().into()),
            ]);
        }
    }
}

/// A secret that was asked for. Written to standard output, once.
pub struct Shown(pub(super) SecretString);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// An exported key.
#[derive(Serialize, JsonSchema)]
pub struct Exported {
    /// Whose it is.
    pub address: String,
    /// `words`, `seed` or `private-key`.
    pub form: &'static str,
    /// The secret in that form.
    #[schemars(with = "String")]
    pub secret: Shown,
}

impl Render for Exported {
    fn render(&self, page: &mut Page) {
        page.line(self.secret.0.expose_secret());
    }
}

/// A signature.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Signed {
    /// Who signed.
    pub address: String,
    /// The signature, `0x` and 128 hex digits.
    pub signature: String,
}

impl Render for Signed {
    fn render(&self, page: &mut Page) {
        page.fields([("address", self.address.as_str().into()), ("signature", self.signature.as_str().into())]);
    }
}

/// A signature that is good. One that is not is an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// Who signed.
    pub address: String,
    /// Always true.
    pub good: bool,
}

impl Render for Verified {
    fn render(&self, page: &mut Page) {
        page.line(format!("{}, signed by {}", Tone::Good.paint("good"), self.address));
    }
}
