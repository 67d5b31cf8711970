//! Environment variables of wallets (spec wallets §1, §4).

use crate::{
    name::{HotkeyName, WalletName},
    password::{PasswordError, PasswordSource, decode_password, password_variable},
    wallet::Wallets,
    wallet_error::WalletError,
};
use secrecy::SecretString;
use std::{
    env, fmt,
    path::{Path, PathBuf},
};

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Environment variables, of the process or of another source.
///
/// A variable that is not valid UTF-8 counts as unset, and so does an empty one that is not a password. The environment
/// is also a [`PasswordSource`]: [`password_variable`] returns the variable with the password of a file.
pub struct Environment(Box<Lookup>);

impl Environment {
    /// Returns the environment of the process.
    pub fn of_process() -> Self {
        Self::from_lookup(|name| env::var(name).ok())
    }

    /// Returns an environment whose variables are read by `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// Replaces a leading `~` of a path by the home folder.
    ///
    /// # Errors
    /// [`WalletError::NoHome`] if there is a `~` and `HOME` is not set.
    pub fn expand(&self, path: &str) -> Result<PathBuf, WalletError> {
        match path.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let home = self.get("HOME").ok_or(WalletError::NoHome)?;
                Ok(PathBuf::from(home.trim_end_matches('/').to_owned() + rest))
            }
            _ => Ok(PathBuf::from(path)),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Environment")
    }
}

impl PasswordSource for Environment {
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError> {
        let Some(variable) = password_variable(file) else { return Ok(None) };
        (self.0)(&variable).map(|value| decode_password(&variable, &zeroize::Zeroizing::new(value))).transpose()
    }
}

/// The default wallets folder, wallet and hotkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Folder of the wallets: `BT_WALLET_PATH`, else `~/.bittensor/wallets`.
    pub wallets: Wallets,
    /// Name of the wallet: `BT_WALLET_NAME`, else `default`.
    pub wallet: WalletName,
    /// Name of the hotkey: `BT_WALLET_HOTKEY`, else `default`.
    pub hotkey: HotkeyName,
}

impl Defaults {
    /// The default folder of wallets, as in Bittensor, so that existing wallets are found.
    pub const PATH: &str = "~/.bittensor/wallets";

    /// Reads the defaults from the environment.
    ///
    /// # Errors
    /// [`WalletError::Name`] for an invalid name, [`WalletError::NoHome`] if the path needs `HOME` and it is not set.
    pub fn read(environment: &Environment) -> Result<Self, WalletError> {
        let path = environment.get("BT_WALLET_PATH");
        Ok(Self {
            wallets: Wallets::at(environment.expand(path.as_deref().unwrap_or(Self::PATH))?),
            wallet: environment.get("BT_WALLET_NAME").as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            hotkey: environment.get("BT_WALLET_HOTKEY").as_deref().map(str::parse).transpose()?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{name::NameError, password::encode_password};
    use secrecy::ExposeSecret;

    fn environment(variables: &'static [(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn existing_wallets_are_found() {
        let defaults = Defaults::read(&environment(&[("HOME", "/home/user"), ("BT_WALLET_NAME", "")])).unwrap();
        assert_eq!(defaults.wallets, Wallets::at("/home/user/.bittensor/wallets"));
        assert_eq!((defaults.wallet.as_str(), defaults.hotkey.as_str()), ("default", "default"));
    }

    #[test]
    fn variables_say_otherwise() {
        let variables =
            environment(&[("BT_WALLET_PATH", "/keys"), ("BT_WALLET_NAME", "mine"), ("BT_WALLET_HOTKEY", "miner")]);
        let defaults = Defaults::read(&variables).unwrap();
        assert_eq!(defaults.wallets, Wallets::at("/keys"));
        assert_eq!((defaults.wallet.as_str(), defaults.hotkey.as_str()), ("mine", "miner"));
    }

    #[test]
    fn bad_variables_are_said() {
        assert!(matches!(Defaults::read(&environment(&[])), Err(WalletError::NoHome)));
        let variables = environment(&[("HOME", "/"), ("BT_WALLET_HOTKEY", "../x")]);
        assert!(matches!(Defaults::read(&variables), Err(WalletError::Name(NameError::Hidden))));
    }

    #[test]
    fn a_tilde_is_home_only_in_front_of_a_path() {
        let environment = environment(&[("HOME", "/home/user/")]);
        for (path, expanded) in
            [("~", "/home/user"), ("~/w", "/home/user/w"), ("~w", "~w"), ("/a/~", "/a/~"), ("w", "w")]
        {
            assert_eq!(environment.expand(path).unwrap(), Path::new(expanded));
        }
    }

    #[test]
    fn passwords_lie_under_the_path_of_their_file() {
        let file = Path::new("/keys/mine/coldkey");
        let value = encode_password("BT_PW__KEYS_MINE_COLDKEY", &"secret".into());
        let environment = Environment::from_lookup(move |name| {
            (name == "BT_PW__KEYS_MINE_COLDKEY").then(|| value.expose_secret().to_owned())
        });
        assert_eq!(environment.password(file).unwrap().unwrap().expose_secret(), "secret");
        assert!(environment.password(Path::new("/keys/other/coldkey")).unwrap().is_none());
    }
}
