//! Makes the corpora of all targets again, from `vectors` and from the output of this workspace.
//!
//! `cargo run -p myelin-fuzz --example seeds`
//!
//! Each run makes the same files. Inputs that a fuzzer found are kept: their names begin with `crash-`.

use base64::{Engine, engine::general_purpose::STANDARD};
use codec::Encode;
use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};
use myelin_epoch::{
    input::{BlockInput, SubnetInput},
    stakes::HotkeyStake,
};
use myelin_fuzz::{
    corpus,
    signing::{FuzzKey, NOW, answer_stream, question},
};
use myelin_keys::{KeyFile, Mnemonic, Secret, Seed, secrecy::ExposeSecret};
use myelin_primitives::{Amount, CertificateKey, Entry, NetUid, PublicKey, Take, Uid, ss58};
use myelin_records::{
    commitment::{Commitment, CommitmentData},
    epoch::EmissionAccount,
    parameters::{NetworkParametersPatch, ParametersPatch},
    seat::Seat,
    weights::WeightsRow,
};
use myelin_subnet_text::{Model, Shape, export, train};
use myelin_wire::{
    Sign,
    replay::{ReplayLimits, ReplayWindow},
    strict::{StreamOutcome, sign_answer, sign_request},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, error::Error, fs, path::Path};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A number that stands for no part of a file.
const RANDOM: u64 = 7;

fn main() -> Outcome {
    texts()?;
    values()?;
    strict()?;
    python()?;
    streams()?;
    replay()?;
    keys()?;
    chain()?;
    subnets()
}

/// Replaces the corpus of a target, except for the inputs that a fuzzer found.
fn put(target: &str, inputs: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Outcome {
    let folder = corpus::folder().join(target);
    fs::create_dir_all(&folder)?;
    for file in fs::read_dir(&folder)? {
        let path = file?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("crash-")) {
            fs::remove_file(path)?;
        }
    }
    for input in inputs {
        let name = hex::encode(&Sha256::digest(input.as_ref())[..8]);
        fs::write(folder.join(name), input)?;
    }
    Ok(())
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn vectors(name: &str) -> Outcome<Value> {
    let content = fs::read(root().join("vectors/neuron").join(name))?;
    // The files hold numbers as Python writes them.
    let content = String::from_utf8(content)?.replace(": NaN", ": null").replace(": Infinity", ": null");
    Ok(serde_json::from_str(&content)?)
}

fn fixture(name: &str) -> Outcome<Vec<u8>> {
    Ok(fs::read(root().join("vectors/formats").join(name))?)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn decoded(value: &Value, name: &str) -> Outcome<Vec<u8>> {
    Ok(STANDARD.decode(text(value, name))?)
}

/// Returns a message in the form that the targets read.
fn message(line: &str, headers: impl IntoIterator<Item = (String, String)>, body: &[u8]) -> Vec<u8> {
    let headers = headers.into_iter().map(|(name, value)| format!("{name}: {value}\n"));
    let head: String = headers.collect();
    [format!("{line}\n{head}\n").as_bytes(), body].concat()
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

/// Returns bytes without a meaning, the same in each run.
fn noise(len: usize, number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut block = Sha256::digest(number.to_le_bytes());
    while bytes.len() < len {
        bytes.extend(block);
        block = Sha256::digest(block);
    }
    bytes.truncate(len);
    bytes
}

fn texts() -> Outcome {
    put(
        "amount",
        [
            "0",
            "12",
            "1.5",
            "1.5tao",
            " 1.50 TAO ",
            "250rao",
            "250 RAO",
            "0.000000001",
            "18446744073.709551615",
            "1e9",
            "١",
        ],
    )?;
    let mut addresses: Vec<String> =
        list(&vectors("addresses.json")?, "ss58").iter().map(|case| text(case, "address").to_owned()).collect();
    let key = PublicKey::from_bytes([7; 32]);
    addresses.extend([0, 42, 63, 64, 13_116, 16_383].map(|prefix| ss58::encode(&key, prefix)));
    // The address has prefix 42 in two bytes.
    addresses.push("Zp1JfEjUEq2zQ9WDPD6W1RFo7FQgj1t5gUhTvhEKvWu1gm7YR".to_owned());
    addresses.push("1".repeat(64));
    put("ss58", addresses)
}

fn values() -> Outcome {
    let values = vectors("python_str.json")?;
    let mut texts: Vec<String> =
        list(&values, "json_values").iter().map(|case| text(case, "json").to_owned()).collect();
    let hashes = vectors("body_hash.json")?;
    let bodies: Vec<String> = list(&hashes, "cases").iter().map(|case| text(case, "body_json").to_owned()).collect();
    texts.extend(bodies.iter().take(4).cloned());
    texts.extend(
        [
            "[1, 1.0, 1e2, -0, -0.0, 1180591620717411303424, NaN, -Infinity, 5e-324, 1.7976931348623157e308]",
            r#"{"a":1,"b":{"a":[{},[],""]},"a":3}"#,
            r#""\u00e9\ud83e\udde0\u007f\n\u0001\"\\\/""#,
            "[[[[[[[[0]]]]]]]]",
            " {\"x\" : [ true , false , null ] } ",
        ]
        .map(str::to_owned),
    );
    put("json", texts)?;

    let of_types = [
        (0, r#"[1, 1.0, "x"]"#),
        (2, r#""yes""#),
        (3, r#"" 4_2 ""#),
        (4, r#""1_0.5""#),
        (5, r#""text""#),
        (7, "[1, 2.5, true]"),
        (10, r#"[1, "a"]"#),
        (13, r#"{"1": ["a"], "01": ["b"]}"#),
        (14, r#"{"buffer": null, "dtype": "float32", "shape": [0]}"#),
        (15, r#""1""#),
        (16, r#""red""#),
        (17, r#"{"y": 0, "n": "3"}"#),
        (18, r#"[{"n": 1, "s": null}, null]"#),
    ];
    let of_types = of_types.map(|(choice, value): (u8, &str)| [&[choice], value.as_bytes()].concat());
    let types = [
        "dict[str, dict[int, Any]]",
        "typing.Optional[bittensor.core.tensor.Tensor]",
        "Union[bool, list[str | None]]",
        "tuple[float, ...]",
        &format!("{}int{}", "Optional[".repeat(31), "]".repeat(31)),
    ];
    let types = types.map(|name: &str| [&[255], name.as_bytes()].concat());
    let messages = bodies.iter().take(3).map(|body| [&[0], body.as_bytes()].concat());
    put("class", of_types.into_iter().chain(types).chain(messages))?;

    let tensors = vectors("tensor.json")?;
    let mut inputs = Vec::new();
    for case in list(&tensors, "cases") {
        inputs.push([&[0], hex::decode(text(case, "msgpack_hex"))?.as_slice()].concat());
        inputs.push([&[1], case["wire"].to_string().as_bytes()].concat());
    }
    for case in list(&tensors, "validation") {
        inputs.push([&[1], case["input"].to_string().as_bytes()].concat());
    }
    put("tensor", inputs)?;

    let keys = [CertificateKey::Ed25519([1; 32]), CertificateKey::P256([2; 64]), CertificateKey::InfoHash([3; 32])];
    put("certificate", keys.map(|key| key.to_bytes()).into_iter().chain([Vec::new(), vec![9, 1]]))
}

fn strict() -> Outcome {
    let recorded = vectors("btauth.json")?;
    let mut inputs = Vec::new();
    for case in list(&recorded, "cases") {
        let line = format!("{} {}", text(case, "method"), text(case, "path"));
        inputs.push(message(&line, pairs(&case["headers"]), &hex::decode(text(case, "body_hex"))?));
    }
    // Half of the inputs are recorded, and half are from this workspace.
    let mut own = Vec::new();
    let (caller, neuron) = (FuzzKey::caller(), FuzzKey::neuron());
    let placed = "/myelin/0707070707070707/7/Echo?stream=1";
    for (target, body, receiver) in [("/a?b", &b"hello"[..], true), ("/", b"", false), (placed, b"{}", true)] {
        let receiver = receiver.then(|| neuron.hotkey());
        let (headers, _) = sign_request(&caller, ("POST", target), body, NOW, receiver)?;
        own.push(message(&format!("POST {target} HTTP/1.1"), headers, body));
    }
    let requests = inputs.iter().step_by(2).chain(&own).cloned();
    put("strict_request", requests)?;

    let (_, request) = question();
    let mut answer = sign_answer(&neuron, &request, (200, "text/plain"), b"world", NOW)?.headers;
    answer.push("content-type", "text/plain");
    let answer = message("POST /generate", answer, b"world");
    put("btauth_head", inputs.into_iter().skip(1).step_by(5).chain(own).chain([answer]))
}

fn python() -> Outcome {
    let exchanges = vectors("exchanges.json")?;
    let mut requests = Vec::new();
    let mut kinds = BTreeSet::new();
    for case in list(&exchanges, "exchanges") {
        let request = decoded(case, "request_b64")?;
        // One input of each kind of outcome is kept, since most of their bytes are the same.
        let outcome = (text(case, "http_status").to_owned(), text(case, "note").split(' ').next().unwrap_or_default());
        if request.len() < 2_500 && kinds.insert(outcome) && requests.len() < 24 {
            requests.push(request);
        }
    }
    put("v1_request", &requests)?;

    let mut heads: Vec<Vec<u8>> = Vec::new();
    let recorded = vectors("headers.json")?;
    for case in list(&recorded, "from_headers") {
        heads.push(message("POST /Echo", pairs(&case["headers"]), b""));
    }
    for case in list(&recorded, "to_headers").iter().take(2) {
        let headers = list(case, "headers").iter().map(|pair| {
            let part = |at: usize| pair[at].as_str().unwrap_or_default().to_owned();
            (part(0), part(1))
        });
        heads.push(message("POST /Synapse", headers, b""));
    }
    for case in list(&vectors("client_outcomes.json")?, "cases").iter().step_by(3) {
        heads.push(decoded(case, "response_b64")?);
    }
    heads.extend(requests.into_iter().take(2));
    put("v1_head", heads.into_iter().filter(|head| head.len() < 2_500))
}

fn streams() -> Outcome {
    let frames = |groups: &[&[u8]], outcome: StreamOutcome| -> Outcome<Vec<u8>> {
        let (_, mut writer) = answer_stream();
        let mut bytes = Vec::new();
        for group in groups {
            bytes.extend(writer.group(group)?);
        }
        bytes.extend(writer.end(outcome).0);
        Ok(bytes)
    };
    let long = noise(600, RANDOM);
    let mut inputs = Vec::new();
    for (cut, groups, outcome) in [
        (6_u8, &[&b"one"[..], b" two", b" three"][..], StreamOutcome::Complete),
        (255, &[b" "], StreamOutcome::Complete),
        (63, &[b"one", &long], StreamOutcome::Broken),
        (0, &[], StreamOutcome::Complete),
        (20, &[b"a", b"b", b"c", b"d", b"e", b"f"], StreamOutcome::Complete),
    ] {
        inputs.push([&[cut], frames(groups, outcome)?.as_slice()].concat());
    }
    let whole = inputs[0].clone();
    // The streams are cut short, have a second end, or have two groups in another order.
    let group = 5 + 3 + 64;
    let two = group + 5 + 4 + 64;
    inputs.push(whole[..whole.len() - 1].to_vec());
    inputs.push([&whole[..], &whole[whole.len() - 66..]].concat());
    inputs.push([&whole[..1], &whole[1 + group..=two], &whole[1..=group]].concat());
    // A group without bytes.
    inputs.push([&[9, 1, 0, 0, 0, 0][..], &[0; 64]].concat());
    put("stream_reader", inputs)?;

    let receipts = [fixture("receipt/1/answer.json")?, fixture("receipt/1/stream.json")?];
    let parse = |text: &[u8]| serde_json::from_slice::<Value>(text);
    let (answer, stream) = (parse(&receipts[0])?, parse(&receipts[1])?);
    let mut crossed = stream.clone();
    crossed["answer"] = answer["answer"].clone();
    let mut headless = stream;
    headless.as_object_mut().ok_or("a receipt is an object")?.remove("end");
    let altered =
        [crossed.to_string().into_bytes(), headless.to_string().into_bytes(), answer.to_string().into_bytes()];
    put("receipt", receipts.into_iter().chain(altered))
}

fn replay() -> Outcome {
    let mut inputs = Vec::new();
    for number in 0..6 {
        inputs.push([&[0], noise(80, number).as_slice()].concat());
    }
    let stored = fixture("replay-window/2/window.bin")?;
    let content = &stored[16..stored.len() - 32];
    inputs.push([&[1], content].concat());
    inputs.push([&[2], stored.as_slice()].concat());
    inputs.push([&[2], fixture("replay-window/1/window.bin")?.as_slice()].concat());
    let empty = ReplayWindow::new(ReplayLimits::default()).to_bytes();
    inputs.push([&[1], &empty[16..empty.len() - 32]].concat());
    put("replay_file", inputs)
}

/// Returns a file that is encrypted with `NaCl`, with a known key and nonce.
fn sealed(plain: &[u8], key: [u8; 32]) -> Outcome<Vec<u8>> {
    let (nonce, tag, buffer) = secretbox(plain, key)?;
    Ok([b"$NACL", nonce.as_slice(), &tag, &buffer].concat())
}

fn secretbox(plain: &[u8], key: [u8; 32]) -> Outcome<([u8; 24], Vec<u8>, Vec<u8>)> {
    let nonce = [3; 24];
    let mut buffer = plain.to_vec();
    let cipher = XSalsa20Poly1305::new(&key.into());
    let tag = cipher.encrypt_in_place_detached(&nonce.into(), b"", &mut buffer).map_err(|_| "it can be encrypted")?;
    Ok((nonce, tag.to_vec(), buffer))
}

fn keys() -> Outcome {
    let wallets = vectors("wallets.json")?;
    let seed: Seed = format!("0x{}", "05".repeat(32)).parse()?;
    let secret = Secret::from_seed(seed);
    let words = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
    let mnemonic = Secret::from_mnemonic(Mnemonic::parse(words)?);
    let private = KeyFile::encode_private(&secret).expose_secret().clone();
    let bare = Secret::from_private_key(secret.export_private_key().expose_secret())?;
    let mut inputs = vec![
        private.clone(),
        KeyFile::encode_private(&mnemonic).expose_secret().clone(),
        KeyFile::encode_private(&bare).expose_secret().clone(),
        KeyFile::encode_public(&secret.public()),
        sealed(&private, [7; 32])?,
        decoded(&wallets["ansible"], "content_b64")?,
        decoded(&wallets["fernet"], "content_b64")?,
        decoded(&wallets["utf8_seed_defect"], "written_b64")?,
    ];
    // Most files of other tools are kept without words, because each mnemonic costs a derivation.
    for case in list(&wallets, "reading") {
        let content = decoded(case, "content_b64")?;
        if !String::from_utf8_lossy(&content).contains("secretPhrase") {
            inputs.push(content);
        }
    }
    put("keyfile", inputs)?;

    let scrypt =
        |n: u32, p: u32, r: u32| [[7; 32].as_slice(), &n.to_le_bytes(), &p.to_le_bytes(), &r.to_le_bytes()].concat();
    let mut exports = Vec::new();
    for (kinds, parameters) in [
        (r#"["scrypt","xsalsa20-poly1305"]"#, Some((16, 1, 1))),
        (r#"["scrypt","xsalsa20-poly1305"]"#, Some((4, 2, 8))),
        // This is the largest block of all passes, which counts like the table.
        (r#"["scrypt","xsalsa20-poly1305"]"#, Some((2, 4, 1 << 20))),
        (r#"["scrypt","xsalsa20-poly1305"]"#, Some((1 << 15, 0, 8))),
        (r#"["xsalsa20-poly1305"]"#, None),
        (r#""xsalsa20-poly1305""#, None),
        (r#"["none"]"#, None),
    ] {
        exports.push(export(&secret, kinds, parameters.map(|(n, p, r)| (scrypt(n, p, r), n, p, r)))?);
    }
    put("polkadot_export", exports)?;

    let mut uris: Vec<String> =
        ["//Alice", "//Alice///", "//1/2//3/soft///pass/word", "0x12//Alice", "abandon", "//", words]
            .map(str::to_owned)
            .into();
    let seed = format!("0x{}", "05".repeat(32));
    for path in ["", "//hard", "/soft", "//1//2/3", "//18446744073709551616", "///passphrase", "//é", "/"] {
        uris.push(format!("{seed}{path}"));
        uris.push(format!("{}{path}", seed.to_uppercase().replace("0X", "0x")));
    }
    uris.push(format!("{seed}//{}", "a".repeat(70)));
    put("secret_uri", uris)
}

/// Returns an export of a Polkadot wallet under the password of the target.
fn export(secret: &Secret, kinds: &str, derivation: Option<(Vec<u8>, u32, u32, u32)>) -> Outcome<String> {
    let password = b"fuzz";
    let mut key = [0; 32];
    let head = if let Some((head, n, p, r)) = derivation {
        // An export with refused parameters has no key.
        if n * r < 1 << 16 && p > 0 {
            let parameters =
                scrypt::Params::new(u8::try_from(n.ilog2())?, r, p, 32).map_err(|error| error.to_string())?;
            scrypt::scrypt(password, &[7; 32], &parameters, &mut key).map_err(|error| error.to_string())?;
        }
        head
    } else {
        key[..password.len()].copy_from_slice(password);
        Vec::new()
    };
    let private = hex::decode(secret.export_private_key().expose_secret().trim_start_matches("0x"))?;
    // These files hold the scalar multiplied by 8.
    let mut scalar = [0; 32];
    let mut carry = 0;
    for (to, from) in scalar.iter_mut().zip(&private) {
        *to = (from << 3) | carry;
        carry = from >> 5;
    }
    let pkcs8: [u8; 16] =
        [0x30, 0x53, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let divider = [0xa1, 0x23, 0x03, 0x21, 0x00];
    let plain = [&pkcs8[..], &scalar, &private[32..], &divider, &secret.public().to_bytes()].concat();
    let (nonce, tag, buffer) = secretbox(&plain, key)?;
    let encoded = STANDARD.encode([head.as_slice(), &nonce, &tag, &buffer].concat());
    let address = secret.public().to_string();
    Ok(format!(
        r#"{{"encoded":"{encoded}","encoding":{{"content":["pkcs8","sr25519"],"type":{kinds},"version":"3"}},"address":"{address}","meta":{{}}}}"#
    ))
}

fn chain() -> Outcome {
    let mut items = vec![
        CommitmentData::None,
        CommitmentData::BlakeTwo256([9; 32]),
        CommitmentData::Sha256([9; 32]),
        CommitmentData::Keccak256([9; 32]),
        CommitmentData::ShaThree256([9; 32]),
    ];
    items.extend([&b""[..], b"myelin", &[7; 128]].into_iter().filter_map(CommitmentData::raw));
    let inputs = items.into_iter().flat_map(|info| [info.encode(), Commitment { block: 258, info }.encode()]);
    put("commitment", inputs)?;

    let patches = [
        ParametersPatch::default(),
        ParametersPatch { tempo: Some(99), commit_reveal: Some(false), ..ParametersPatch::default() },
        ParametersPatch {
            min_burn: Some(Amount::from_rao(1)),
            max_burn: Some(Amount::from_rao(1 << 40)),
            alpha_values: Some(myelin_records::parameters::AlphaValues { low: 2_000, high: 50_000 }),
            alpha_sigmoid_steepness: Some(-5),
            min_childkey_take: Some(Take::new(9)),
            ..ParametersPatch::default()
        },
    ];
    let network = [
        NetworkParametersPatch::default(),
        NetworkParametersPatch {
            subnet_limit: Some(3),
            min_delegate_take: Some(Take::new(9_000)),
            stake_threshold: Some(Amount::ONE_TAO),
            ..NetworkParametersPatch::default()
        },
    ];
    let inputs = patches.map(|patch| [&[0], patch.encode().as_slice()].concat()).into_iter();
    put("patch", inputs.chain(network.map(|patch| [&[1], patch.encode().as_slice()].concat())))?;

    put("pool", (0..8).map(|number| noise(120, 100 + number)))?;

    let blocks = (0..8_u8).map(|number| {
        // Six of eight blocks are built from bytes.
        let choice = [0, 1, 2, 3, 8, 9, 11, 0][usize::from(number)];
        [&[choice], noise(420, 200 + u64::from(number)).as_slice()].concat()
    });
    put(
        "epoch",
        blocks.chain([[&[6], pair().encode().as_slice()].concat(), [&[7], pair().encode().as_slice()].concat()]),
    )
}

/// Returns a subnet in which the validator on seat 0 rates the miner on seat 1.
fn pair() -> BlockInput<u8> {
    let entries = vec![Entry::new(Uid::new(1), u16::MAX)];
    let row = WeightsRow { entries: entries.try_into().unwrap_or_default(), fixed_at: 90, missed_at: None };
    let subnet = SubnetInput {
        owner: Some(b'O'),
        seats: (*b"vm").map(|hotkey| Seat { hotkey, registered_at: 1 }).into(),
        permits: vec![true, false],
        rows: vec![row],
        last_updates: vec![90],
        ..SubnetInput::default()
    };
    let mut block = BlockInput { number: 100, ..BlockInput::default() };
    let account = EmissionAccount { settled: Amount::from_rao(1_001), ..EmissionAccount::default() };
    // There is room for one.
    let _ = block.ledger.try_insert(NetUid::new(1), account);
    block.accrual.pending = Amount::from_rao(1_001);
    block.subnets.insert(NetUid::new(1), subnet);
    for hotkey in *b"vm" {
        let (mut pool, mut holding) = Default::default();
        let stake = Amount::from_rao(if hotkey == b'v' { 1_000 } else { 0 });
        if myelin_economics::pool::Pool::deposit(&mut pool, &mut holding, stake).is_ok() {
            let owner = hotkey.to_ascii_uppercase();
            block.stakes.insert(hotkey, HotkeyStake { owner, take: Some(Take::new(9_000)), pool, holding });
        }
    }
    block.issuance.staked = Amount::from_rao(1_000);
    block
}

fn subnets() -> Outcome {
    let validator = fixture("validator/1/validator.json")?;
    let compact = serde_json::from_slice::<Value>(&validator)?;
    let mut empty = compact.clone();
    empty["scores"] = json!([]);
    empty["promises"] = json!([]);
    let mut wrong = compact.clone();
    wrong["scores"][0]["answered"] = json!(42);
    let others = [compact, empty, wrong].map(|value| value.to_string().into_bytes());
    put("validator_file", [validator].into_iter().chain(others))?;

    let evidence = fixture("evidence/1/evidence.json")?;
    let value = serde_json::from_slice::<Value>(&evidence)?;
    let said = text(&value, "said").to_owned();
    let lines: Vec<&str> = said.split_inclusive('\n').collect();
    let mut altered = value.clone();
    altered["question"]["seed"] = json!(8);
    put("evidence", [evidence, value.to_string().into_bytes(), altered.to_string().into_bytes()])?;
    let others = ["{\"failed\":\"no miner can be asked at present\"}\n", "{\"finish\":\"length\"}\n", "{}\n", "\n"];
    put("gate_line", [said.as_str()].into_iter().chain(lines).chain(others))?;
    put(
        "text_line",
        [
            "{\"token\":17,\"logprob\":-0.25,\"text\":\" a\"}\n{\"token\":9,\"logprob\":-1.5,\"text\":\" fox\"}\n{\"finish\":\"length\"}\n",
            "{\"finish\":\"stop\"}\n",
            "{\"token\":4294967295,\"logprob\":-3.4028235e38,\"text\":\"\\u0000\\ud83e\\udde0\"}\n",
            "{\"token\":0,\"logprob\":1e-3,\"text\":\"\"}\n{\"finish\":\"stop\"}\n",
            "{\"logprob\":0,\"text\":\"é\",\"token\":1}",
        ],
    )?;
    models()
}

fn models() -> Outcome {
    let folder = tempfile::tempdir()?;
    let shape = Shape { layers: 1, width: 32, heads: 2, kv_heads: 1, inner: 32, context: 64, vocabulary: 258 };
    train::initialise(folder.path(), &shape, 1)?;
    let config = fs::read(folder.path().join("config.json"))?;
    let mut configs = vec![config.clone()];
    let with = |changes: Value| -> Outcome<Vec<u8>> {
        let mut config = serde_json::from_slice::<Value>(&config)?;
        for (name, value) in changes.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        Ok(config.to_string().into_bytes())
    };
    let llama3 = json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    });
    for changes in [
        json!({ "rope_scaling": llama3, "rope_theta": 500_000.0, "eos_token_id": [1, 2] }),
        json!({ "model_type": "qwen2", "sliding_window": 32, "use_sliding_window": false }),
        json!({ "model_type": "mistral", "sliding_window": 16, "head_dim": 16 }),
        json!({ "rope_scaling": { "type": "linear", "factor": 2.0 }, "rope_theta": null }),
        json!({ "rope_parameters": { "rope_type": "default", "rope_theta": 1e6 } }),
        json!({ "hidden_act": "gelu" }),
        json!({ "head_dim": 2_048 }),
    ] {
        configs.push(with(changes)?);
    }
    put("model_config", configs)?;

    let path = folder.path().join("model.gguf");
    export::gguf(&Model::load(folder.path())?, &path, export::Precision::Q4)?;
    let whole = fs::read(&path)?;
    let name = b"general.architecture";
    let start = whole.windows(name.len()).position(|part| part == name).ok_or("a file names its architecture")? - 8;
    let tokens = b"tokenizer.ggml.tokens";
    let words = whole.windows(tokens.len()).position(|part| part == tokens).ok_or("a file has words")? - 8;
    // The input is the head up to the words. It is small, so that most mutations change the first keys.
    let keys = u64::try_from(13)?;
    let head = [&whole[..8], &0_u64.to_le_bytes(), &keys.to_le_bytes(), &whole[start..words]].concat();
    let named = || key("general.architecture", 8, &[&5_u64.to_le_bytes()[..], b"llama"].concat());
    let aligned = |bytes: u32| key("general.alignment", 4, &bytes.to_le_bytes());
    let nested = key("tokenizer.ggml.tokens", 9, &[9_u32.to_le_bytes().as_slice(), &[0; 8]].concat());
    put(
        "gguf",
        [
            whole,
            head,
            small_gguf(&[], "token_embd.weight", [4, 2]),
            small_gguf(&[named(), aligned(64)], "rope_freqs.weight", [4, 2]),
            // Both inputs once ended a process.
            small_gguf(&[aligned(0)], "token_embd.weight", [4, 2]),
            small_gguf(&[named()], "rope_freqs.weight", [1 << 40, 1 << 40]),
            small_gguf(&[named(), nested], "output.weight", [u64::MAX, 1]),
        ],
    )
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

/// Returns a key of a GGUF file with a value of this type.
fn key(name: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    [string(name).as_slice(), &kind.to_le_bytes(), value].concat()
}

/// Returns a GGUF file with these keys and one tensor of 32-bit numbers.
fn small_gguf(keys: &[Vec<u8>], tensor: &str, [width, height]: [u64; 2]) -> Vec<u8> {
    let head = [b"GGUF".as_slice(), &3_u32.to_le_bytes(), &1_u64.to_le_bytes(), &(keys.len() as u64).to_le_bytes()];
    let rank = 2_u32.to_le_bytes();
    let [width, height] = [width, height].map(u64::to_le_bytes);
    let tensor =
        [string(tensor).as_slice(), &rank, &width, &height, &0_u32.to_le_bytes(), &0_u64.to_le_bytes()].concat();
    [head.concat(), keys.concat(), tensor, vec![0; 96]].concat()
}
