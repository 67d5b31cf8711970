//! The command `myelin network logs`.

use super::NetworkFolderArg;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Tone},
};
use myelin_local::{LocalError, NetworkFolder};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};

/// Maximum number of bytes of a log that are read to find its last lines.
const MAX_TAIL: u64 = 4 * 1024 * 1024;

/// Interval between two looks for new lines.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Arguments of `myelin network logs`.
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// Name of the node or neuron [default: all]
    node: Option<String>,

    /// Number of last lines of each log
    #[arg(long, short = 'n', value_name = "COUNT", default_value = "20")]
    lines: usize,

    /// Print new lines as they come, until Ctrl-C
    #[arg(long, short = 'f')]
    follow: bool,

    #[command(flatten)]
    place: NetworkFolderArg,
}

/// A line of a log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkLogsOutput {
    /// Name of the node or neuron.
    node: String,
    /// Text of the line.
    line: String,
}

impl Render for NetworkLogsOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} {}", Tone::Faint.paint(&self.node), self.line));
    }
}

impl Command for Logs {
    const PATH: &'static str = "network logs";
    const SUMMARY: &'static str = "Print the logs of the nodes";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The last lines of all nodes", line: "myelin network logs" },
        Example { purpose: "Follow the log of one node", line: "myelin network logs alice --follow" },
    ];
    type Output = NetworkLogsOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkLogsOutput>) -> Result<(), CliError> {
        let directory = self.place.directory(context)?;
        let mut logs = Vec::new();
        for name in self.names(&directory)? {
            logs.push(LogTail { path: directory.log(&name), name, read: 0, rest: Vec::new() });
        }
        for log in &mut logs {
            let lines = log.more()?;
            let skipped = lines.len().saturating_sub(self.lines);
            lines.into_iter().skip(skipped).try_for_each(|line| show(output, log, line))?;
        }
        if !self.follow {
            return Ok(());
        }
        let mut looks = interval(POLL_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            for log in &mut logs {
                log.more()?.into_iter().try_for_each(|line| show(output, log, line))?;
            }
        }
    }
}

impl Logs {
    fn names(&self, directory: &NetworkFolder) -> Result<Vec<String>, LocalError> {
        let known = directory.logged();
        match &self.node {
            None => Ok(known),
            Some(name) if known.contains(name) => Ok(vec![name.clone()]),
            Some(name) => {
                let known = if known.is_empty() { "none yet".into() } else { known.join(", ") };
                Err(LocalError::NoSuchNode { name: name.clone(), known })
            }
        }
    }
}

fn show(output: &Printer<NetworkLogsOutput>, log: &LogTail, line: String) -> Result<(), CliError> {
    Ok(output.show(&NetworkLogsOutput { node: log.name.clone(), line })?)
}

/// A log that is followed.
struct LogTail {
    name: String,
    path: PathBuf,
    read: u64,
    /// Beginning of a line that is not complete yet.
    rest: Vec<u8>,
}

impl LogTail {
    /// Returns the complete lines since the last call; of a long log, those near its end.
    fn more(&mut self) -> Result<Vec<String>, CliError> {
        self.read_on().map_err(CliError::file("read", &self.path))
    }

    fn read_on(&mut self) -> io::Result<Vec<String>> {
        let mut file = match File::open(&self.path) {
            // The log was set aside, and the new one does not exist yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let length = file.metadata()?.len();
        if length < self.read {
            (self.read, self.rest) = (0, Vec::new());
        }
        let from = self.read.max(length.saturating_sub(MAX_TAIL));
        let cut = from > self.read;
        file.seek(SeekFrom::Start(from))?;
        let mut text = if cut { Vec::new() } else { std::mem::take(&mut self.rest) };
        let got = file.take(MAX_TAIL).read_to_end(&mut text)?;
        self.read = from.saturating_add(got as u64);
        let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        self.rest = text.split_off(end);
        let text = String::from_utf8_lossy(&text);
        // A part that was cut begins within a line.
        Ok(text.lines().skip(usize::from(cut)).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Write};

    #[test]
    fn a_log_is_read_on_by_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.log");
        let mut log = LogTail { name: "alice".into(), path: path.clone(), read: 0, rest: Vec::new() };
        assert!(log.more().unwrap().is_empty(), "there is none yet");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"one\ntwo\nthr").unwrap();
        assert_eq!(log.more().unwrap(), ["one", "two"]);
        file.write_all(b"ee\n").unwrap();
        assert_eq!(log.more().unwrap(), ["three"]);
        assert!(log.more().unwrap().is_empty());
        fs::write(&path, "new\n").unwrap();
        assert_eq!(log.more().unwrap(), ["new"]);
    }

    #[test]
    fn of_a_long_log_the_end_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.log");
        let line = "x".repeat(1023) + "\n";
        fs::write(&path, line.repeat(5 * 1024)).unwrap();
        let mut log = LogTail { name: "alice".into(), path, read: 0, rest: Vec::new() };
        let lines = log.more().unwrap();
        assert!(lines.len() > 4000 && lines.iter().all(|line| line.len() == 1023), "{}", lines.len());
    }
}
