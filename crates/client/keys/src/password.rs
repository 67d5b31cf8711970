//! Sources of passwords (spec wallets §4).

use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_diagnostic::{Diagnostic, Hints};
use secrecy::{ExposeSecret, SecretString};
use std::{ffi::OsStr, fmt, io, path::Path};
use zeroize::Zeroizing;

/// A source of the passwords of key files.
///
/// It is asked only if the file is encrypted. A pair asks its second half if the first half has no password, so
/// `(argument, (Environment::of_process(), PasswordPrompt(prompt)))` is the usual order.
pub trait PasswordSource {
    /// Returns the password of this file, or `None` if this source does not have it.
    ///
    /// # Errors
    /// [`PasswordError::Value`] if a variable holds no encoded password, [`PasswordError::Asking`] if the prompt
    /// failed.
    fn password(&self, file: &Path) -> Result<Option<SecretString>, PasswordError>;
}

/// Returns itself as the password of every file.
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

/// A prompt for the password of a file.
///
/// The function should trim the input. Passwords from other sources are used as they are.
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

/// The beginning of the names of environment variables with passwords.
const VARIABLE_PREFIX: &str = "BT_PW_";

/// Returns true for the name of an environment variable that holds a password.
///
/// A program that starts another one removes such variables, because the other one needs none of them.
pub fn is_password_variable(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(VARIABLE_PREFIX.as_bytes())
}

/// Returns the environment variable of the password of a key file. `None` for a path that is not UTF-8.
///
/// Its name is `BT_PW_` and the path of the file in upper case, with `_` for `/` and `.`.
///
/// The path is used as it is. [`Wallet`](crate::Wallet) has already expanded `~`.
pub fn password_variable(file: &Path) -> Option<String> {
    file.to_str().map(|path| format!("{VARIABLE_PREFIX}{}", path.replace(['/', '.'], "_").to_uppercase()))
}

/// Returns the value of a variable that holds this password.
///
/// The encoding is obfuscation and no encryption: a reader of the variable can decode it.
pub fn encode_password(variable: &str, password: &SecretString) -> SecretString {
    let mixed = Zeroizing::new(mix(variable, password.expose_secret().as_bytes()));
    SecretString::from(STANDARD.encode(&*mixed))
}

/// Returns the password that the value of a variable holds.
///
/// # Errors
/// [`PasswordError::Value`] if the value is not an encoded password.
pub fn decode_password(variable: &str, value: &str) -> Result<SecretString, PasswordError> {
    let malformed = || PasswordError::Value { variable: variable.to_owned() };
    let mixed = Zeroizing::new(STANDARD.decode(value).map_err(|_| malformed())?);
    let password = Zeroizing::new(mix(variable, &mixed));
    // Invalid text is not an empty password, which would be reported as a wrong one.
    std::str::from_utf8(&password).map(SecretString::from).map_err(|_| malformed())
}

fn mix(variable: &str, bytes: &[u8]) -> Vec<u8> {
    bytes.iter().zip(variable.bytes().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// A failure to get a password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The variable is set, but not to an encoded password.
    #[error("the environment variable `{variable}` does not hold an encoded password")]
    Value {
        /// The name of the variable.
        variable: String,
    },
    /// The prompt failed.
    #[error("cannot ask for the password")]
    Asking(#[source] io::Error),
}

impl Diagnostic for PasswordError {
    fn code(&self) -> &'static str {
        "password"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Value { variable } => {
                out.push(format!("unset `{variable}`, or set it to the password encoded for this name"));
            }
            Self::Asking(_) => out.push("run the program in a terminal, or set the password in the environment"),
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
    fn nh_85_each_variable_with_a_password_is_known() {
        for path in ["", "/home/a/.bittensor/wallets/b/coldkey", "x"] {
            assert!(is_password_variable(password_variable(Path::new(path)).unwrap().as_ref()));
        }
        for other in ["", "BT_", "BT_PW", "bt_pw_x", "X_BT_PW_X", "PATH"] {
            assert!(!is_password_variable(other.as_ref()), "{other}");
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
