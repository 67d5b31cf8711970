//! The end of a network from outside, and the cleanup after a killed supervisor.

use crate::{LocalError, NetworkFolder, NetworkLock};
use myelin_files::FolderLock;
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
/// [`LocalError::Immortal`] if a process does not end; [`LocalError::Up`] if a process that is no supervisor of this
/// user holds the lock; [`LocalError::Io`] if a file of the folder cannot be used.
pub async fn down(directory: &NetworkFolder) -> Result<(NetworkLock, Option<u32>, Vec<EndedProcess>), LocalError> {
    let supervisor = directory.supervisor()?.filter(|pid| supervises(*pid, directory));
    let lock = match supervisor {
        None => directory.lock(KILLED).await?,
        Some(pid) => {
            signal(pid, Signal::TERM);
            // The supervisor ends its nodes first, each within `STOP_TIMEOUT`.
            match directory.lock(STOP_TIMEOUT * 2).await {
                Err(LocalError::Up { .. }) => {
                    if supervises(pid, directory) {
                        signal(pid, Signal::KILL);
                    }
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

/// Returns true if this process has the lock of the folder open, as its supervisor does.
///
/// The number in the lock alone proves nothing. Another user may hold a lock that names a supervisor of earlier, and the
/// number may belong to another process by now.
#[cfg(target_os = "linux")]
fn supervises(pid: u32, directory: &NetworkFolder) -> bool {
    use std::{fs, os::unix::fs::MetadataExt};
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let lock = file(&FolderLock::path(directory.path()));
    let mut opened = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    lock.is_some() && opened.any(|opened| file(&opened.path()) == lock)
}

/// Returns true if this process has the lock of the folder open, as its supervisor does.
///
/// The number in the lock alone proves nothing. Another user may hold a lock that names a supervisor of earlier, and the
/// number may belong to another process by now.
#[cfg(not(target_os = "linux"))]
fn supervises(pid: u32, directory: &NetworkFolder) -> bool {
    let mut said = std::process::Command::new("lsof");
    said.args(["-a", "-p", &pid.to_string(), "--"]).arg(FolderLock::path(directory.path()));
    said.output().is_ok_and(|said| said.status.success())
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
    use std::{
        fs::{self, File},
        pin::pin,
        process::{Command, Stdio},
    };
    use tokio::time::timeout;

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
    async fn only_a_process_with_the_lock_is_ended_as_the_supervisor() {
        let folder = tempfile::tempdir().unwrap();
        let directory = NetworkFolder::at(folder.path().to_str()).unwrap();
        let lock = directory.lock(KILLED).await.unwrap();
        assert!(supervises(std::process::id(), &directory));
        drop(lock);
        // The number of a supervisor that has ended is that of another process now, and another user holds the lock.
        let mut stranger = stand_in(folder.path());
        let path = FolderLock::path(folder.path());
        fs::write(&path, stranger.id().to_string()).unwrap();
        let other = File::open(&path).unwrap();
        other.lock().unwrap();
        assert_eq!(directory.supervisor().unwrap(), Some(stranger.id()));
        assert!(!supervises(stranger.id(), &directory));
        let mut down = pin!(down(&directory));
        assert!(timeout(Duration::from_millis(200), &mut down).await.is_err(), "another user has the lock");
        drop(other);
        let (_lock, supervisor, ended) = down.await.unwrap();
        assert_eq!((supervisor, ended.len()), (None, 0));
        assert!(stranger.try_wait().unwrap().is_none(), "a stranger was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
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
