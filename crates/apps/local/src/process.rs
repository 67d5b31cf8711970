//! The process of a node or neuron, its log and its messages.

use crate::{
    leftovers::{STOP_TIMEOUT, signal},
    rpc::NodeRpc,
};
use futures::future::join;
use myelin_keys::is_password_variable;
use rustix::process::Signal;
use std::{
    env,
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::{mpsc::UnboundedSender, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// First argument of this program for a process that becomes a node.
const BECOME_NODE: &str = "__become-node";

/// Text before the address of a node's RPC server in its log.
const RPC_MARK: &str = "Running JSON-RPC server: addr=";

/// Text before the address of a node's metrics in its log.
const METRICS_MARK: &str = "Prometheus exporter started at ";

/// Largest size of a log, in bytes. A larger log is renamed, and replaces the one renamed before.
const MAX_LOG: u64 = 16 * 1024 * 1024;

/// Longest wait for an answer of a node while it starts.
const ANSWER: Duration = Duration::from_secs(30);

/// The program of a process, its arguments and its log.
#[derive(Debug)]
pub(crate) struct ProcessLaunch {
    pub(crate) binary: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) log: PathBuf,
    pub(crate) speaks: HealthSource,
}

/// The source of the signs that a process works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HealthSource {
    /// Log, for nodes.
    Log,
    /// Standard output, for neurons. The first line shows that the neuron works.
    Answers,
}

/// A message of a process to its supervisor.
#[derive(Debug)]
pub(crate) enum ProcessEvent {
    /// The node listens for RPC clients and peers.
    Listens { rpc: String, peer: Option<String> },
    /// The node serves metrics at this URL.
    Metrics(String),
    /// The node has finalised a block.
    Final,
    /// The neuron works.
    Works,
    /// The node does not answer correctly.
    Trouble(String),
    /// The process has ended.
    Ended(io::Result<ExitStatus>),
}

/// A message and its sender.
#[derive(Debug)]
pub(crate) struct ProcessMessage {
    pub(crate) node: usize,
    pub(crate) said: ProcessEvent,
}

/// A running process. Dropping it leaves the process to its task, which ends with the program.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
}

impl Process {
    /// Starts a process. Its messages have the number `node`.
    pub(crate) fn start(
        node: usize,
        launch: &ProcessLaunch,
        messages: UnboundedSender<ProcessMessage>,
    ) -> io::Result<Self> {
        let log = Arc::new(Mutex::new(ProcessLog::open(launch.log.clone())?));
        let answers = launch.speaks == HealthSource::Answers;
        let mut command = command(launch)?;
        if answers {
            // Several neurons share this machine, so more threads per neuron would only wait for each other.
            command.env("RAYON_NUM_THREADS", "1");
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(if answers { Stdio::piped() } else { Stdio::null() })
            .stderr(Stdio::piped())
            // Ctrl-C is for the supervisor, which ends the nodes in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let (stop, stopped) = oneshot::channel();
        let done = tokio::spawn(attend(node, child, log, messages, stopped));
        Ok(Self { pid, stop, done })
    }

    /// Ends the process and waits until it is gone.
    pub(crate) async fn stop(self) {
        // The process may have ended by itself already.
        let _ = self.stop.send(());
        let _ = self.done.await;
    }
}

/// Returns the command of a program, which does not inherit the passwords of the user's keys.
pub fn child_command(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in env::vars_os().filter(|(name, _)| is_password_variable(name)) {
        command.env_remove(name);
    }
    command
}

/// Returns the command that starts a process. On Linux it starts this program, which becomes the other one.
fn command(launch: &ProcessLaunch) -> io::Result<Command> {
    if cfg!(target_os = "linux") {
        let mut command = child_command(&env::current_exe()?);
        command.arg(BECOME_NODE).arg(std::process::id().to_string()).arg(&launch.binary).args(&launch.arguments);
        return Ok(command);
    }
    let mut command = child_command(&launch.binary);
    command.args(&launch.arguments);
    Ok(command)
}

/// Replaces this process with a node if the arguments ask for it. The system ends the node with the supervisor.
///
/// Returns `None` for other arguments, and the exit code of a failure otherwise. The death signal of the parent must be
/// set in the new process itself. It is set here rather than between fork and exec, where only calls are allowed that
/// are safe in a signal handler.
#[cfg(target_os = "linux")]
pub fn become_node(words: &[OsString]) -> Option<ExitCode> {
    use std::os::unix::process::CommandExt;

    let [_, mark, supervisor, binary, arguments @ ..] = words else { return None };
    if mark != BECOME_NODE {
        return None;
    }
    let arranged = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().to_string());
    // The supervisor may have ended before the death signal was set.
    if arranged.is_err() || parent.as_deref() != supervisor.to_str() {
        return Some(ExitCode::FAILURE);
    }
    let error = std::process::Command::new(binary).args(arguments).exec();
    // If standard error is closed too, the failure cannot be reported.
    let _ = writeln!(io::stderr(), "cannot start {}: {error}", binary.display());
    Some(ExitCode::FAILURE)
}

/// Returns `None`: this system cannot end nodes with their supervisor, so nodes are started directly.
#[cfg(not(target_os = "linux"))]
pub fn become_node(_: &[OsString]) -> Option<ExitCode> {
    None
}

/// Supervises a process until it ends or is stopped.
async fn attend(
    node: usize,
    mut child: Child,
    log: Arc<Mutex<ProcessLog>>,
    messages: UnboundedSender<ProcessMessage>,
    stopped: oneshot::Receiver<()>,
) {
    // The supervisor may have ended; then no task reads the message.
    let say = |said| drop(messages.send(ProcessMessage { node, said }));
    let (sender, address) = oneshot::channel();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said_in_log = reader(stderr, Arc::clone(&log), read_log(node, messages.clone(), sender));
    let mut works = Some((messages.clone(), ProcessMessage { node, said: ProcessEvent::Works }));
    let said_in_answers = reader(stdout, log, move |_| {
        if let Some((messages, works)) = works.take() {
            let _ = messages.send(works);
        }
    });
    let introduction = async {
        if let Ok(address) = address.await
            && let Err(error) = introduce(format!("ws://{address}"), &say).await
        {
            say(ProcessEvent::Trouble(error.to_string()));
        }
        std::future::pending().await
    };
    let status = tokio::select! {
        status = child.wait() => status,
        _ = stopped => end(&mut child).await,
        never = introduction => never,
    };
    // The last output is still in the pipe, which ends with the process.
    let _ = timeout(ANSWER, join(said_in_log, said_in_answers)).await;
    say(ProcessEvent::Ended(status));
}

/// Reads the peer address of a node that listens, and waits until it finalises a block.
async fn introduce(rpc: String, say: &impl Fn(ProcessEvent)) -> Result<(), jsonrpsee::core::client::Error> {
    let conversation = NodeRpc::connect(&rpc, ANSWER).await?;
    let peer = conversation.peer_address().await?;
    say(ProcessEvent::Listens { rpc, peer });
    if conversation.next_final().await?.is_some() {
        say(ProcessEvent::Final);
    }
    Ok(())
}

/// Ends a process with `SIGTERM`, and after 15 s with `SIGKILL`.
///
/// # Errors
/// The I/O error if the process cannot be killed or waited for.
pub async fn end(child: &mut Child) -> io::Result<ExitStatus> {
    if let Some(pid) = child.id() {
        signal(pid, Signal::TERM);
    }
    if let Ok(status) = timeout(STOP_TIMEOUT, child.wait()).await {
        return status;
    }
    child.start_kill()?;
    child.wait().await
}

/// Copies the lines of a process into its log, and passes each line to `hear`.
fn reader(
    pipe: Option<impl AsyncRead + Send + Unpin + 'static>,
    log: Arc<Mutex<ProcessLog>>,
    mut hear: impl FnMut(&[u8]) + Send + 'static,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Some(pipe) = pipe else { return };
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            hear(&line);
            // A full disk stops the chain anyway, so a failed log does not.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
        }
    })
}

/// Returns a reader of log lines that finds the RPC address and the metrics URL of a node.
fn read_log(
    node: usize,
    messages: UnboundedSender<ProcessMessage>,
    address: oneshot::Sender<String>,
) -> impl FnMut(&[u8]) + Send + 'static {
    let mut address = Some(address);
    move |line| {
        let text = String::from_utf8_lossy(line);
        if let Some((_, listening)) = text.split_once(RPC_MARK)
            && let Some(sender) = address.take()
        {
            let mut addresses = listening.split(',').map(str::trim);
            let here = addresses.clone().find(|address| address.starts_with("127.0.0.1:"));
            let here = here.or_else(|| addresses.next()).unwrap_or_default();
            let _ = sender.send(here.to_owned());
        }
        if let Some((_, metrics)) = text.split_once(METRICS_MARK) {
            let url = format!("http://{}/metrics", metrics.trim());
            let _ = messages.send(ProcessMessage { node, said: ProcessEvent::Metrics(url) });
        }
    }
}

/// A log of bounded length.
#[derive(Debug)]
struct ProcessLog {
    path: PathBuf,
    file: File,
    length: u64,
}

impl ProcessLog {
    fn open(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length })
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.length >= MAX_LOG {
            myelin_files::rename(&self.path, &self.path.with_extension("log.old")).map_err(io::Error::other)?;
            *self = Self::open(std::mem::take(&mut self.path))?;
        }
        let mut whole = Vec::with_capacity(line.len().saturating_add(1));
        whole.extend_from_slice(line);
        whole.push(b'\n');
        self.file.write_all(&whole)?;
        self.length = self.length.saturating_add(whole.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_log_that_is_long_enough_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs/alice.log");
        let mut log = ProcessLog::open(path.clone()).unwrap();
        log.line(b"one").unwrap();
        log.length = MAX_LOG;
        log.line(b"two").unwrap();
        log.line(b"three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\nthree\n");
        assert_eq!(fs::read_to_string(folder.path().join("logs/alice.log.old")).unwrap(), "one\n");
        assert_eq!(ProcessLog::open(path).unwrap().length, 10);
    }
}
