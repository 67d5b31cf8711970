//! Questions at the terminal.

use crate::{output::note, page::Tone};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_keys::secrecy::{ExposeSecret, SecretString};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::{
    borrow::Cow,
    io::{self, BufRead, IsTerminal, Stdin, Write},
};

/// Minimum length of a password that is made at a terminal, in characters.
const SHORTEST_PASSWORD: usize = 8;

/// Character that Ctrl-C types where it does not interrupt.
const CTRL_C: u8 = 3;

/// The reason that a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// A question without a terminal.
    #[error("no terminal to answer: {question}")]
    NoTerminal {
        /// Text of the question.
        question: String,
        /// Way to answer it without a terminal.
        hint: Cow<'static, str>,
    },
    /// An answer that was not yes.
    #[error("stopped, because the answer was not yes")]
    Declined,
    /// Two passwords that differ.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// A new password that is too short.
    #[error("a password needs at least 8 characters; this one has {length}")]
    PasswordTooShort {
        /// Length of the password, in characters.
        length: usize,
    },
    /// Failure of the terminal.
    #[error("cannot ask at the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// Interruption by Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Diagnostic for PromptError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoTerminal { .. } => "no-terminal",
            Self::Declined => "declined",
            Self::PasswordsDiffer | Self::PasswordTooShort { .. } => "password",
            Self::Terminal(_) => "io",
            Self::Interrupted => "interrupted",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NoTerminal { hint, .. } => out.push(hint.clone()),
            Self::Declined | Self::Interrupted => {}
            Self::PasswordsDiffer => out.push("type the same password twice"),
            Self::PasswordTooShort { .. } => {
                out.push("use at least 8 characters, best a few unrelated words");
            }
            Self::Terminal(_) => out.push("run the command in an ordinary terminal"),
        }
    }
}

/// The keyboard and the screen of the process, if it has both.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    somebody: bool,
    yes: bool,
}

impl Terminal {
    /// Returns the terminal of the process.
    ///
    /// With `yes`, every confirmation is answered with yes.
    pub fn of_process(yes: bool) -> Self {
        Self { somebody: io::stdin().is_terminal() && io::stderr().is_terminal(), yes }
    }

    /// Returns true if the process has a terminal for questions.
    pub const fn somebody(self) -> bool {
        self.somebody
    }

    /// Returns true if the user will be asked for confirmation.
    pub const fn asks(self) -> bool {
        self.somebody && !self.yes
    }

    /// Asks the user for confirmation.
    ///
    /// # Errors
    /// [`PromptError::Declined`] unless the answer is yes; [`PromptError::NoTerminal`] if no question can be asked.
    pub fn confirm(self, question: &str) -> Result<(), PromptError> {
        if self.yes {
            return Ok(());
        }
        if !self.somebody {
            return Err(PromptError::NoTerminal {
                question: question.to_owned(),
                hint: "add `--yes` to answer yes".into(),
            });
        }
        let mut stderr = anstream::stderr();
        write!(stderr, "{} {question} [y/N] ", Tone::Label.paint("?")).and_then(|()| stderr.flush())?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(PromptError::Declined),
        }
    }

    /// Reads a secret that is not shown while it is typed, without white space around it.
    ///
    /// `hint` names the way to give it without a terminal.
    ///
    /// # Errors
    /// [`PromptError::NoTerminal`] if no question can be asked; [`PromptError::Terminal`] from the system;
    /// [`PromptError::Interrupted`] after Ctrl-C.
    pub fn secret(self, prompt: &str, hint: impl Into<Cow<'static, str>>) -> Result<SecretString, PromptError> {
        if !self.somebody {
            return Err(PromptError::NoTerminal { question: format!("{prompt}?"), hint: hint.into() });
        }
        let typed = read_hidden(prompt)?;
        Ok(SecretString::from(typed.expose_secret().trim()))
    }

    /// Asks twice for a new password.
    ///
    /// # Errors
    /// As [`Self::secret`]; [`PromptError::PasswordTooShort`] for a password below the minimum length;
    /// [`PromptError::PasswordsDiffer`] if the second one differs.
    pub fn new_password(self, prompt: &str, hint: impl Into<Cow<'static, str>>) -> Result<SecretString, PromptError> {
        let password = self.secret(prompt, hint)?;
        let length = password.expose_secret().chars().count();
        if length < SHORTEST_PASSWORD {
            return Err(PromptError::PasswordTooShort { length });
        }
        let again = self.secret("the same password again", "")?;
        if password.expose_secret() != again.expose_secret() {
            return Err(PromptError::PasswordsDiffer);
        }
        Ok(password)
    }

    /// Shows a secret once at the terminal.
    ///
    /// Returns `false` without a terminal, and shows nothing: other users may read a file behind standard error.
    pub fn show_once(self, title: &str, secret: &SecretString) -> bool {
        if self.somebody {
            note(&format!("\n{}\n\n  {}\n", Tone::Warning.paint(title), secret.expose_secret()));
        }
        self.somebody
    }
}

/// A terminal that does not show typed text, until the value is dropped.
struct HiddenInput {
    stdin: Stdin,
    before: Termios,
}

impl HiddenInput {
    /// Hides typed text, and discards earlier input.
    ///
    /// Ctrl-C is read as a character that ends the line, because an interrupted program would leave the terminal as it
    /// is.
    fn begin() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON);
        hidden.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        // If the terminal is gone, nothing else can be tried.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

/// Asks for a line that is not shown, and hides the input before the question.
fn read_hidden(prompt: &str) -> Result<SecretString, PromptError> {
    let hidden = HiddenInput::begin()?;
    let mut stderr = anstream::stderr();
    write!(stderr, "{} {prompt}: ", Tone::Label.paint("?")).and_then(|()| stderr.flush())?;
    // Large enough for one read of a terminal, so that the buffer never moves and leaves a copy behind.
    let mut line = Vec::with_capacity(8192);
    let mut stdin = hidden.stdin.lock();
    loop {
        let part = stdin.fill_buf()?;
        line.extend_from_slice(part);
        let length = part.len();
        stdin.consume(length);
        match line.last() {
            Some(&CTRL_C) => {
                note("");
                return Err(PromptError::Interrupted);
            }
            Some(b'\n') => break,
            _ if length == 0 => break,
            _ => {}
        }
    }
    String::from_utf8(line)
        .map(SecretString::from)
        .map_err(|_| PromptError::Terminal(io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8")))
}
