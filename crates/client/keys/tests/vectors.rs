//! Replays `vectors/neuron/{keys,wallets,addresses}.json`, or the same files of the directory in `WALLET_VECTORS`.
//!
//! They were recorded from another implementation. The test uses every member except those of the neuron protocol.
//! Members that another directory lacks are skipped; the committed files are complete.

use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_keys::{
    Address, KeyFile, KeyFileContent, Keypair, Mnemonic, OnExisting, Protection, Secret, Wallet, WalletError, Wallets,
    decode_password, encode_password,
    encryption::{self, DecryptError, EncryptionKey, KeyFileEncryption, ansible, fernet, nacl},
    password_variable,
    secrecy::{ExposeSecret, SecretString},
};
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const FILES: [&str; 3] = ["keys.json", "wallets.json", "addresses.json"];

fn folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    workspace.join(std::env::var_os("WALLET_VECTORS").map_or("vectors/neuron".into(), PathBuf::from))
}

/// Returns the content of the file of this name, null if there is none.
fn load(name: &str) -> Value {
    let path = folder().join(name);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return Value::Null;
    }
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn there_are_vectors() {
    assert!(FILES.iter().any(|name| folder().join(name).exists()), "none in {}", folder().display());
    if std::env::var_os("WALLET_VECTORS").is_some() {
        return;
    }
    let [keys, wallets, addresses] = FILES.map(load);
    for (file, members) in [
        (keys, &["mnemonic", "seed", "uri", "mnemonic_variants"] as &[_]),
        (wallets, &["layout", "ansible", "fernet", "polkadot_js", "reading", "environment", "utf8_seed_defect"]),
        (addresses, &["ss58"]),
    ] {
        for member in members {
            assert!(!file[member].is_null(), "`{member}` is missing");
        }
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is no text in {value}"))
}

fn flag(value: &Value, member: &str) -> bool {
    value[member].as_bool().unwrap_or_else(|| panic!("`{member}` is neither true nor false in {value}"))
}

fn base64(value: &Value, member: &str) -> Vec<u8> {
    STANDARD.decode(text(value, member)).expect("base64")
}

fn cases<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    match &value[member] {
        Value::Null => &[],
        cases => cases.as_array().unwrap_or_else(|| panic!("`{member}` is no list")),
    }
}

/// Returns a member of `wallets.json`, if it is present.
fn part(member: &str) -> Option<Value> {
    Some(load("wallets.json")[member].take()).filter(|part| !part.is_null())
}

fn password(value: &Value, member: &str) -> SecretString {
    text(value, member).into()
}

/// A source without a password.
const NO_PASSWORD: Option<SecretString> = None;

fn is_key(secret: &Secret, case: &Value) {
    assert_eq!(secret.public().to_string(), text(case, "ss58"));
    assert_eq!(text(case, "ss58").parse::<Address>().map(|address| address.public()), Ok(secret.public()));
    assert_eq!(format!("0x{}", hex::encode(secret.public().to_bytes())), text(case, "public_key"));
    signs(secret.keypair());
}

fn signs(pair: &Keypair) {
    assert!(pair.sign(b"message").verify(&pair.public(), b"message"));
}

#[test]
fn keys_of_mnemonics() {
    let file = load("keys.json");
    for case in cases(&file, "mnemonic") {
        let mnemonic = Mnemonic::parse(text(case, "mnemonic")).unwrap();
        assert_eq!(case["words"], mnemonic.words());
        assert_eq!(mnemonic.export_words().expose_secret(), text(case, "mnemonic"));
        let secret = Secret::from_mnemonic(mnemonic);
        assert_eq!(secret.export_seed().unwrap().expose_secret(), text(case, "secret_seed"));
        assert_eq!(secret.export_private_key().expose_secret(), text(case, "private_key"));
        is_key(&secret, case);
    }
}

#[test]
fn keys_of_seeds() {
    let file = load("keys.json");
    for case in cases(&file, "seed") {
        for seed in [text(case, "seed"), text(case, "secret_seed")] {
            for spelling in [seed, seed.trim_start_matches("0x")] {
                let secret = Secret::from_seed(spelling.parse().unwrap());
                assert_eq!(secret.export_seed().unwrap().expose_secret(), text(case, "secret_seed"));
                assert_eq!(secret.export_private_key().expose_secret(), text(case, "private_key"));
                is_key(&secret, case);
            }
        }
        is_key(&Secret::from_private_key(text(case, "private_key")).unwrap(), case);
    }
}

#[test]
fn keys_of_uris() {
    let file = load("keys.json");
    for case in cases(&file, "uri") {
        let secret = Secret::from_uri(text(case, "uri")).unwrap();
        let key = secret.export_private_key();
        let (scalar, nonce) = key.expose_secret().split_at(2 + 64);
        assert_eq!(scalar, text(case, "private_scalar"), "{case}");
        // After a soft junction it is random.
        if let Some(expected) = case["private_nonce"].as_str() {
            assert_eq!(format!("0x{nonce}"), expected, "{case}");
        } else {
            assert!(case["private_nonce"].is_null(), "{case}");
        }
        assert!(secret.export_seed().is_none() && secret.export_mnemonic().is_none());
        is_key(&secret, case);
    }
}

#[test]
fn variants_of_mnemonics() {
    let file = load("keys.json");
    for case in cases(&file, "mnemonic_variants") {
        let mnemonic = Mnemonic::parse(text(case, "mnemonic"));
        assert_eq!(mnemonic.is_ok(), flag(case, "accepted"), "{}", text(case, "note"));
        match mnemonic {
            Ok(mnemonic) => assert_eq!(Secret::from_mnemonic(mnemonic).public().to_string(), text(case, "ss58")),
            Err(error) => assert!(!error.to_string().is_empty() && !text(case, "error").is_empty()),
        }
    }
}

#[test]
fn addresses() {
    let file = load("addresses.json");
    for case in cases(&file, "ss58") {
        let address: Result<Address, _> = text(case, "address").parse();
        assert_eq!(address.is_ok(), flag(case, "accepted"), "{case}");
        let Ok(address) = address else { continue };
        assert_eq!(case["prefix"], address.prefix());
        assert_eq!(hex::encode(address.public().to_bytes()), text(case, "public_hex"));
        assert_eq!(address.to_string(), text(case, "shown_as"));
        if address.prefix() == 42 {
            assert_eq!(address.public().to_string(), text(case, "address"));
        }
    }
}

/// Writes the files of the recorded wallet into a folder.
fn lay_out(layout: &Value) -> (TempDir, Wallet) {
    let folder = tempfile::tempdir().unwrap();
    for file in cases(layout, "files") {
        let path = folder.path().join(text(file, "path"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, base64(file, "content_b64")).unwrap();
        let mode = text(file, "mode").trim_start_matches("0o");
        fs::set_permissions(&path, Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap())).unwrap();
    }
    let wallet = Wallets::at(folder.path()).wallet(text(layout, "wallet_name").parse().unwrap());
    (folder, wallet)
}

/// Returns the paths and permissions of the files below a folder.
fn files(folder: &Path) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::metadata(&path).unwrap();
            if about.is_dir() {
                walk(root, &path, found);
            } else {
                let relative = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((relative, format!("0o{:o}", about.permissions().mode() & 0o777)));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn the_recorded_wallet_is_read_and_one_like_it_is_written() {
    let Some(layout) = part("layout") else { return };
    let layout = &layout;
    let hotkey_name = text(layout, "hotkey_name").parse().unwrap();
    let (_folder, wallet) = lay_out(layout);

    let coldkey = wallet.coldkey(&password(layout, "coldkey_password")).unwrap();
    let hotkey = wallet.hotkey(&hotkey_name, &NO_PASSWORD).unwrap();
    assert_eq!(coldkey.public().to_string(), text(layout, "coldkey_ss58"));
    assert_eq!(hotkey.public().to_string(), text(layout, "hotkey_ss58"));
    assert_eq!(wallet.coldkey_address().unwrap().as_str(), text(layout, "coldkeypub_ss58"));
    assert_eq!(wallet.hotkey_address(&hotkey_name).unwrap().as_str(), text(layout, "hotkeypub_ss58"));
    assert_eq!(wallet.coldkey_encryption().unwrap(), KeyFileEncryption::Nacl);
    assert_eq!(wallet.hotkey_encryption(&hotkey_name).unwrap(), KeyFileEncryption::Plain);
    assert_eq!(wallet.hotkeys().unwrap(), std::slice::from_ref(&hotkey_name));

    let folder = tempfile::tempdir().unwrap();
    let copy = Wallets::at(folder.path()).wallet(wallet.name().clone());
    // `nacl_parts` covers encryption; here it would add a slow derivation.
    copy.create_coldkey(&coldkey, Protection::Plain, OnExisting::Refuse).unwrap();
    copy.create_hotkey(&hotkey_name, &hotkey, Protection::Plain, OnExisting::Refuse).unwrap();
    let mut expected: Vec<_> = cases(layout, "files")
        .iter()
        .map(|file| (text(file, "path").to_owned(), text(file, "mode").to_owned()))
        .collect();
    expected.sort();
    assert_eq!(files(folder.path()), expected);

    // The members and their values are the same; their order has no meaning.
    let members = |content: &[u8]| serde_json::from_slice::<Value>(content).unwrap();
    assert_eq!(members(&fs::read(copy.coldkey_file()).unwrap()), members(text(layout, "coldkey_plaintext").as_bytes()));
    for file in cases(layout, "files").iter().filter(|file| !text(file, "path").ends_with("/coldkey")) {
        let ours = fs::read(folder.path().join(text(file, "path"))).unwrap();
        assert_eq!(members(&ours), members(&base64(file, "content_b64")), "{}", text(file, "path"));
    }
}

#[test]
fn nacl_parts() {
    let Some(layout) = part("layout") else { return };
    let layout = &layout;
    let coldkey = cases(layout, "files").iter().find(|file| text(file, "path").ends_with("/coldkey")).unwrap();
    let content = base64(coldkey, "content_b64");
    let plaintext = text(layout, "coldkey_plaintext");
    assert_eq!(content.len(), plaintext.len() + 45);
    assert_eq!(hex::encode(&content[5..29]), text(layout, "coldkey_nonce_hex"));

    let key = nacl::derive_key(&password(layout, "coldkey_password")).unwrap();
    assert_eq!(hex::encode(key.expose_secret()), text(layout, "coldkey_argon2i_key_hex"));
    let opened = nacl::NaclEnvelope::parse(&content).unwrap().open(&key).unwrap();
    assert_eq!(opened.expose_secret(), plaintext.as_bytes());

    let sealed = nacl::seal(&opened, &key).unwrap();
    assert_eq!(sealed.len(), content.len());
    assert_eq!(nacl::NaclEnvelope::parse(&sealed).unwrap().open(&key).unwrap().expose_secret(), opened.expose_secret());
}

fn holds(plaintext: &[u8], case: &Value) {
    assert_eq!(plaintext, text(case, "plaintext").as_bytes());
    let stored = KeyFile::decode(plaintext).unwrap().consistent().unwrap();
    assert_eq!(stored.public().to_string(), text(case, "ss58"));
}

#[test]
fn ansible_parts() {
    let Some(case) = part("ansible") else { return };
    let case = &case;
    let content = base64(case, "content_b64");
    assert_eq!(KeyFileEncryption::of(&content), KeyFileEncryption::Ansible);
    let envelope = ansible::AnsibleEnvelope::parse(&content).unwrap();
    assert_eq!(hex::encode(envelope.salt), text(case, "salt_hex"));
    assert_eq!(hex::encode(envelope.hmac), text(case, "hmac_hex"));
    assert_eq!(hex::encode(&envelope.ciphertext), text(case, "ciphertext_hex"));
    holds(envelope.open(&password(case, "password")).unwrap().expose_secret(), case);
}

/// Opens a coldkey of an older tool, and tells a wrong password from a damaged file.
#[test]
fn a_wallet_of_an_older_tool() {
    let Some(case) = part("ansible") else { return };
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallets::at(folder.path()).wallet("old".parse().unwrap());
    fs::create_dir(wallet.folder()).unwrap();
    let content = base64(&case, "content_b64");
    let write = |content: &[u8]| {
        fs::write(wallet.coldkey_file(), content).unwrap();
        fs::set_permissions(wallet.coldkey_file(), Permissions::from_mode(0o600)).unwrap();
    };
    write(&content);
    assert_eq!(wallet.coldkey(&password(&case, "password")).unwrap().public().to_string(), text(&case, "ss58"));
    let error = wallet.coldkey(&SecretString::from("another")).unwrap_err();
    assert!(matches!(error, WalletError::WrongPassword { .. }), "{error:?}");
    write(&content[..content.len() / 2]);
    let error = wallet.coldkey(&password(&case, "password")).unwrap_err();
    assert!(matches!(error, WalletError::Encryption { source: DecryptError::Damaged(_), .. }), "{error:?}");
}

#[test]
fn fernet_parts() {
    let Some(case) = part("fernet") else { return };
    let case = &case;
    let content = base64(case, "content_b64");
    assert_eq!(KeyFileEncryption::of(&content), KeyFileEncryption::Fernet);
    let key: EncryptionKey = fernet::derive_key(&password(case, "password"));
    assert_eq!(hex::encode(key.expose_secret()), text(case, "derived_key_hex"));
    holds(fernet::FernetEnvelope::parse(&content).unwrap().open(&key).unwrap().expose_secret(), case);
}

#[test]
fn polkadot_js() {
    let Some(case) = part("polkadot_js") else { return };
    let case = &case;
    let secret = Secret::from_polkadot_js(text(case, "json"), &password(case, "password")).unwrap();
    assert_eq!(secret.public().to_string(), text(case, "ss58"));
    assert!(Secret::from_polkadot_js(text(case, "json"), &"another".into()).is_err());
    signs(secret.keypair());
}

/// Returns the content of a key file, if it can be read.
fn read(content: &[u8], password: Option<SecretString>) -> Result<KeyFileContent, Box<dyn std::error::Error>> {
    let file = if KeyFileEncryption::of(content) == KeyFileEncryption::Plain {
        KeyFile::decode(content)?
    } else {
        let opened = encryption::decrypt(content, &password.ok_or("no password")?)?;
        KeyFile::decode(opened.expose_secret())?
    };
    // `consistent` is not used, because the recorded implementation does not compare members.
    Ok(file.stored().clone())
}

#[test]
fn reading() {
    let file = load("wallets.json");
    for case in cases(&file, "reading") {
        let note = text(case, "note");
        let content = base64(case, "content_b64");
        let stored = read(&content, case["password"].as_str().map(SecretString::from));
        // The recorded implementation opens no Fernet file. An opened file has been authenticated.
        if KeyFileEncryption::of(&content) == KeyFileEncryption::Fernet {
            assert!(!flag(case, "accepted"), "{note}");
            let fernet = &file["fernet"];
            if case["content_b64"] == fernet["content_b64"] && case["password"] == fernet["password"] {
                assert_eq!(stored.unwrap().public().to_string(), text(fernet, "ss58"));
            }
            continue;
        }
        assert_eq!(stored.is_ok(), flag(case, "accepted"), "{note}");
        match stored {
            Ok(KeyFileContent::Public(address)) => assert_eq!(address.as_str(), text(case, "ss58"), "{note}"),
            Ok(KeyFileContent::Secret(secret)) => assert_eq!(secret.public().to_string(), text(case, "ss58"), "{note}"),
            Err(error) => assert!(!error.to_string().is_empty() && !text(case, "error").is_empty()),
        }
    }
}

#[test]
fn passwords_in_the_environment() {
    let file = load("wallets.json");
    for case in cases(&file, "environment") {
        let variable = password_variable(Path::new(text(case, "keyfile_path"))).unwrap();
        assert_eq!(variable, text(case, "variable"));
        assert_eq!(encode_password(&variable, &password(case, "password")).expose_secret(), text(case, "value"));
        let decoded = decode_password(&variable, text(case, "value")).unwrap();
        assert_eq!(decoded.expose_secret(), text(case, "password"));
    }
}

#[test]
fn a_seed_that_is_text() {
    let Some(case) = part("utf8_seed_defect") else { return };
    let case = &case;
    let secret = Secret::from_seed(text(case, "seed").parse().unwrap());
    assert_eq!(secret.public().to_string(), text(case, "ss58"));
    let written = KeyFile::decode(&base64(case, "written_b64"));
    assert_eq!(written.is_ok(), flag(&case["read_back"], "accepted"));
    assert!(!text(&case["read_back"], "error").is_empty());
    // Our file is in hex and can be read.
    let ours = KeyFile::decode(KeyFile::encode_private(&secret).expose_secret()).unwrap().consistent().unwrap();
    assert_eq!(ours.public(), secret.public());
    let text_in_file = String::from_utf8(KeyFile::encode_private(&secret).expose_secret().clone()).unwrap();
    assert!(text_in_file.contains(text(case, "seed")));
}
