//! Tests of locks, some with a second process.

use super::*;
use crate::testing::in_child;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};
use tempfile::tempdir;

/// A timeout longer than any test takes.
const LONG: Duration = Duration::from_mins(5);
const SHORT: Duration = Duration::from_millis(20);

fn held(result: Result<FolderLock, FileError>, folder: &Path) -> Option<u32> {
    let error = result.unwrap_err();
    assert_eq!((error.doing, error.path.as_path()), ("lock", folder));
    match error.source {
        FileFault::Locked { pid } => pid,
        other => panic!("{other}"),
    }
}

#[test]
fn one_holder_at_a_time() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(FolderLock::holder(folder).unwrap(), None);
    let lock = FolderLock::take(folder, Duration::ZERO).unwrap();
    assert_eq!(FolderLock::holder(folder).unwrap(), Some(process::id()));
    for timeout in [Duration::ZERO, SHORT] {
        assert_eq!(held(FolderLock::take(folder, timeout), folder), Some(process::id()));
    }
    drop(lock);
    // The taker that gave up may have the lock for a moment, and lets go of it.
    FolderLock::take(folder, LONG).unwrap();
    assert!(folder.join("lock").exists());
}

#[test]
fn users_that_may_read_the_folder_may_read_the_holder() {
    for (folder_mode, expected) in [(0o700, 0o600), (0o750, 0o640), (0o755, 0o644)] {
        let folder = tempdir().unwrap();
        let folder = folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(folder_mode)).unwrap();
        let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        let _lock = FolderLock::take(folder, Duration::ZERO).unwrap();
        // The umask of the process applies too.
        File::create(folder.join("other")).unwrap();
        assert_eq!(mode("lock"), expected & mode("other"), "{folder_mode:o}");
    }
}

#[test]
fn a_taker_waits_for_the_holder() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let lock = FolderLock::take(folder, Duration::ZERO).unwrap();
    let (sender, started) = mpsc::channel();
    thread::scope(|scope| {
        let taker = scope.spawn(move || {
            sender.send(()).unwrap();
            FolderLock::take(folder, LONG)
        });
        started.recv().unwrap();
        assert!(!taker.is_finished());
        drop(lock);
        taker.join().unwrap().unwrap();
    });
}

#[test]
fn a_holder_in_another_process_is_named_and_its_death_frees_the_folder() {
    const NAME: &str = "lock::tests::a_holder_in_another_process_is_named_and_its_death_frees_the_folder";
    const TAKEN: &str = "the lock is taken";
    in_child(
        NAME,
        |child, folder| {
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap().ends_with(TAKEN)));
            let pid = child.id();
            assert_ne!(pid, process::id());
            for timeout in [Duration::ZERO, SHORT] {
                let error = FolderLock::take(folder, timeout).unwrap_err();
                assert_eq!(error.to_string(), format!("cannot lock `{}`: process {pid} uses it", folder.display()));
                assert_eq!(held(Err(error), folder), Some(pid));
            }
            assert_eq!(FolderLock::holder(folder).unwrap(), Some(pid));
            child.kill().unwrap();
            let _lock = FolderLock::take(folder, LONG).unwrap();
            assert_eq!(FolderLock::holder(folder).unwrap(), Some(process::id()));
        },
        |folder| {
            let _lock = FolderLock::take(folder, Duration::ZERO).unwrap();
            writeln!(io::stdout(), "{TAKEN}").unwrap();
            // Until it is killed.
            let _ = io::stdin().read(&mut [0]);
        },
    );
}

#[test]
fn the_file_has_the_id_of_the_holder_and_nothing_else() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lock");
    fs::write(&path, "something longer than any process id").unwrap();
    assert_eq!(FolderLock::holder(folder.path()).unwrap(), None);
    let _lock = FolderLock::take(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), process::id().to_string());
}

#[test]
fn a_holder_without_an_id_is_a_holder() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lock");
    for (content, pid) in [("", None), ("x", None), (" 17\n", Some(17)), ("1234567890123456789", None)] {
        fs::write(&path, content).unwrap();
        let other = File::open(&path).unwrap();
        other.lock().unwrap();
        assert_eq!(held(FolderLock::take(folder.path(), Duration::ZERO), folder.path()), pid);
        assert_eq!(FolderLock::holder(folder.path()).unwrap(), pid);
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn a_shared_lock_is_in_the_way_too() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lock");
    fs::write(&path, "5").unwrap();
    let other = File::open(&path).unwrap();
    other.lock_shared().unwrap();
    assert_eq!(FolderLock::holder(folder.path()).unwrap(), None);
    assert_eq!(held(FolderLock::take(folder.path(), Duration::ZERO), folder.path()), Some(5));
}

#[test]
fn what_is_no_file_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let [linked, pipe, in_the_way] = ["linked", "pipe", "folder"].map(|name| folder.path().join(name));
    let target = folder.path().join("target");
    for folder in [&linked, &pipe, &in_the_way] {
        fs::create_dir(folder).unwrap();
    }
    fs::write(&target, "content").unwrap();
    symlink(&target, linked.join("lock")).unwrap();
    assert!(Command::new("mkfifo").arg(pipe.join("lock")).status().unwrap().success());
    fs::create_dir(in_the_way.join("lock")).unwrap();
    for folder in [&linked, &pipe, &in_the_way] {
        let error = FolderLock::take(folder, SHORT).unwrap_err();
        assert!(matches!(error.source, FileFault::Io(_)), "{error}");
        assert_eq!((error.doing, error.path), ("lock", folder.join("lock")));
        let error = FolderLock::holder(folder).unwrap_err();
        assert!(matches!(error.source, FileFault::Io(_)), "{error}");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "content");
}

#[test]
fn a_folder_that_is_missing_cannot_be_locked() {
    let folder = tempdir().unwrap();
    let folder = folder.path().join("none");
    let error = FolderLock::take(&folder, Duration::ZERO).unwrap_err();
    assert!(matches!(error.source, FileFault::Io(error) if error.kind() == ErrorKind::NotFound));
    assert_eq!(FolderLock::holder(&folder).unwrap(), None);
    assert!(!folder.exists());
}
