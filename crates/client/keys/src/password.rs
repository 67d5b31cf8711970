//! Where passwords come from. spec wallets §4

use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_diagnostic::{Diagnostic, Hints};
use secrecy::{ExposeSecret, SecretString};
use std::{fmt, io, path::Path};
use zeroize::Zeroizing;

/// Somebody who may know the password of a key file.
///
/// Asked only when the file is encrypted. A pair asks its second half when the first does not know, so
/// `(argument, (Environment::of_process(), Ask(prompt)))` is the usual order.
pub trait PasswordSource {
    /// The password of this file, or `None` if it is not known here.
    ///
    /// # Errors
    /// Where a password was found that is none, or asking failed.
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError>;
}

/// The password itself, for every file.
impl PasswordSource for SecretString {
    fn password(&self, _: &Path) -> Result<Option<SecretString>, PasswordError> {
        Ok(Some(self.clone()))
    }
}

impl<S: PasswordSource> PasswordSource for Option<S> {
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError> {
        self.as_ref().map_or(Ok(None), |source| source.password(file))
    }
}

impl<A: PasswordSource, B: PasswordSource> PasswordSource for (A, B) {
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError> {
        match self.0.password(file)? {
            None => self.1.password(file),
            known => Ok(known),
        }
    }
}

/// Somebody at a keyboard, by a function that prompts for the password of a file.
///
/// What is typed should be trimmed; passwords from elsewhere are taken as they are.
pub struct PasswordPrompt<F>(pub F);

impl<F> fmt::Debug for PasswordPrompt<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Ask")
    }
}

impl<F: Fn(&Path) -> io::Result<SecretString>> PasswordSource for PasswordPrompt<F> {
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError> {
        (self.0)(file).map(Some).map_err(PasswordError::Asking)
    }
}

/// The environment variable that holds the password of a key file: `BT_PW_` and the file's path in upper case, with `_`
/// for `/` and `.`. `None` for a path that is not text.
///
/// The path is taken as it is. [`Wallet`](crate::Wallet) has expanded `~` before.
pub fn password_variable(file: &Path) -> Option<String> {
    file.to_str().map(|path| format!("BT_PW_{}", path.replace(['/', '.'], "_").to_uppercase()))
}

/// The value of a variable that holds this password.
///
/// This hides the password from a glance. It protects it from nobody.
pub fn encode_password(variable: &str, password: &SecretString) -> SecretString {
    let mixed = Zeroizing::new(mix(variable, password.expose_secret().as_bytes()));
    SecretString::from(STANDARD.encode(&*mixed))
}

/// The password that the value of a variable holds.
///
/// # Errors
/// [`PasswordError::Value`], if it holds none.
pub fn decode_password(variable: &str, value: &str) -> Result<SecretString, PasswordError> {
    let malformed = || PasswordError::Value { variable: variable.to_owned() };
    let mixed = Zeroizing::new(STANDARD.decode(value).map_err(|_| malformed())?);
    let password = Zeroizing::new(mix(variable, &mixed));
    // Not taken for an empty password, which would be reported as a wrong one.
    std::str::from_utf8(&password).map(SecretString::from).map_err(|_| malformed())
}

fn mix(variable: &str, bytes: &[u8]) -> Vec<u8> {
    bytes.iter().zip(variable.bytes().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// Why a password could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The variable is set, but to something else than an encoded password.
    #[error("the environment variable `{variable}` does not hold an encoded password")]
    Value {
        /// Its name.
        variable: String,
    },
    /// Asking failed.
    #[error("the password could not be asked for")]
    Asking(#[source] io::Error),
}

impl Diagnostic for PasswordError {
    fn code(&self) -> &'static str {
        "password"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Value { variable } => {
                out.push(format!("unset `{variable}`, or have the password encoded for this name"));
            }
            Self::Asking(_) => out.push("run it in a terminal, or give the password by the environment"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_password_is_read_as_it_was_written(path in "[a-z/.~-]{0,30}", password in ".{0,40}") {
            let variable = password_variable(Path::new(&path)).unwrap();
            let value = encode_password(&variable, &password.as_str().into());
            let read = decode_password(&variable, value.expose_secret()).unwrap();
            prop_assert_eq!(read.expose_secret(), password);
        }

        #[test]
        fn no_value_panics(value in ".{0,40}") {
            let _ = decode_password("BT_PW_X", &value);
        }
    }

    #[test]
    fn what_is_no_password_is_said_and_not_taken_for_an_empty_one() {
        for value in ["?", "Og=", "//8="] {
            assert!(matches!(decode_password("BT_PW_X", value), Err(PasswordError::Value { .. })), "{value}");
        }
    }

    #[test]
    fn the_first_who_knows_is_believed() {
        let file = Path::new("coldkey");
        let known = |source: &dyn PasswordSource| {
            source.password(file).unwrap().map(|password| password.expose_secret().to_owned())
        };
        let (one, two) = (SecretString::from("one"), SecretString::from("two"));
        assert_eq!(known(&(one.clone(), two.clone())).as_deref(), Some("one"));
        assert_eq!(known(&(None::<SecretString>, two.clone())).as_deref(), Some("two"));
        assert_eq!(known(&None::<SecretString>), None);
        assert_eq!(known(&(None::<SecretString>, PasswordPrompt(|_: &Path| Ok(two.clone())))).as_deref(), Some("two"));
        let broken = PasswordPrompt(|_: &Path| Err(io::Error::other("no terminal")));
        assert!(matches!(broken.password(file), Err(PasswordError::Asking(_))));
    }
}
