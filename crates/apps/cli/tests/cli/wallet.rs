//! Tests of keys: created, shown, used, restored and protected.

use crate::support::{Home, Said};
use myelin_keys::{
    encode_password, password_variable,
    secrecy::{ExposeSecret, SecretString},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

const WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const ADDRESS: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
const PASSWORD: &str = "correct horse battery";

impl Home {
    fn coldkey(&self) -> PathBuf {
        self.path().join(".bittensor/wallets/default/coldkey")
    }

    /// Runs the program with the password of the coldkey in the environment.
    fn run_with_password(&self, line: &str, password: &str) -> Said {
        let variable = password_variable(&self.coldkey()).unwrap();
        let value = encode_password(&variable, &SecretString::from(password));
        let output = self.command(line).env(&variable, value.expose_secret()).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn a_wallet_is_made_in_a_script_and_its_words_stay_in_the_file() {
    let home = Home::new();
    let made = home.run_with_password("wallet create --output json", PASSWORD);
    let answer = made.json();
    assert_eq!(answer["words_shown"], false);
    assert_eq!(answer["keys"][0]["kept"], "encrypted");
    assert_eq!(answer["keys"][1]["kept"], "plain");
    let exported = home.run_with_password("wallet export --yes --output json", PASSWORD).json();
    let words = exported["secret"].as_str().unwrap();
    assert_eq!(words.split(' ').count(), 12);
    assert!(!made.out.contains(words) && !made.err.contains(words));
    assert_eq!(exported["address"], answer["keys"][0]["address"]);

    assert_eq!(fs::metadata(home.coldkey()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read(home.coldkey()).unwrap().starts_with(b"$NACL"));

    let wrong = home.run_with_password("wallet export --yes --output json", "wrong");
    assert_eq!((wrong.code, wrong.error().as_str()), (1, "password"));
    let again = home.run_with_password("wallet create --output json", PASSWORD);
    assert_eq!((again.code, again.error().as_str()), (1, "exists"));
}

#[test]
fn a_key_is_restored_from_everything_it_is_exported_as() {
    let home = Home::new();
    let from = |home: &Home, from: &str, secret: &str| {
        home.run_with_input(&format!("wallet restore --without-password --from {from} --file - --output json"), secret)
    };
    assert_eq!(from(&home, "words", &format!("  {WORDS}\n")).json()["keys"][0]["address"], ADDRESS);
    for (form, name) in [("words", "words"), ("seed", "seed"), ("private-key", "private-key")] {
        let exported = home.json(&format!("wallet export --yes --form {form}"));
        let other = Home::new();
        let restored = from(&other, name, exported["secret"].as_str().unwrap()).json();
        assert_eq!(restored["keys"][0]["address"], ADDRESS, "{form}");
    }
    assert_eq!(home.run("wallet export --yes").out.trim(), WORDS);

    let other = Home::new();
    let watched = from(&other, "address", ADDRESS).json();
    assert_eq!(watched["keys"][0]["kept"], "elsewhere");
    let error = other.run("wallet export --yes --output json");
    assert_eq!((error.code, error.error().as_str()), (1, "no-key"));
    // The private key of a watched coldkey is restored: an address is replaced without a question.
    let restore = "wallet restore --without-password --file - --output json";
    assert_eq!(other.run_with_input(restore, WORDS).error(), "exists");
    let home_again = other.run_with_input(&format!("{restore} --replace"), WORDS).json();
    assert_eq!(home_again["keys"][0]["kept"], "plain");
}

#[test]
fn tables_show_whole_addresses() {
    let home = Home::new();
    assert!(home.run("wallet list").out.starts_with("no keys in "));
    home.run_with_input("wallet restore --without-password --file -", WORDS);
    home.run_with_input("wallet restore --key hotkey --hotkey miner --file - --wallet other", WORDS);
    assert_eq!(
        home.run("wallet list").out,
        format!(
            "WALLET   KEY           ADDRESS                                           KEPT\n\
             default  coldkey       {ADDRESS}  plain\n\
             other    hotkey miner  {ADDRESS}  plain\n"
        )
    );
    assert_eq!(home.json("wallet show --wallet other")["keys"].as_array().unwrap().len(), 1);
    let made = home.json("wallet new-hotkey second");
    assert_eq!(made["keys"][0]["name"], "second");
    assert_eq!(home.json("wallet show")["keys"][1]["name"], "second");
}

#[test]
fn what_is_signed_is_verified() {
    let home = Home::new();
    home.run_with_input("wallet restore --key hotkey --file -", WORDS);
    let signed = home.json("wallet sign hello");
    assert_eq!(signed["address"], ADDRESS);
    let signature = signed["signature"].as_str().unwrap();
    let verify = |message: &str| {
        home.run(&format!("wallet verify {message} --address {ADDRESS} --signature {signature} --output json"))
    };
    assert_eq!(verify("hello").json()["good"], true);
    let bad = verify("hallo");
    assert_eq!((bad.code, bad.error().as_str()), (1, "bad-signature"));
    // Bytes could be a transaction.
    let asked = home.run("wallet sign 0x00 --output json");
    assert_eq!((asked.code, asked.error().as_str()), (4, "no-terminal"));
    home.json("wallet sign 0x00 --yes");
}

#[test]
fn nothing_is_asked_without_a_terminal() {
    let home = Home::new();
    home.run_with_input("wallet restore --without-password --file - --wallet there", WORDS);
    for line in [
        "wallet create",
        "wallet restore",
        "wallet export --wallet there",
        "wallet create --wallet there --replace --without-password",
        "network reset",
    ] {
        let said = home.run(&format!("{line} --output json"));
        assert_eq!((said.code, said.error().as_str()), (4, "no-terminal"), "{line}");
        let said = home.run(line);
        assert!(said.err.starts_with("error: ") && said.err.contains("\nhint: "), "{said:?}");
    }
    assert_eq!(home.run("wallet export --wallet there --yes").out.trim(), WORDS, "nothing was replaced");
}

#[test]
fn each_kind_of_mistake_has_its_code() {
    let home = Home::new();
    home.run_with_input("wallet restore --without-password --file -", WORDS);
    for (line, code, exit) in [
        ("wallet show --wallet nobody", "no-wallet", 1),
        ("wallet sign hello", "no-key", 1),
        ("wallet sign hello --hotkey other", "no-key", 1),
        ("wallet new-hotkey a/b", "name", 2),
        ("wallet new-hotkey one --wallet nobody", "no-wallet", 1),
        ("wallet verify hello --address 5Grw --signature 0x00", "address", 2),
        ("wallet restore --wallet new --file /nowhere/at-all", "io", 1),
        ("wallet restore --key hotkey --from address", "usage", 2),
        ("network up --node /nowhere/at-all", "no-node-program", 1),
        ("network logs nobody", "no-node", 1),
    ] {
        let said = home.run(&format!("{line} --output json"));
        assert_eq!((said.error().as_str(), said.code), (code, exit), "{line}");
    }
    let said = home.run_with_input("wallet restore --wallet new --file - --output json", "no words at all");
    assert_eq!((said.code, said.error().as_str()), (1, "secret"));
    let line = format!("wallet verify hello --address {ADDRESS} --signature 0x00 --output json");
    let said = home.run(&line);
    assert_eq!((said.code, said.error().as_str()), (2, "signature"));
    fs::set_permissions(home.coldkey(), fs::Permissions::from_mode(0o644)).unwrap();
    let said = home.run("wallet export --yes --output json");
    assert_eq!((said.code, said.error().as_str()), (1, "wallet-file"));
}

#[test]
fn at_a_terminal_the_password_is_asked_twice_and_the_words_are_shown_once() {
    let home = Home::new();
    let mut typist = home.at_terminal("wallet create");
    typist.wait_for("new password for the coldkey of `default`: ");
    typist.types(&format!("{PASSWORD}\n"));
    typist.wait_for("the same password again: ");
    typist.types(&format!("{PASSWORD}\n"));
    typist.wait_for("The words of the coldkey.");
    typist.wait_for("The words of the hotkey `default`.");
    let (code, screen) = typist.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains(PASSWORD), "the password was shown: {screen}");
    let words = home.run_with_password("wallet export --yes", PASSWORD).out;
    assert_eq!(screen.matches(words.trim()).count(), 1, "{screen}");
}

#[test]
fn passwords_that_differ_make_no_key() {
    let home = Home::new();
    for (first, second) in [(PASSWORD, Some("something else")), ("short", None)] {
        let mut typist = home.at_terminal("wallet create");
        typist.wait_for("new password for the coldkey of `default`: ");
        typist.types(&format!("{first}\n"));
        if let Some(second) = second {
            typist.wait_for("the same password again: ");
            typist.types(&format!("{second}\n"));
        }
        let (code, screen) = typist.end();
        assert_eq!(code, 1, "{screen}");
    }
    assert!(!home.coldkey().exists());
}

#[test]
fn a_question_takes_yes_and_no_and_an_interruption() {
    let home = Home::new();
    home.run_with_input("wallet restore --without-password --file -", WORDS);
    for (answer, expected) in [("y\n", 0), ("n\n", 3), ("\n", 3)] {
        let mut typist = home.at_terminal("wallet export");
        typist.wait_for("Print the private key of the coldkey of `default`? [y/N] ");
        typist.types(answer);
        let (code, screen) = typist.end();
        assert_eq!((code, screen.contains(WORDS)), (expected, expected == 0), "{screen}");
    }
    // The password prompt can be interrupted too, and the terminal is restored.
    let encrypted = Home::new();
    encrypted.run_with_password("wallet create", PASSWORD);
    let mut typist = encrypted.at_terminal("wallet export --yes");
    typist.wait_for("password of the coldkey of `default`: ");
    typist.types("\x03");
    let (code, screen) = typist.end();
    assert_eq!(code, 130, "{screen}");
    let mut typist = home.at_terminal("wallet restore --wallet other");
    typist.wait_for("the words: ");
    typist.types("bottom drive\x03");
    let (code, screen) = typist.end();
    assert_eq!((code, screen.contains("bottom")), (130, false), "{screen}");
}
