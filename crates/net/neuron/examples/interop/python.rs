//! The Python programs of this folder.

use myelin_wire::python::{Value, json};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// The limit for the next line. Only the first line takes long, because the libraries are large.
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// A running program, which prints one JSON object per line.
///
/// It ends when its input closes, so also if this program is killed.
pub(crate) struct Python {
    script: String,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    // The home folder, which the libraries write to.
    _home: tempfile::TempDir,
}

impl Python {
    /// Starts a script with the interpreter of an environment.
    pub(crate) fn start(interpreter: &Path, script: &str, arguments: &[String], logs: &Path) -> Result<Self, String> {
        let failed = |what: &str, error: &dyn core::fmt::Display| format!("{script}: {what}: {error}");
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/interop").join(script);
        let log = File::create(logs.join(script).with_extension("log")).map_err(|error| failed("no log", &error))?;
        let home = tempfile::tempdir().map_err(|error| failed("no folder", &error))?;
        let mut child = Command::new(interpreter)
            .arg(path)
            .args(arguments)
            .env("HOME", home.path())
            .env("BT_NO_PARSE_CLI_ARGS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&format!("cannot run {}", interpreter.display()), &error))?;
        let output = child.stdout.take().ok_or_else(|| format!("{script}: no output"))?;
        Ok(Self { script: script.to_owned(), child, lines: BufReader::new(output).lines(), _home: home })
    }

    /// Returns the next line, or `None` after the program ended without an error.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, String> {
        let line = timeout(START_TIMEOUT, self.lines.next_line()).await;
        let line = line.map_err(|_| format!("{} says nothing for {} s", self.script, START_TIMEOUT.as_secs()))?;
        if let Some(line) = line.map_err(|error| format!("{}: {error}", self.script))? {
            let value = json::read(line.as_bytes());
            return value.map(Some).map_err(|error| format!("{} prints `{line}`: {error}", self.script));
        }
        match timeout(START_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(None),
            Ok(Ok(status)) => Err(format!("{} failed: {status}", self.script)),
            Ok(Err(error)) => Err(format!("{}: {error}", self.script)),
            Err(_) => Err(format!("{} does not end", self.script)),
        }
    }

    /// Reads the port of a server from its first line.
    pub(crate) async fn port(&mut self) -> Result<u16, String> {
        let line = self.next().await?;
        let port = line.as_ref().and_then(|line| match member(line, "port") {
            Some(Value::Int(port)) => port.to_i128().and_then(|port| port.try_into().ok()),
            _ => None,
        });
        port.ok_or_else(|| format!("{} has no port", self.script))
    }
}

/// Returns a member of an object.
pub(crate) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    match object {
        Value::Dict(members) => members.get(name),
        _ => None,
    }
}
