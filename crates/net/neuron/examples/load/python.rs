//! The axon and the dendrite of the Python library, measured as ours.

use crate::Row;
use serde_json::Value;
use std::{
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// A running script, which answers each line of its input with a line of JSON. It ends when its input closes.
struct Script {
    child: Child,
    output: BufReader<ChildStdout>,
    // The home folder, which the library writes to.
    _home: TempDir,
}

/// The axon and the dendrites of the Python library, in a process each.
pub(crate) struct Python {
    dendrites: Script,
    _axon: Script,
}

impl Script {
    fn start(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let cache = env::var_os("MYELIN_INTEROP").map(PathBuf::from);
        let home = env::var_os("HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(home?.join(".cache/myelin/interop"))).ok_or("there is no home folder")?;
        let interpreter = cache.join("v10/bin/python");
        if !interpreter.exists() {
            return Err(format!("there is no {}; run `make interop` first", interpreter.display()).into());
        }
        let home = tempfile::tempdir()?;
        let mut child = Command::new(interpreter)
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/load/load_v10.py"))
            .args(arguments)
            .env("HOME", home.path())
            .env("BT_NO_PARSE_CLI_ARGS", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("a script has no output")?);
        Ok(Self { child, output, _home: home })
    }

    fn read(&mut self) -> Result<Value, Box<dyn Error>> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(|error| format!("a script of Python prints `{line}`: {error}").into())
    }

    fn write(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let input = self.child.stdin.as_mut().ok_or("a script has no input")?;
        Ok(writeln!(input, "{line}").and_then(|()| input.flush())?)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // The script ends by itself when its input closes, unless it hangs.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Python {
    /// Starts an axon, and this number of dendrites that keep their connections.
    pub(crate) fn start(dendrites: usize) -> Result<Self, Box<dyn Error>> {
        let mut axon = Script::start(&["serve".to_owned()])?;
        let port = axon.read()?;
        let port = port.get("port").and_then(Value::as_u64).ok_or("the axon of Python has no port")?;
        let mut dendrites = Script::start(&["ask".to_owned(), port.to_string(), dendrites.to_string()])?;
        dendrites.read()?;
        Ok(Self { dendrites, _axon: axon })
    }

    /// Sends requests without a pause, for this time after a warm-up.
    pub(crate) fn measure(&mut self, warm_up: Duration, time: Duration) -> Result<Row, Box<dyn Error>> {
        self.dendrites.write(&format!("{} {}", warm_up.as_secs_f64(), time.as_secs_f64()))?;
        let told = self.dendrites.read()?;
        let times = told.get("times").and_then(Value::as_array).ok_or("the dendrites of Python have no times")?;
        let times = times.iter().filter_map(Value::as_f64).map(Duration::from_secs_f64).collect();
        let failed = told.get("failed").and_then(Value::as_u64).and_then(|failed| usize::try_from(failed).ok());
        let failure = told.get("failure").and_then(Value::as_str).map(str::to_owned);
        Ok(Row { times, took: time, failed: failed.unwrap_or_default(), failure })
    }
}
