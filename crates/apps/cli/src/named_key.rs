//! Coldkeys and hotkeys, by address or by their names on this machine.

use crate::{context::Context, error::CliError};
use myelin_keys::{Address, HotkeyName, NameError, PublicKey, WalletName};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Argument that names the selected hotkey.
const MYSELF: &str = "myself";

/// A public key, with the name that the user typed for it.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// The public key.
    pub key: PublicKey,
    /// Name of the key on this machine, if the user typed it.
    pub name: Option<String>,
}

impl NamedKey {
    /// Makes a key without a name.
    pub const fn unnamed(key: PublicKey) -> Self {
        Self { key, name: None }
    }
}

/// Writes the address, after the name if there is one.
impl fmt::Display for NamedKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(out, "{name} ({})", self.key),
            None => self.key.fmt(out),
        }
    }
}

/// A coldkey argument: an address, or the name of a wallet on this machine.
#[derive(Clone, Debug)]
pub struct ColdkeyArg(String);

/// A hotkey argument: an address, or the name of a hotkey on this machine.
///
/// A name is that of a hotkey of the selected wallet, `WALLET/HOTKEY`, or `myself` for the selected hotkey.
#[derive(Clone, Debug)]
pub struct HotkeyArg(String);

impl ColdkeyArg {
    /// Returns the key that the argument names.
    ///
    /// # Errors
    /// [`CliError::Address`] for an invalid address; [`CliError::Name`] for an invalid name; [`CliError::Wallet`] if
    /// the address of the wallet is not known.
    pub fn find(&self, context: &Context) -> Result<NamedKey, CliError> {
        if let Some(party) = by_address(&self.0)? {
            return Ok(party);
        }
        let wallet = context.wallets()?.wallet(self.0.parse()?);
        Ok(NamedKey { key: wallet.coldkey_address()?.public(), name: Some(self.0.clone()) })
    }

    /// Returns the key of the argument, or the coldkey of the selected wallet.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn or_default(typed: Option<&Self>, context: &Context) -> Result<NamedKey, CliError> {
        match typed {
            Some(typed) => typed.find(context),
            None => Self(context.wallet()?.name().to_string()).find(context),
        }
    }
}

impl HotkeyArg {
    /// Returns the key that the argument names.
    ///
    /// # Errors
    /// [`CliError::Address`] for an invalid address; [`CliError::Name`] for an invalid name; [`CliError::Wallet`] if
    /// there is no such hotkey.
    pub fn find(&self, context: &Context) -> Result<NamedKey, CliError> {
        if let Some(party) = by_address(&self.0)? {
            return Ok(party);
        }
        if self.0 == MYSELF {
            return Self::or_default(None, context);
        }
        let (wallet, name) = match self.0.split_once('/') {
            Some((wallet, name)) => (context.wallets()?.wallet(wallet.parse::<WalletName>()?), name),
            None => (context.wallet()?, self.0.as_str()),
        };
        let address = wallet.hotkey_address(&name.parse::<HotkeyName>()?)?;
        Ok(NamedKey { key: address.public(), name: Some(self.0.clone()) })
    }

    /// Returns the key of the argument, or the selected hotkey.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn or_default(typed: Option<&Self>, context: &Context) -> Result<NamedKey, CliError> {
        if let Some(typed) = typed {
            return typed.find(context);
        }
        let name = context.hotkey()?;
        let key = context.wallet()?.hotkey_address(&name)?.public();
        Ok(NamedKey { key, name: Some(name.to_string()) })
    }
}

/// Names of the hotkeys on this machine.
#[derive(Debug, Default)]
pub struct KnownNames(BTreeMap<PublicKey, String>);

impl KnownNames {
    /// Reads the names of all hotkeys whose addresses are known, as `WALLET/HOTKEY`.
    ///
    /// # Errors
    /// [`CliError::Wallet`] if the folder of wallets cannot be read.
    pub fn here(context: &Context) -> Result<Self, CliError> {
        let wallets = context.wallets()?;
        let mut names = BTreeMap::new();
        for name in wallets.names()? {
            let wallet = wallets.wallet(name);
            for hotkey in wallet.hotkeys()? {
                if let Ok(address) = wallet.hotkey_address(&hotkey) {
                    names.insert(address.public(), format!("{}/{hotkey}", wallet.name()));
                }
            }
        }
        Ok(Self(names))
    }

    /// Returns the name of a hotkey, if it is on this machine.
    pub fn of(&self, hotkey: &PublicKey) -> Option<&str> {
        self.0.get(hotkey).map(String::as_str)
    }
}

/// Parses an address; `None` for a shorter text, which may be a name.
///
/// A text as long as an address must be one, so that a typing error is not taken for a name.
fn by_address(text: &str) -> Result<Option<NamedKey>, CliError> {
    const SHORTEST: usize = 46;
    match text.parse::<Address>() {
        Ok(address) => Ok(Some(NamedKey::unnamed(address.public()))),
        Err(error) if text.len() >= SHORTEST && !text.contains('/') => Err(error.into()),
        Err(_) => Ok(None),
    }
}

impl FromStr for ColdkeyArg {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse::<WalletName>()?;
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for HotkeyArg {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = match text.split_once('/') {
            Some((wallet, name)) => wallet.parse::<WalletName>().map(|_| name)?,
            None => text,
        };
        name.parse::<HotkeyName>()?;
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_apart() {
        let address = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert_eq!(by_address(address).unwrap().unwrap().to_string(), address);
        assert!(by_address("savings").unwrap().is_none());
        // One character is another.
        assert!(matches!(by_address(&address.replace('Y', "Z")), Err(CliError::Address(_))));
        assert_eq!(
            NamedKey { name: Some("savings".into()), ..by_address(address).unwrap().unwrap() }.to_string(),
            format!("savings ({address})")
        );
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in ["", "a/b", ".hidden"] {
            assert!(text.parse::<ColdkeyArg>().is_err(), "{text}");
        }
        for text in ["", "a/", "/b", "a/b/c", "a/..", "pub.txt"] {
            assert!(text.parse::<HotkeyArg>().is_err(), "{text}");
        }
        assert!("savings/miner-1".parse::<HotkeyArg>().is_ok());
    }
}
