//! Questions, and to whom they are put.

use crate::{output::note, page::Tone};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_keys::secrecy::{ExposeSecret, SecretString};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::{
    borrow::Cow,
    io::{self, BufRead, IsTerminal, Stdin, Write},
};

/// Shorter passwords are refused when they are made at a terminal.
const SHORTEST_PASSWORD: usize = 8;

/// What Ctrl-C types where it does not interrupt.
const CTRL_C: u8 = 3;

/// A question that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The question cannot be asked.
    #[error("{question} There is no terminal to answer at")]
    NoTerminal {
        /// The question.
        question: String,
        /// The way to answer it without a terminal.
        hint: Cow<'static, str>,
    },
    /// The answer was not yes.
    #[error("stopped, because the answer was not yes")]
    Declined,
    /// Two passwords that should be the same are not.
    #[error("the two passwords differ")]
    PasswordsDiffer,
    /// A new password that is guessed in no time.
    #[error("a password of {length} characters is too short")]
    PasswordTooShort {
        /// Its length, in characters.
        length: usize,
    },
    /// The terminal cannot be used.
    #[error("could not ask at the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// Ctrl-C.
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
                out.push("take eight characters or more; a few unrelated words are best");
            }
            Self::Terminal(_) => out.push("run it in an ordinary terminal"),
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
    /// That of the process. With `yes`, everything that can be confirmed is.
    pub fn of_process(yes: bool) -> Self {
        Self { somebody: io::stdin().is_terminal() && io::stderr().is_terminal(), yes }
    }

    /// Whether somebody can be asked and shown something.
    pub const fn somebody(self) -> bool {
        self.somebody
    }

    /// Whether somebody will be asked whether to go on.
    pub const fn asks(self) -> bool {
        self.somebody && !self.yes
    }

    /// Goes on only if somebody wants to.
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
                hint: "add `--yes` to go on without being asked".into(),
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

    /// Reads something that is not shown while it is typed, without white space around it. `hint` says how to give it
    /// where nobody can be asked.
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

    /// Asks twice for a password that is to be.
    ///
    /// # Errors
    /// As [`Self::secret`]; [`PromptError::PasswordsDiffer`]; [`PromptError::PasswordTooShort`].
    pub fn new_password(self, prompt: &str, hint: impl Into<Cow<'static, str>>) -> Result<SecretString, PromptError> {
        let password = self.secret(prompt, hint)?;
        let length = password.expose_secret().chars().count();
        if length < SHORTEST_PASSWORD {
            return Err(PromptError::PasswordTooShort { length });
        }
        let again = self.secret("the same again", "")?;
        if password.expose_secret() != again.expose_secret() {
            return Err(PromptError::PasswordsDiffer);
        }
        Ok(password)
    }

    /// Shows something once to whoever sits there. `false` if nobody does, and nothing was shown: standard error may be
    /// a file that others read.
    pub fn show_once(self, title: &str, secret: &SecretString) -> bool {
        if self.somebody {
            note(&format!("\n{}\n\n  {}\n", Tone::Warning.paint(title), secret.expose_secret()));
        }
        self.somebody
    }
}

/// Keeps a terminal from showing what is typed, until it is dropped.
struct HiddenInput {
    stdin: Stdin,
    before: Termios,
}

impl HiddenInput {
    /// Ctrl-C is read as a character that ends the line, because a program that it ended would leave the terminal as
    /// it is. What was typed before the question, and shown, is thrown away.
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
        // There is nothing left to try if the terminal is gone.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

/// Asks for a line that is not shown. It is hidden before it is asked for.
fn read_hidden(prompt: &str) -> Result<SecretString, PromptError> {
    let hidden = HiddenInput::begin()?;
    let mut stderr = anstream::stderr();
    write!(stderr, "{} {prompt}: ", Tone::Label.paint("?")).and_then(|()| stderr.flush())?;
    // Large enough for whatever a terminal gives at once, so that it is never moved and left behind.
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
        .map_err(|_| PromptError::Terminal(io::Error::new(io::ErrorKind::InvalidData, "what was typed is not text")))
}
