//! Tests of writes: on the real disk, and on one that records its calls and lets one of them fail.

use super::*;
use crate::{FileFault, read, testing::in_child};
use rustix::{fs::Mode, process::umask};
use std::{
    cell::RefCell,
    fs::{File, Permissions},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    process::Command,
    thread,
};
use tempfile::{TempDir, tempdir};

const OLD: &[u8] = b"old";
const NEW: &[u8] = b"new";
const NO_SPACE: i32 = 28;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn exists(result: Result<(), FileError>) -> bool {
    matches!(result.unwrap_err().source, FileFault::Exists)
}

fn system_error(result: Result<(), FileError>) -> FileError {
    let error = result.unwrap_err();
    assert!(matches!(error.source, FileFault::Io(_)), "{error}");
    error
}

/// A disk that records its calls by name and lets one of them fail.
struct Recorder {
    root: TempDir,
    calls: RefCell<Vec<String>>,
    /// The number of the call that fails, from 0, and the number of the error.
    failing: Option<(usize, i32)>,
    /// A call that always fails, and the number of the error.
    missing: Option<(&'static str, i32)>,
}

struct RecordedFile<'a> {
    file: File,
    disk: &'a Recorder,
}

impl Recorder {
    fn new() -> Self {
        Self { root: tempdir().unwrap(), calls: RefCell::default(), failing: None, missing: None }
    }

    fn failing(call: usize, error: i32) -> Self {
        Self { failing: Some((call, error)), ..Self::new() }
    }

    fn without(call: &'static str, error: i32) -> Self {
        Self { missing: Some((call, error)), ..Self::new() }
    }

    fn path(&self) -> PathBuf {
        self.root.path().join("file")
    }

    /// Returns a path without its random part.
    fn name(&self, path: &Path) -> String {
        let name = path.strip_prefix(self.root.path()).unwrap();
        if name.file_name().is_some_and(|name| name.to_str().unwrap().starts_with(TEMPORARY_PREFIX)) {
            return name.with_file_name("temporary").display().to_string();
        }
        if name == Path::new("") { ".".to_owned() } else { name.display().to_string() }
    }

    fn call(&self, call: &str, on: &str) -> io::Result<()> {
        let number = self.calls.borrow().len();
        self.calls.borrow_mut().push(format!("{call} {on}"));
        match (self.failing, self.missing) {
            (Some((failing, error)), _) if failing == number => Err(io::Error::from_raw_os_error(error)),
            (_, Some((missing, error))) if missing == call => Err(io::Error::from_raw_os_error(error)),
            _ => Ok(()),
        }
    }

    fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }
}

impl<'a> Disk for &'a Recorder {
    type File = RecordedFile<'a>;
    type Folder = (File, String);

    fn create_folder(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.call("create folder", &format!("{} {mode:o}", self.name(path)))?;
        System.create_folder(path, mode)
    }

    fn open_folder(&self, path: &Path) -> io::Result<Self::Folder> {
        let name = self.name(path);
        self.call("open folder", &name)?;
        Ok((System.open_folder(path)?, name))
    }

    fn sync_folder(&self, (folder, name): &Self::Folder) -> io::Result<()> {
        self.call("sync folder", name)?;
        System.sync_folder(folder)
    }

    fn create_file(&self, path: &Path, mode: u32) -> io::Result<RecordedFile<'a>> {
        self.call("create file", &format!("{} {mode:o}", self.name(path)))?;
        Ok(RecordedFile { file: System.create_file(path, mode)?, disk: self })
    }

    fn sync_file(&self, file: &RecordedFile<'a>) -> io::Result<()> {
        self.call("sync", "file")?;
        System.sync_file(&file.file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", &format!("{} {}", self.name(from), self.name(to)))?;
        System.rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename new", &format!("{} {}", self.name(from), self.name(to)))?;
        System.rename_new(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("link", &format!("{} {}", self.name(from), self.name(to)))?;
        System.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove", &self.name(path))?;
        System.remove(path)
    }
}

impl Write for RecordedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.call("write", &bytes.len().to_string())?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for RecordedFile<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// The calls of a write in the way that `on_existing` says, without a failure.
const REPLACING: [&str; 6] =
    ["open folder .", "create file temporary 666", "write 3", "sync file", "rename temporary file", "sync folder ."];
const REFUSING: [&str; 7] = [
    "open folder .",
    "create file temporary 666",
    "write 3",
    "sync file",
    "link temporary file",
    "remove temporary",
    "sync folder .",
];

#[test]
fn a_file_is_synced_before_its_rename_and_its_folder_after_it() {
    let disk = Recorder::new();
    fs::write(disk.path(), OLD).unwrap();
    write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Replace).unwrap();
    assert_eq!(disk.calls(), REPLACING);
    assert_eq!(fs::read(disk.path()).unwrap(), NEW);
}

#[test]
fn a_new_file_gets_its_name_by_a_link() {
    let disk = Recorder::new();
    write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Refuse).unwrap();
    assert_eq!(disk.calls(), REFUSING);
    assert_eq!(fs::read(disk.path()).unwrap(), NEW);
    assert_eq!(entries(disk.root.path()), ["file"]);
}

#[test]
fn each_new_folder_is_synced_in_the_folder_above_it() {
    let disk = Recorder::new();
    let path = disk.root.path().join("a/b/file");
    write_on(&disk, &path, NEW, Access::Private, OnExisting::Replace).unwrap();
    assert_eq!(
        disk.calls(),
        [
            "create folder a 700",
            "open folder .",
            "sync folder .",
            "create folder a/b 700",
            "open folder a",
            "sync folder a",
            "open folder a/b",
            "create file a/b/temporary 600",
            "write 3",
            "sync file",
            "rename a/b/temporary a/b/file",
            "sync folder a/b",
        ]
    );
}

#[test]
fn removals_and_renames_are_followed_by_a_folder_sync() {
    let disk = Recorder::new();
    fs::write(disk.path(), OLD).unwrap();
    fs::create_dir(disk.root.path().join("a")).unwrap();
    rename_on(&&disk, &disk.path(), &disk.root.path().join("other")).unwrap();
    rename_on(&&disk, &disk.root.path().join("other"), &disk.root.path().join("a/other")).unwrap();
    remove_on(&&disk, &disk.root.path().join("a/other")).unwrap();
    remove_on(&&disk, &disk.root.path().join("a/other")).unwrap();
    assert_eq!(
        disk.calls(),
        [
            "rename file other",
            "open folder .",
            "sync folder .",
            "rename other a/other",
            "open folder a",
            "sync folder a",
            "open folder .",
            "sync folder .",
            "remove a/other",
            "open folder a",
            "sync folder a",
            "remove a/other",
        ]
    );
    assert!(entries(&disk.root.path().join("a")).is_empty());
}

#[test]
fn a_failure_at_any_call_leaves_the_old_file_and_no_temporary_one() {
    for (failing, call) in REPLACING.into_iter().enumerate() {
        let disk = Recorder::failing(failing, NO_SPACE);
        fs::write(disk.path(), OLD).unwrap();
        let result = write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Replace);
        let error = system_error(result);
        let FileFault::Io(cause) = &error.source else { unreachable!() };
        assert_eq!(cause.kind(), ErrorKind::StorageFull, "{error}");
        assert_eq!(entries(disk.root.path()), ["file"], "{call}");
        // A renamed file stays: undoing the rename could fail in the same way.
        let kept = if call == "sync folder ." { NEW } else { OLD };
        assert_eq!(fs::read(disk.path()).unwrap(), kept, "{call}");
        let (doing, path) = match call {
            "open folder ." => ("open", disk.root.path().to_owned()),
            "sync folder ." => ("sync", disk.root.path().to_owned()),
            _ => ("write", disk.path()),
        };
        assert_eq!((error.doing, error.path), (doing, path));
    }
}

#[test]
fn a_failure_at_any_call_leaves_no_new_file_behind() {
    for (failing, call) in REFUSING.into_iter().enumerate() {
        let disk = Recorder::failing(failing, NO_SPACE);
        system_error(write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Refuse));
        // After the link the new file is complete, and the error names the action that failed after it.
        let is_linked = matches!(call, "remove temporary" | "sync folder .");
        let left: &[&str] = if is_linked { &["file"] } else { &[] };
        assert_eq!(entries(disk.root.path()), left, "{call}");
    }
}

#[test]
fn a_failure_at_a_folder_writes_no_file() {
    for failing in 0..6 {
        let disk = Recorder::failing(failing, NO_SPACE);
        let path = disk.root.path().join("a/b/file");
        let error = system_error(write_on(&disk, &path, NEW, Access::Private, OnExisting::Replace));
        let call = disk.calls().pop().unwrap();
        assert!(!path.exists() && !call.starts_with("create file"), "{call}");
        let (doing, path) = match failing {
            0 => ("create the folder", "a"),
            3 => ("create the folder", "a/b"),
            1 | 2 => ("sync", ""),
            _ => ("sync", "a"),
        };
        assert_eq!((error.doing, error.path), (doing, disk.root.path().join(path)), "{call}");
    }
}

#[test]
fn a_full_disk_is_named_as_such() {
    let disk = Recorder::failing(2, NO_SPACE);
    fs::write(disk.path(), OLD).unwrap();
    let error = write_on(&disk, &disk.path(), NEW, Access::Private, OnExisting::Replace).unwrap_err();
    assert!(matches!(&error.source, FileFault::Io(error) if error.kind() == ErrorKind::StorageFull));
    assert!(error.to_string().starts_with(&format!("cannot write `{}`: No space left", disk.path().display())));
}

#[test]
fn a_failed_removal_or_rename_is_reported() {
    for (failing, left) in [(0, "file"), (1, ""), (2, "")] {
        let disk = Recorder::failing(failing, 5);
        fs::write(disk.path(), OLD).unwrap();
        let error = system_error(remove_on(&&disk, &disk.path()));
        let doing = if failing == 0 { "remove" } else { "sync" };
        assert_eq!((error.doing, error.path), (doing, disk.root.path().join(left)));
        assert_eq!(disk.path().exists(), failing == 0);

        let disk = Recorder::failing(failing, 5);
        fs::write(disk.path(), OLD).unwrap();
        let error = system_error(rename_on(&&disk, &disk.path(), &disk.root.path().join("new")));
        let doing = if failing == 0 { "rename" } else { "sync" };
        assert_eq!((error.doing, error.path), (doing, disk.root.path().join(left)));
        assert_eq!(disk.path().exists(), failing == 0);
    }
    let folder = tempdir().unwrap();
    system_error(remove(folder.path()));
    system_error(rename(&folder.path().join("none"), &folder.path().join("new")));
}

#[test]
fn a_file_system_without_folder_syncs_is_enough() {
    // EINVAL, EOPNOTSUPP, ENOSYS
    for error in [22, 95, 38] {
        let disk = Recorder::without("sync folder", error);
        let path = disk.root.path().join("a/file");
        write_on(&disk, &path, NEW, Access::Private, OnExisting::Replace).unwrap();
        remove_on(&&disk, &path).unwrap();
    }
    // EIO
    let disk = Recorder::without("sync folder", 5);
    system_error(write_on(&disk, &disk.path(), NEW, Access::Private, OnExisting::Replace));
}

#[test]
fn a_file_system_without_links_is_enough() {
    // EPERM, EOPNOTSUPP, ENOSYS
    for error in [1, 95, 38] {
        let disk = Recorder::without("link", error);
        write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Refuse).unwrap();
        let calls = disk.calls();
        assert_eq!(&calls[4..], ["link temporary file", "rename new temporary file", "sync folder ."]);
        assert_eq!(
            (entries(disk.root.path()), fs::read(disk.path()).unwrap()),
            (vec!["file".to_owned()], NEW.to_vec())
        );
    }
    // EIO
    let disk = Recorder::without("link", 5);
    system_error(write_on(&disk, &disk.path(), NEW, Access::Shared, OnExisting::Refuse));
    assert!(entries(disk.root.path()).is_empty());
}

#[test]
fn a_file_that_appears_meanwhile_is_refused_and_left_alone() {
    for disk in [Recorder::new(), Recorder::without("link", 1)] {
        let draft = Draft::create(&disk, &disk.path(), Access::Shared, OnExisting::Refuse).unwrap();
        fs::write(disk.path(), OLD).unwrap();
        assert!(exists(draft.finish()));
        assert_eq!(entries(disk.root.path()), ["file"]);
        assert_eq!(fs::read(disk.path()).unwrap(), OLD);
    }
}

#[test]
fn a_file_is_replaced_only_if_told_so() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    write(&path, OLD, Access::Shared, OnExisting::Refuse).unwrap();
    let error = write(&path, NEW, Access::Shared, OnExisting::Refuse).unwrap_err();
    assert_eq!((error.doing, &error.path), ("write", &path));
    assert!(matches!(error.source, FileFault::Exists));
    assert!(exists(Writer::create(&path, Access::Shared, OnExisting::Refuse).map(drop)));
    assert_eq!(fs::read(&path).unwrap(), OLD);
    write(&path, NEW, Access::Shared, OnExisting::Replace).unwrap();
    assert_eq!(fs::read(&path).unwrap(), NEW);
    assert_eq!(entries(folder.path()), ["file"]);
}

#[test]
fn private_files_and_folders_are_their_owners_only() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a/b/file");
    write(&path, NEW, Access::Private, OnExisting::Refuse).unwrap();
    assert_eq!([mode(&path), mode(path.parent().unwrap()), mode(&folder.path().join("a"))], [0o600, 0o700, 0o700]);
    create_folder(&folder.path().join("c/d"), Access::Private).unwrap();
    assert_eq!([mode(&folder.path().join("c")), mode(&folder.path().join("c/d"))], [0o700, 0o700]);
}

#[test]
fn an_open_file_is_private_once_it_is_replaced() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, OLD).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    write(&path, NEW, Access::Private, OnExisting::Replace).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn folders_that_exist_keep_their_mode() {
    let folder = tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    write(&folder.path().join("file"), NEW, Access::Private, OnExisting::Refuse).unwrap();
    create_folder(folder.path(), Access::Private).unwrap();
    assert_eq!(mode(folder.path()), 0o755);
}

/// Sets the umask in another process, because it belongs to the whole process.
#[test]
fn shared_files_and_folders_have_the_modes_that_the_umask_leaves() {
    const NAME: &str = "writing::tests::shared_files_and_folders_have_the_modes_that_the_umask_leaves";
    in_child(
        NAME,
        |child, _| assert!(child.wait().unwrap().success()),
        |folder| {
            for (mask, file_mode, folder_mode) in
                [(0o022, 0o644, 0o755), (0o027, 0o640, 0o750), (0o000, 0o666, 0o777), (0o077, 0o600, 0o700)]
            {
                umask(Mode::from_raw_mode(mask));
                let path = folder.join(format!("{mask:o}/file"));
                write(&path, NEW, Access::Shared, OnExisting::Refuse).unwrap();
                assert_eq!([mode(&path), mode(path.parent().unwrap())], [file_mode, folder_mode], "{mask:o}");
                write(&path, NEW, Access::Private, OnExisting::Replace).unwrap();
                assert_eq!(mode(&path), 0o600, "{mask:o}");
            }
        },
    );
}

#[test]
fn a_link_counts_as_existing_and_is_replaced_itself() {
    let folder = tempdir().unwrap();
    let (link, target) = (folder.path().join("link"), folder.path().join("target"));
    for target_exists in [false, true] {
        symlink(&target, &link).unwrap();
        if target_exists {
            fs::write(&target, OLD).unwrap();
        }
        assert!(exists(write(&link, NEW, Access::Private, OnExisting::Refuse)));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        write(&link, NEW, Access::Private, OnExisting::Replace).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(target.exists(), target_exists);
        remove(&link).unwrap();
    }
    assert_eq!(fs::read(&target).unwrap(), OLD);
    symlink(&target, &link).unwrap();
    remove(&link).unwrap();
    assert_eq!(entries(folder.path()), ["target"]);
}

#[test]
fn a_link_to_a_folder_is_followed_to_the_place_of_the_file() {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("real")).unwrap();
    symlink("real", folder.path().join("link")).unwrap();
    write(&folder.path().join("link/file"), NEW, Access::Private, OnExisting::Refuse).unwrap();
    assert_eq!(fs::read(folder.path().join("real/file")).unwrap(), NEW);
}

#[test]
fn what_is_no_file_is_never_replaced() {
    let folder = tempdir().unwrap();
    let [in_the_way, pipe, socket] = ["folder", "pipe", "socket"].map(|name| folder.path().join(name));
    fs::create_dir(&in_the_way).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = UnixListener::bind(&socket).unwrap();
    let before = entries(folder.path());
    for path in [&in_the_way, &pipe, &socket] {
        let error = system_error(write(path, NEW, Access::Shared, OnExisting::Replace));
        assert_eq!(error.to_string(), format!("cannot write `{}`: it is not a file", path.display()));
        assert!(exists(write(path, NEW, Access::Shared, OnExisting::Refuse)));
    }
    assert_eq!(entries(folder.path()), before);
}

#[test]
fn a_path_without_a_name_is_refused() {
    let folder = tempdir().unwrap();
    let paths = [PathBuf::from(""), PathBuf::from("/"), PathBuf::from(".."), folder.path().join("none/..")];
    for path in paths {
        for on_existing in [OnExisting::Refuse, OnExisting::Replace] {
            let error = system_error(write(&path, NEW, Access::Shared, on_existing));
            assert_eq!(error.to_string(), format!("cannot write `{}`: it is not a file", path.display()));
        }
    }
    system_error(write(&folder.path().join("name/"), NEW, Access::Shared, OnExisting::Replace));
    assert!(entries(folder.path()).is_empty());
}

#[test]
fn a_folder_that_appears_meanwhile_is_taken() {
    let folder = tempdir().unwrap();
    // `a/..` is there as soon as `a` is.
    create_folder(&folder.path().join("a/../b/c"), Access::Shared).unwrap();
    assert!(folder.path().join("b/c").is_dir());
}

#[test]
fn a_temporary_file_is_never_one_that_exists() {
    let folder = tempdir().unwrap();
    let [file, link] = ["file", "link"].map(|name| folder.path().join(name));
    fs::write(&file, OLD).unwrap();
    symlink(folder.path().join("target"), &link).unwrap();
    for path in [&file, &link] {
        assert_eq!(System.create_file(path, 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
    assert_eq!(entries(folder.path()), ["file", "link"]);
    assert_eq!(fs::read(&file).unwrap(), OLD);
}

#[test]
fn a_file_in_the_place_of_a_folder_is_an_error() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, OLD).unwrap();
    system_error(write(&file.join("under"), NEW, Access::Shared, OnExisting::Replace));
    let error = system_error(create_folder(&file, Access::Shared));
    assert_eq!((error.doing, error.path.as_path()), ("create the folder", file.as_path()));
    system_error(create_folder(&file.join("a/b"), Access::Shared));
    symlink("nowhere", folder.path().join("link")).unwrap();
    system_error(create_folder(&folder.path().join("link"), Access::Shared));
    assert_eq!(fs::read(&file).unwrap(), OLD);
}

#[test]
fn a_name_alone_is_in_the_current_folder() {
    assert_eq!(folder_of(Path::new("file")), Path::new("."));
    assert_eq!(folder_of(Path::new("a/file")), Path::new("a"));
    assert_eq!(folder_of(Path::new("/")), Path::new("."));
    create_folder(Path::new(""), Access::Private).unwrap();
}

#[test]
fn a_name_of_the_greatest_length_can_be_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("n".repeat(255));
    write(&path, NEW, Access::Shared, OnExisting::Replace).unwrap();
    assert_eq!(fs::read(path).unwrap(), NEW);
}

#[test]
fn a_writer_that_is_dropped_leaves_no_trace() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, OLD).unwrap();
    let mut writer = Writer::create(&path, Access::Private, OnExisting::Replace).unwrap();
    writer.write_all(NEW).unwrap();
    let names = entries(folder.path());
    assert!(names.len() == 2 && names[0].starts_with(TEMPORARY_PREFIX), "{names:?}");
    assert_eq!(names[0].len(), TEMPORARY_PREFIX.len() + 16);
    assert_eq!(mode(&folder.path().join(&names[0])), 0o600);
    drop(writer);
    assert_eq!(entries(folder.path()), ["file"]);
    assert_eq!(fs::read(path).unwrap(), OLD);
}

#[test]
fn a_writer_takes_pieces_in_any_order() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a/file");
    let mut writer = Writer::create(&path, Access::Shared, OnExisting::Refuse).unwrap();
    writer.write_all(b"0000 two").unwrap();
    assert_eq!(writer.stream_position().unwrap(), 8);
    writer.seek(SeekFrom::Start(1)).unwrap();
    writer.write_all(b"one").unwrap();
    writer.flush().unwrap();
    assert!(!path.exists());
    writer.finish().unwrap();
    assert_eq!(fs::read(path).unwrap(), b"0one two");
}

#[test]
fn two_drafts_of_one_file_do_not_meet() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    let [mut one, mut two] = [(); 2].map(|()| Writer::create(&path, Access::Shared, OnExisting::Replace).unwrap());
    one.write_all(b"one").unwrap();
    two.write_all(b"two").unwrap();
    one.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one");
    two.finish().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(entries(folder.path()), ["file"]);
}

#[test]
fn of_many_writers_of_one_new_file_one_wins() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a/b/file");
    let won = thread::scope(|scope| {
        let path = &path;
        let writers: Vec<_> = (0..8_u8)
            .map(|number| {
                scope.spawn(move || write(path, &[number; 10_000], Access::Private, OnExisting::Refuse).is_ok())
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
    let content = read(&path, Access::Private, 10_000).unwrap().unwrap();
    assert!(content.len() == 10_000 && content.iter().all(|byte| *byte == content[0]));
    assert_eq!(entries(path.parent().unwrap()), ["file"]);
}
