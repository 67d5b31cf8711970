//! Wallets on disk: permissions, crashes, and errors.

use myelin_diagnostic::Hints;
use myelin_keys::{
    Environment, HotkeyName, Mnemonic, OnExisting, PasswordPrompt, Protection, Secret, Wallet, WalletError, Wallets,
    WordCount,
    encryption::{DecryptError, KeyFileEncryption},
    secrecy::{ExposeSecret, SecretString},
};
use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};
use tempfile::TempDir;

const NO_PASSWORD: Option<SecretString> = None;

fn secret() -> Secret {
    Secret::from_mnemonic(Mnemonic::generate(WordCount::Twelve).unwrap())
}

fn name(text: &str) -> HotkeyName {
    text.parse().unwrap()
}

fn wallets() -> (TempDir, Wallets) {
    let folder = tempfile::tempdir().unwrap();
    let wallets = Wallets::at(folder.path().join("wallets"));
    (folder, wallets)
}

fn wallet() -> (TempDir, Wallet) {
    let (folder, wallets) = wallets();
    (folder, wallets.wallet("mine".parse().unwrap()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn plain(wallet: &Wallet) -> Secret {
    let secret = secret();
    wallet.create_coldkey(&secret, Protection::Plain, OnExisting::Refuse).unwrap();
    secret
}

fn hotkey(wallet: &Wallet, hotkey: &str) -> Secret {
    let secret = secret();
    wallet.create_hotkey(&name(hotkey), &secret, Protection::Plain, OnExisting::Refuse).unwrap();
    secret
}

#[test]
fn everything_is_its_owners_only() {
    let (folder, wallet) = wallet();
    plain(&wallet);
    hotkey(&wallet, "miner");
    let file = |name: &str| wallet.folder().join(name);
    for (path, expected) in [
        (folder.path().join("wallets"), 0o700),
        (file(""), 0o700),
        (file("hotkeys"), 0o700),
        (file("coldkey"), 0o600),
        (file("coldkeypub.txt"), 0o600),
        (file("hotkeys/miner"), 0o600),
        (file("hotkeys/minerpub.txt"), 0o600),
    ] {
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

#[test]
fn an_encrypted_coldkey_opens_with_its_password() {
    let (_folder, wallet) = wallet();
    let secret = secret();
    let password = SecretString::from("long enough");
    wallet.create_coldkey(&secret, Protection::Password(&password), OnExisting::Refuse).unwrap();
    assert_eq!(wallet.coldkey_encryption().unwrap(), KeyFileEncryption::Nacl);
    assert_eq!(wallet.coldkey_address().unwrap().public(), secret.public());
    let content = fs::read(wallet.coldkey_file()).unwrap();
    assert!(!content.windows(6).any(|part| part == b"secret"));

    let opened = wallet.coldkey(&password).unwrap();
    assert_eq!(opened.export_mnemonic().unwrap().expose_secret(), secret.export_mnemonic().unwrap().expose_secret());
    let unknown = wallet.coldkey(&NO_PASSWORD).unwrap_err();
    assert!(matches!(unknown, WalletError::PasswordNeeded { .. }), "{unknown:?}");
    let hints = Hints::of(&unknown);
    assert!(hints.first().is_some_and(|hint| hint.contains("BT_PW_")), "{hints:?}");

    fs::write(wallet.coldkey_file(), &content[..40]).unwrap();
    let damaged = wallet.coldkey(&password).unwrap_err();
    assert!(matches!(damaged, WalletError::Encryption { source: DecryptError::Damaged(_), .. }), "{damaged:?}");
    fs::remove_file(wallet.folder().join("coldkeypub.txt")).unwrap();
    let lost = wallet.coldkey_address().unwrap_err();
    assert!(matches!(lost, WalletError::AddressUnknown { .. }), "{lost:?}");
}

#[test]
fn nobody_is_asked_for_the_password_of_a_plain_file() {
    let (_folder, wallet) = wallet();
    let secret = hotkey(&wallet, "miner");
    let nobody = PasswordPrompt(|_: &Path| -> std::io::Result<SecretString> { panic!("asked") });
    assert_eq!(wallet.hotkey(&name("miner"), &nobody).unwrap().public(), secret.public());
}

#[test]
fn an_empty_password_is_refused_before_anything_is_written() {
    let (_folder, wallet) = wallet();
    let error = wallet.create_coldkey(&secret(), Protection::Password(&"".into()), OnExisting::Refuse).unwrap_err();
    assert!(matches!(error, WalletError::EmptyPassword), "{error:?}");
    assert!(!wallet.coldkey_file().exists());
}

#[test]
fn keys_are_replaced_only_when_asked() {
    let (_folder, wallet) = wallet();
    let first = plain(&wallet);
    let second = secret();
    let error = wallet.create_coldkey(&second, Protection::Plain, OnExisting::Refuse).unwrap_err();
    assert!(matches!(&error, WalletError::Exists { path } if *path == wallet.coldkey_file()), "{error:?}");
    assert_eq!(wallet.coldkey(&NO_PASSWORD).unwrap().public(), first.public());

    wallet.create_coldkey(&second, Protection::Plain, OnExisting::Replace).unwrap();
    assert_eq!(wallet.coldkey(&NO_PASSWORD).unwrap().public(), second.public());
    assert_eq!(wallet.coldkey_address().unwrap().public(), second.public());

    // A public file alone prevents creation too.
    fs::remove_file(wallet.coldkey_file()).unwrap();
    assert!(matches!(
        wallet.create_coldkey(&first, Protection::Plain, OnExisting::Refuse),
        Err(WalletError::Exists { .. })
    ));
    assert!(!wallet.coldkey_file().exists());
}

#[test]
fn an_address_can_be_watched() {
    let (_folder, wallet) = wallet();
    let public = secret().public();
    wallet.watch_coldkey(&public, OnExisting::Refuse).unwrap();
    assert_eq!(wallet.coldkey_address().unwrap().public(), public);
    assert!(matches!(wallet.coldkey(&NO_PASSWORD), Err(WalletError::NoColdkey { .. })));
    assert!(matches!(wallet.watch_coldkey(&public, OnExisting::Refuse), Err(WalletError::Exists { .. })));
    let other = secret().public();
    wallet.watch_coldkey(&other, OnExisting::Replace).unwrap();
    assert_eq!(wallet.coldkey_address().unwrap().public(), other);
}

#[test]
fn what_is_missing_is_said() {
    let (_folder, wallet) = wallet();
    let miner = name("miner");
    assert!(matches!(wallet.coldkey(&NO_PASSWORD), Err(WalletError::NoWallet { .. })));
    assert!(matches!(wallet.coldkey_address(), Err(WalletError::NoWallet { .. })));
    assert!(matches!(wallet.coldkey_encryption(), Err(WalletError::NoWallet { .. })));
    assert!(matches!(wallet.hotkey(&miner, &NO_PASSWORD), Err(WalletError::NoWallet { .. })));
    assert!(matches!(wallet.hotkeys(), Err(WalletError::NoWallet { .. })));
    hotkey(&wallet, "other");
    assert!(matches!(wallet.coldkey(&NO_PASSWORD), Err(WalletError::NoColdkey { .. })));
    assert!(matches!(wallet.coldkey_address(), Err(WalletError::NoColdkeyAddress { .. })));
    assert!(matches!(wallet.hotkey(&miner, &NO_PASSWORD), Err(WalletError::NoHotkey { .. })));
    assert!(matches!(wallet.hotkey_address(&miner), Err(WalletError::NoHotkey { .. })));
    assert!(matches!(wallet.hotkey_encryption(&miner), Err(WalletError::NoHotkey { .. })));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let (_folder, wallet) = wallet();
    let miner = name("miner");
    let secret = hotkey(&wallet, "miner");
    let file = wallet.hotkey_file(&miner);
    let public_file = wallet.folder().join("hotkeys/minerpub.txt");
    let content = fs::read(&file).unwrap();
    let error = || wallet.hotkey(&miner, &NO_PASSWORD).unwrap_err();

    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(error(), WalletError::TooOpen { mode: 0o644, .. }));
    let hints = Hints::of(&error());
    assert!(hints.first().is_some_and(|hint| hint.contains(&format!("chmod 600 {}", file.display()))), "{hints:?}");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();

    fs::write(&file, &content[..content.len() / 2]).unwrap();
    assert!(matches!(error(), WalletError::Content { .. }));
    fs::write(&file, vec![b' '; 1 << 20]).unwrap();
    assert!(matches!(error(), WalletError::TooLarge { .. }));
    fs::copy(&public_file, &file).unwrap();
    assert!(matches!(error(), WalletError::NoSecret { .. }));

    fs::write(&file, &content).unwrap();
    hotkey(&wallet, "other");
    fs::copy(wallet.folder().join("hotkeys/otherpub.txt"), &public_file).unwrap();
    assert!(matches!(error(), WalletError::PublicDiffers { derived, .. } if derived == secret.public()));
    fs::write(&public_file, "").unwrap();
    assert!(matches!(error(), WalletError::Content { .. }));
}

/// A fixed mnemonic. No text of an error contains a word of it by chance.
const MNEMONIC: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

#[test]
fn no_error_shows_a_secret() {
    let (_folder, wallet) = wallet();
    let miner = name("miner");
    let secret = Secret::from_mnemonic(Mnemonic::parse(MNEMONIC).unwrap());
    wallet.create_hotkey(&miner, &secret, Protection::Plain, OnExisting::Refuse).unwrap();
    let file = wallet.hotkey_file(&miner);
    let content = fs::read_to_string(&file).unwrap();
    let seed = secret.export_seed().unwrap().expose_secret()[2..].to_owned();
    let private_key = secret.export_private_key().expose_secret()[2..].to_owned();
    let secrets: Vec<&str> = MNEMONIC.split(' ').chain([seed.as_str(), &private_key]).collect();
    let broken = [
        content.replace("secretPhrase\":\"", "secretPhrase\":\"wrong "),
        content.replace("secretPhrase\":\"legal", "secretPhrase\":\"legal1"),
        content.replace("secretPhrase", "x").replace("secretSeed\":\"", "secretSeed\":\"z"),
        content.replace('{', "[").replace('}', "]"),
        format!("\"{MNEMONIC}\""),
        MNEMONIC.to_owned(),
        content.replace(&seed, &seed.replace(['0', '1'], "2")),
    ];
    for content in broken {
        fs::write(&file, content).unwrap();
        let error = wallet.hotkey(&miner, &NO_PASSWORD).unwrap_err();
        let shown = format!("{error} {error:?} {:?} {secret:?}", Hints::of(&error));
        let shown = shown.to_lowercase();
        for secret in &secrets {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
}

#[test]
fn wallets_and_hotkeys_are_listed() {
    let (_folder, wallets) = wallets();
    assert!(wallets.names().unwrap().is_empty());
    for wallet in ["b", "a"] {
        let wallet = wallets.wallet(wallet.parse().unwrap());
        assert!(matches!(wallet.hotkeys(), Err(WalletError::NoWallet { .. })));
        plain(&wallet);
        assert!(wallet.hotkeys().unwrap().is_empty());
    }
    let wallet = wallets.wallet("a".parse().unwrap());
    hotkey(&wallet, "two");
    hotkey(&wallet, "one");
    fs::write(wallets.folder().join("a file"), "").unwrap();
    fs::create_dir(wallet.folder().join("hotkeys/a folder")).unwrap();
    let names: Vec<_> = wallets.names().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(wallet.hotkeys().unwrap(), [name("one"), name("two")]);
}

#[test]
fn what_a_crash_leaves_is_ignored() {
    let (_folder, wallet) = wallet();
    hotkey(&wallet, "miner");
    let left = [
        wallet.folder().join(".myelin-a1b2c3"),
        wallet.folder().join("hotkeys/.myelin-a1b2c3"),
        wallet.folder().parent().unwrap().join(".myelin-a1b2c3"),
    ];
    for path in &left {
        fs::write(path, "half a ke").unwrap();
    }
    assert_eq!(wallet.hotkeys().unwrap(), [name("miner")]);
    let secret = plain(&wallet);
    assert_eq!(wallet.coldkey(&NO_PASSWORD).unwrap().public(), secret.public());
    hotkey(&wallet, "another");
    assert!(left.iter().all(|path| fs::read_to_string(path).unwrap() == "half a ke"));
}

#[test]
fn a_crash_between_the_two_files_can_be_completed() {
    let (_folder, wallet) = wallet();
    let secret = plain(&wallet);
    fs::remove_file(wallet.folder().join("coldkeypub.txt")).unwrap();
    assert_eq!(wallet.coldkey(&NO_PASSWORD).unwrap().public(), secret.public());
    assert_eq!(wallet.coldkey_address().unwrap().public(), secret.public());
    wallet.watch_coldkey(&secret.public(), OnExisting::Refuse).unwrap();
    assert_eq!(wallet.coldkey_address().unwrap().public(), secret.public());
}

#[test]
fn readers_see_a_whole_file_while_it_is_replaced() {
    let (_folder, wallet) = wallet();
    let miner = name("miner");
    let secrets = [hotkey(&wallet, "miner"), secret()];
    let known: BTreeSet<_> = secrets.iter().map(Secret::public).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..100 {
                let secret = &secrets[turn % 2];
                wallet.create_hotkey(&miner, secret, Protection::Plain, OnExisting::Replace).unwrap();
            }
        });
        for _ in 0..200 {
            match wallet.hotkey(&miner, &NO_PASSWORD) {
                Ok(secret) => assert!(known.contains(&secret.public())),
                // The crash was between the two files.
                Err(WalletError::PublicDiffers { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
}

#[test]
fn two_writers_do_not_replace_each_other() {
    let (_folder, wallet) = wallet();
    let miner = name("miner");
    let secrets: Vec<_> = (0..8).map(|_| secret()).collect();
    let written: Vec<_> = std::thread::scope(|scope| {
        let create = |secret| wallet.create_hotkey(&miner, secret, Protection::Plain, OnExisting::Refuse).is_ok();
        let threads: Vec<_> = secrets.iter().map(|secret| scope.spawn(move || create(secret))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(written.iter().filter(|written| **written).count(), 1);
    let winner = written.iter().position(|written| *written).unwrap();
    assert_eq!(wallet.hotkey(&miner, &NO_PASSWORD).unwrap().public(), secrets[winner].public());
}

/// Starts the test again in a process of its own, because a process with many threads cannot change its environment.
#[test]
fn the_environment_of_the_process_knows_passwords() {
    const MARK: &str = "MYELIN_KEYS_TEST_FILE";
    if let Ok(file) = std::env::var(MARK) {
        let password = myelin_keys::PasswordSource::password(&Environment::of_process(), Path::new(&file)).unwrap();
        assert_eq!(password.unwrap().expose_secret(), "correct horse");
        return;
    }
    let file = "/keys/default/coldkey";
    let variable = myelin_keys::password_variable(Path::new(file)).unwrap();
    let value = myelin_keys::encode_password(&variable, &"correct horse".into());
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_environment_of_the_process_knows_passwords"])
        .env(MARK, file)
        .env(&variable, value.expose_secret())
        .status()
        .unwrap();
    assert!(status.success());
}
