//! Formats that never change, by their fixtures in `vectors/formats`: a change here breaks programs of other people, and
//! receipts that are kept.
//!
//! Signatures differ each time, so a key of these tests signs what was signed when the fixtures were made, as it was
//! signed then. All that is written is then written to the same bytes.

use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Sign, SignedProof, Synapse, UnixNanos,
    class::{Class, Field, Types},
    from_ss58,
    python::{Dict, Value as Python},
    replay::{ReplayLimits, ReplayWindow},
    strict::{
        Content, Receipt, StreamOutcome, StreamReader, StreamWriter, StrictDoor, sign_answer, sign_request,
        verify_answer,
    },
    v1::{
        AnswerTime, Classes, ClientReport, Freshness, HandlerReply, HttpResponse, TransportEvent, UnsignedFields,
        V1Client, V1Door, V1Server, V1Target,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, net::IpAddr, path::Path, sync::Arc};

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../vectors/formats").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text_file(name: &str) -> String {
    String::from_utf8(file(name)).unwrap()
}

fn meaning(folder: &str) -> Value {
    serde_json::from_slice(&file(&format!("{folder}/meaning.json"))).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {value}"))
}

fn hotkey(value: &Value, name: &str) -> PublicKey {
    from_ss58(text(value, name)).unwrap()
}

/// Headers as they stand in a file, one a line.
fn written(headers: &Headers) -> String {
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    lines.concat()
}

fn read_headers(text: &str) -> Headers {
    text.lines().map(|line| line.split_once(": ").unwrap()).collect()
}

/// A key that signs what it has signed before.
struct RecordedKey {
    public: PublicKey,
    signatures: BTreeMap<Vec<u8>, [u8; 64]>,
}

impl RecordedKey {
    fn new(public: PublicKey, signed: impl IntoIterator<Item = (String, String)>) -> Self {
        let signatures = signed.into_iter().map(|(text, signature)| {
            let digits = signature.strip_prefix("0x").unwrap();
            (text.into_bytes(), hex::decode(digits).unwrap().try_into().unwrap())
        });
        Self { public, signatures: signatures.collect() }
    }
}

impl Sign for RecordedKey {
    fn public(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        let recorded = self.signatures.get(message);
        *recorded.unwrap_or_else(|| panic!("another text is signed: {}", String::from_utf8_lossy(message)))
    }
}

/// The request of `strict-request/1`, written anew.
fn strict_request() -> (Headers, SignedProof) {
    let said = meaning("strict-request/1");
    let signed = [(text_file("strict-request/1/request.txt"), text(&said, "signature").to_owned())];
    let caller = RecordedKey::new(hotkey(&said, "sender"), signed);
    let (line, body) = ((text(&said, "method"), text(&said, "target")), text(&said, "body"));
    sign_request(&caller, line, body.as_bytes(), number(&said, "nonce"), Some(hotkey(&said, "receiver"))).unwrap()
}

#[test]
fn strict_request_1() {
    let said = meaning("strict-request/1");
    let (headers, proof) = strict_request();
    assert_eq!(proof.text(), text_file("strict-request/1/request.txt"));
    assert_eq!(written(&headers), text_file("strict-request/1/headers.txt"));
    assert_eq!(hex::encode(proof.digest()), text(&said, "digest"));

    let headers = read_headers(&text_file("strict-request/1/headers.txt"));
    let request = ReceivedRequest { method: text(&said, "method"), target: text(&said, "target"), headers: &headers };
    let claimed = StrictDoor::new(hotkey(&said, "receiver")).open(request, number(&said, "nonce")).unwrap();
    let authentic = claimed.verify(text(&said, "body").as_bytes().to_vec()).unwrap();
    let mut window = ReplayWindow::new(ReplayLimits::default());
    let request = authentic.admit(&mut window, number(&said, "nonce")).unwrap();
    assert_eq!((request.sender(), request.proof()), (hotkey(&said, "sender"), &proof));
    assert_eq!(request.content().target, text(&said, "target"));
}

#[test]
fn strict_answer_1() {
    let said = meaning("strict-answer/1");
    let (_, request) = strict_request();
    let signed = [(text_file("strict-answer/1/answer.txt"), text(&said, "signature").to_owned())];
    let responder = RecordedKey::new(hotkey(&said, "responder"), signed);
    let status = u16::try_from(number(&said, "status")).unwrap();
    let (content_type, body) = (text(&said, "content_type"), text(&said, "body").as_bytes());
    let answer = sign_answer(&responder, &request, (status, content_type), body, number(&said, "answered_at")).unwrap();
    assert_eq!(answer.proof.text(), text_file("strict-answer/1/answer.txt"));
    assert_eq!(written(&answer.headers), text_file("strict-answer/1/headers.txt"));

    let mut headers = read_headers(&text_file("strict-answer/1/headers.txt"));
    headers.push("content-type", content_type);
    let read = verify_answer(&request, responder.hotkey(), status, &headers, body.to_vec()).unwrap();
    assert_eq!((read.sender(), read.proof()), (responder.hotkey(), &answer.proof));
    assert_eq!(read.content().answered_at, number(&said, "answered_at"));
}

#[test]
fn stream_1() {
    let said = meaning("stream/1");
    let (_, request) = strict_request();
    let signed = said["signed"].as_array().unwrap().iter();
    let signed = signed.map(|one| (text(one, "text").to_owned(), text(one, "signature").to_owned()));
    let responder = RecordedKey::new(hotkey(&said, "responder"), signed);
    let here = responder.hotkey();
    let status = u16::try_from(number(&said, "status")).unwrap();
    let groups: Vec<&str> = said["groups"].as_array().unwrap().iter().map(|group| group.as_str().unwrap()).collect();
    let (head, mut writer) =
        StreamWriter::new(responder, &request, (status, text(&said, "content_type")), number(&said, "answered_at"))
            .unwrap();
    let mut frames: Vec<u8> = groups.iter().flat_map(|group| writer.group(group.as_bytes()).unwrap()).collect();
    frames.extend(writer.end(StreamOutcome::Complete).0);
    assert_eq!(written(&head.headers), text_file("stream/1/headers.txt"));
    assert_eq!(frames, file("stream/1/frames.bin"));

    let mut headers = read_headers(&text_file("stream/1/headers.txt"));
    headers.push("content-type", text(&said, "content_type"));
    let mut reader = StreamReader::new(&request, here, status, &headers).unwrap();
    let read = reader.push(&file("stream/1/frames.bin")).unwrap();
    assert_eq!(read, groups.iter().map(|group| group.as_bytes()).collect::<Vec<_>>());
    assert_eq!(reader.finish().unwrap().outcome.word(), text(&said, "outcome"));
}

#[test]
fn receipt_1() {
    let said = meaning("receipt/1");
    for name in ["answer", "stream"] {
        let (said, kept) = (&said[name], text_file(&format!("receipt/1/{name}.json")));
        let receipt: Receipt = serde_json::from_str(&kept).unwrap();
        assert_eq!(serde_json::to_string_pretty(&receipt).unwrap(), kept.trim_end());
        let statement = receipt.verify().unwrap();
        let content = match &statement.content {
            Content::Whole(digest) => json!({ "body": said["content"]["body"], "digest": digest }),
            Content::Stream { groups, outcome } => {
                json!({ "groups": said["content"]["groups"], "count": groups, "outcome": outcome.word() })
            }
        };
        assert_eq!(
            json!({
                "caller": statement.caller.to_string(),
                "responder": statement.responder.to_string(),
                "method": statement.method,
                "target": statement.target,
                "request_body": said["request_body"],
                "asked_at": statement.asked_at,
                "status": statement.status,
                "content_type": statement.content_type,
                "answered_at": statement.answered_at,
                "content": content,
            }),
            *said
        );
        assert!(statement.is_request(text(said, "request_body").as_bytes()));
        let groups = said["content"]["groups"].as_array().map(|groups| {
            let groups: Vec<_> = groups.iter().map(|group| group.as_str().unwrap().as_bytes()).collect();
            statement.is_stream(groups)
        });
        assert!(groups.unwrap_or_else(|| statement.is_answer(text(&said["content"], "body").as_bytes())));
    }
}

fn echo() -> Class {
    let kind = |name: &str| Types::default().parse(name).unwrap();
    let fields = vec![
        Field::required("text", kind("str")),
        Field::with_default("numbers", kind("list[float]"), Python::List(Vec::new())),
    ];
    Class::new("Echo", fields).unwrap().hashing(&["text", "numbers"]).unwrap()
}

fn echo_fields(said: &Value) -> Dict {
    let numbers = said["numbers"].as_array().unwrap().iter();
    let numbers = numbers.map(|number| Python::Float(number.as_f64().unwrap())).collect();
    [("text", Python::from(text(said, "text"))), ("numbers", Python::List(numbers))].into_iter().collect()
}

#[test]
fn v1_headers_1() {
    let said = meaning("v1-headers/1");
    let (request, answer) = (&said["request"], &said["answer"]);
    let nonce = number(request, "nonce");
    let signed = [(text(request, "signed").to_owned(), text(request, "signature").to_owned())];
    let client = V1Client {
        signer: RecordedKey::new(hotkey(request, "caller"), signed),
        uuid: text(request, "uuid").to_owned(),
        ip: text(request, "ip").parse::<IpAddr>().unwrap(),
    };
    let target = V1Target {
        ip: text(request, "axon_ip").parse().unwrap(),
        port: u16::try_from(number(request, "axon_port")).unwrap(),
        hotkey: hotkey(request, "axon"),
    };
    let message = Synapse::new(Arc::new(echo()), &echo_fields(request)).unwrap();
    let prepared = client.prepare(message, &target, nonce);
    assert_eq!(written(&prepared.headers), text_file("v1-headers/1/request.txt"));
    assert_eq!(prepared.body, file("v1-headers/1/request.json"));

    let classes = Classes::new([echo()]);
    let door = V1Door {
        here: target.hotkey,
        classes: &classes,
        freshness: Freshness::default(),
        unsigned_fields: UnsignedFields::Refuse,
    };
    let headers = read_headers(&text_file("v1-headers/1/request.txt"));
    let received = ReceivedRequest { method: "POST", target: "/Echo", headers: &headers };
    let mut window = ReplayWindow::new(ReplayLimits::default());
    let authentic = door.open(received, nonce).unwrap().admit(&mut window, nonce).unwrap();
    let read = authentic.read(&file("v1-headers/1/request.json")).unwrap();
    assert_eq!((read.sender(), read.proof().text()), (hotkey(request, "caller"), text(request, "signed")));
    assert_eq!(read.content().get("text"), Some(&Python::from(text(request, "text"))));

    let server = V1Server {
        signer: RecordedKey::new(target.hotkey, []),
        uuid: text(answer, "uuid").to_owned(),
        ip: text(request, "axon_ip").to_owned(),
        port: target.port,
    };
    let process_time = answer["process_time"].as_f64().unwrap();
    let at = AnswerTime { now: number(answer, "answered_at") as UnixNanos, process_time, incident: 0 };
    let mut echo = read.into_content();
    echo.set("text", Python::from(text(answer, "text"))).unwrap();
    let reply = server.answer(HandlerReply::from(echo), at);
    assert_eq!(written(&reply.headers), text_file("v1-headers/1/answer.txt"));
    assert_eq!(reply.body, file("v1-headers/1/answer.json"));

    let headers = read_headers(&text_file("v1-headers/1/answer.txt"));
    let response = HttpResponse { status: 200, headers, body: file("v1-headers/1/answer.json") };
    let report = ClientReport::new(&prepared.message, "127.0.0.1:8091/Echo", TransportEvent::Answered(response));
    assert!(report.is_success(), "{:?}", report.status_message());
    assert_eq!(report.message.get("text"), Some(&Python::from(text(answer, "text"))));
}
