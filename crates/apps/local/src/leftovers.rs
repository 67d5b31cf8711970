//! The end of a network from outside, and the cleanup after a killed supervisor.

use crate::{LocalError, NetworkFolder, NetworkLock};
use rustix::process::{Pid, Signal, kill_process};
use schemars::JsonSchema;
use serde::Serialize;
use std::{path::Path, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Time that a process has to end after `SIGTERM`.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// Time that a process has to end after `SIGKILL`.
const KILLED: Duration = Duration::from_secs(5);

/// A process that was ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EndedProcess {
    /// Name of the node.
    pub name: String,
    /// Number of its process.
    pub pid: u32,
}

/// Ends the supervisor, and then all processes that are left.
///
/// Returns the lock, the supervisor that ran, and the nodes that it had left behind.
///
/// # Errors
/// [`LocalError::Immortal`] if a process does not end; [`LocalError::Io`] if a file of the folder cannot be used.
pub async fn down(directory: &NetworkFolder) -> Result<(NetworkLock, Option<u32>, Vec<EndedProcess>), LocalError> {
    let supervisor = directory.supervisor()?;
    let lock = match supervisor {
        None => directory.lock(KILLED).await?,
        Some(pid) => {
            signal(pid, Signal::TERM);
            // The supervisor ends its nodes first, each within `STOP_TIMEOUT`.
            match directory.lock(STOP_TIMEOUT * 2).await {
                Err(LocalError::Up { .. }) => {
                    signal(pid, Signal::KILL);
                    directory.lock(KILLED).await.map_err(|_| LocalError::Immortal { pid })?
                }
                other => other?,
            }
        }
    };
    let ended = sweep(directory, &lock).await?;
    Ok((lock, supervisor, ended))
}

/// Ends the nodes that a supervisor left behind. The lock proves that no supervisor runs.
pub(crate) async fn sweep(directory: &NetworkFolder, _lock: &NetworkLock) -> Result<Vec<EndedProcess>, LocalError> {
    let mut ended = Vec::new();
    for node in directory.state()?.into_iter().flat_map(|state| state.nodes) {
        let base = directory.base(&node.name);
        if let Some(pid) = node.pid.filter(|pid| runs(*pid, &base)) {
            end(pid, &base).await?;
            ended.push(EndedProcess { name: node.name, pid });
        }
    }
    directory.clear_state()?;
    Ok(ended)
}

async fn end(pid: u32, base: &Path) -> Result<(), LocalError> {
    signal(pid, Signal::TERM);
    if gone(pid, base, STOP_TIMEOUT).await {
        return Ok(());
    }
    signal(pid, Signal::KILL);
    if gone(pid, base, KILLED).await { Ok(()) } else { Err(LocalError::Immortal { pid }) }
}

/// Waits until a process is gone. Returns false after `patience`.
///
/// Its parent has ended, so no event announces the end of the process, and it is polled.
async fn gone(pid: u32, base: &Path, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    let mut looks = interval(Duration::from_millis(50));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while runs(pid, base) {
        if Instant::now() >= until {
            return false;
        }
        looks.tick().await;
    }
    true
}

/// Sends a signal. A process that does not exist is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Returns true if this process is the node that keeps its chain in `base`.
///
/// The number alone may belong to another process by now.
#[cfg(target_os = "linux")]
fn runs(pid: u32, base: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    // Empty for a process that has ended and that its parent has not waited for.
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments.split(|byte| *byte == 0).any(|argument| argument == base.as_os_str().as_bytes())
}

/// Returns true if this process is the node that keeps its chain in `base`.
///
/// The number alone may belong to another process by now.
#[cfg(not(target_os = "linux"))]
fn runs(pid: u32, base: &Path) -> bool {
    let said = std::process::Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains(&base.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodePhase, NodeRole, NodeState, SupervisorState};
    use std::process::{Command, Stdio};

    fn state(pid: u32) -> SupervisorState {
        let node = NodeState {
            name: "alice".into(),
            role: NodeRole::Authority,
            phase: NodePhase::Running,
            pid: Some(pid),
            rpc: None,
            metrics: None,
            restarts: 0,
            last_end: None,
        };
        SupervisorState { supervisor: 0, nodes: vec![node] }
    }

    /// Starts a process in place of a node: the folder is among its arguments, and it ends when its input does.
    fn stand_in(argument: &Path) -> std::process::Child {
        let mut command = Command::new("sh");
        command.args(["-c", "read -r line", "stand-in"]).arg(argument).stdin(Stdio::piped());
        command.spawn().expect("there is a shell")
    }

    #[tokio::test]
    async fn what_is_left_is_ended_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let directory = NetworkFolder::at(folder.path().to_str()).unwrap();
        let mut stranger = stand_in(&directory.base("stranger"));
        let mut left = stand_in(&directory.base("alice"));
        // Its parent has to wait for it once it has ended. `wait` closes its input, so the input is kept.
        let (pid, _input) = (left.id(), left.stdin.take());
        let reaper = std::thread::spawn(move || left.wait());

        let lock = directory.lock(KILLED).await.unwrap();
        directory.write_state(&state(stranger.id())).unwrap();
        assert!(sweep(&directory, &lock).await.unwrap().is_empty());
        assert!(stranger.try_wait().unwrap().is_none(), "a stranger was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();

        directory.write_state(&state(pid)).unwrap();
        drop(lock);
        let (_lock, supervisor, ended) = down(&directory).await.unwrap();
        assert_eq!(supervisor, None);
        assert_eq!(ended.iter().map(|ended| ended.pid).collect::<Vec<_>>(), [pid]);
        assert!(!reaper.join().unwrap().unwrap().success());
        assert!(directory.state().unwrap().is_none());
    }
}
