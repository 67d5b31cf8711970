//! A home folder, the program in it, and its output.

use serde_json::Value;
use std::{
    env, fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Longest wait of a test.
pub(crate) const START_TIMEOUT: Duration = Duration::from_mins(4);

/// A home folder that is deleted when it is dropped.
pub(crate) struct Home(TempDir);

/// The exit code and output of the program.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder can be made"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns a command of the program with this home as its only environment, and without input.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_myelin"));
        command.args(line.split_whitespace()).env_clear().env("HOME", self.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, line: &str) -> Said {
        said(self.command(line).output().expect("the program starts"))
    }

    /// Runs the program with a text on its standard input.
    pub(crate) fn run_with_input(&self, line: &str, input: &str) -> Said {
        let path = self.path().join("input");
        fs::write(&path, input).expect("a temporary file can be written");
        let file = fs::File::open(path).expect("it was just written");
        said(self.command(line).stdin(file).output().expect("the program starts"))
    }

    /// Runs the program, which must succeed, and parses its one output.
    pub(crate) fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} --output json")).json()
    }

    /// Runs the program at a terminal.
    pub(crate) fn at_terminal(&self, line: &str) -> Typist {
        let program = format!("{} {line}", env!("CARGO_BIN_EXE_myelin"));
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &program, "/dev/null"]);
        script.env_clear().env("HOME", self.path()).env("NO_COLOR", "1").env("TERM", "xterm");
        script.env("PATH", env::var_os("PATH").unwrap_or_default());
        let script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut script = script.spawn().expect("`script` of util-linux is there");
        let mut screen = script.stdout.take().expect("it was piped");
        let (sender, shown) = channel();
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut part) {
                if sender.send(part[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Typist { keyboard: script.stdin.take(), script, shown, screen: String::new(), read: 0 }
    }
}

/// Converts the output of a process that has ended.
pub(crate) fn said(Output { status, stdout, stderr }: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Said { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

impl Said {
    /// Parses the one output of a program that succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        assert_eq!(self.out.lines().count(), 1, "an answer is a line: {self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the code of the one error of a program that failed without output.
    pub(crate) fn error(&self) -> String {
        assert!(self.out.is_empty() && self.err.lines().count() == 1, "{self:?}");
        let error: Value = serde_json::from_str(&self.err).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert!(error["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        error["error"]["code"].as_str().expect("an error has a code").to_owned()
    }
}

/// A program at a terminal, with its keyboard and screen.
pub(crate) struct Typist {
    script: Child,
    keyboard: Option<ChildStdin>,
    shown: Receiver<Vec<u8>>,
    screen: String,
    read: usize,
}

impl Typist {
    /// Waits until a text is on the screen, after the text of the last wait.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            if let Some(place) = self.screen[self.read..].find(text) {
                self.read += place + text.len();
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.shown.recv_timeout(left) {
                Ok(part) => self.screen.push_str(&String::from_utf8_lossy(&part)),
                Err(error) => panic!("no `{text}` on the screen ({error}): {}", self.screen),
            }
        }
    }

    /// Types a text.
    pub(crate) fn types(&mut self, text: &str) {
        let keyboard = self.keyboard.as_mut().expect("the keyboard is still open");
        keyboard.write_all(text.as_bytes()).and_then(|()| keyboard.flush()).expect("the terminal is there");
    }

    /// Waits for the end, and returns the exit code and the whole screen.
    pub(crate) fn end(mut self) -> (i32, String) {
        while let Ok(part) = self.shown.recv_timeout(START_TIMEOUT) {
            self.screen.push_str(&String::from_utf8_lossy(&part));
        }
        drop(self.keyboard.take());
        let status = self.script.wait().expect("it was started");
        (status.code().unwrap_or(-1), self.screen)
    }
}

/// Asserts that a committed file equals the generated text, or writes the text with `ACCEPT=1`.
pub(crate) fn accept(path: &Path, made: &str) {
    if env::var_os("ACCEPT").is_some_and(|accept| accept == "1") {
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, made).expect("a file of the project can be written");
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(made.lines()).position(|(old, new)| old != new);
    assert!(
        committed == made,
        "{} is not what the program makes, from line {}; `ACCEPT=1 cargo test -p myelin-cli --test cli` rewrites it",
        path.display(),
        differs.unwrap_or_else(|| committed.lines().count().min(made.lines().count())) + 1,
    );
}

/// Returns the folder of this crate.
pub(crate) fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
