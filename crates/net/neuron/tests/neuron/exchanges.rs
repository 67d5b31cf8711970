//! Requests of `vectors/neuron/exchanges.json`, which Python neurons sent, sent again to our axon.

use crate::{CALLER, Key, class, dendrite_of, key, signer, soon, text, wire::Raw};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::stream;
use myelin_neuron::{
    Answer, AskError, Axon, Caller, Clock, Dendrite, Endpoint, Failure, HandlerOutput, ManualClock, Peer, Priority,
    PriorityError, Rules, Signer,
};
use myelin_wire::{
    PublicKey, Sign, Synapse,
    class::Class,
    python::{Value, json},
    v1::{HandlerReply, UnsignedFields},
};
use std::{fs, net::SocketAddr, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Dict(dict) = value else { panic!("not an object: {value:?}") };
    dict.get(name).filter(|value| **value != Value::None)
}

fn string<'a>(value: &'a Value, name: &str) -> &'a str {
    get(value, name).and_then(Value::as_text).unwrap_or_default()
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(string(value, name)).unwrap()
}

fn pairs(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let Value::Dict(dict) = value else { panic!("not an object: {value:?}") };
    dict.iter().map(|(name, value)| (name.as_text().unwrap(), value))
}

/// The hotkey of the recorded axon. Its signatures are not compared.
struct Recorded(PublicKey, Key);

impl Sign for Recorded {
    fn public(&self) -> [u8; 32] {
        *self.0.as_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.1.sign(message)
    }
}

/// The functions of the recorded axon.
struct Functions {
    unwanted: PublicKey,
    note: String,
}

impl Rules for Functions {
    fn verify(&self, caller: &Caller<'_>) -> Result<(), String> {
        if caller.endpoint == "Verified" { Err("custom check refused it".to_owned()) } else { Ok(()) }
    }

    fn blacklist(&self, caller: &Caller<'_>) -> Result<(), String> {
        let is_unwanted = caller.endpoint.starts_with("Echo") && caller.hotkey == self.unwanted;
        if is_unwanted { Err("not on the list".to_owned()) } else { Ok(()) }
    }

    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        if caller.endpoint != "Prioritised" || !self.note.contains("raises") {
            return Ok(Priority::Seat(1));
        }
        if self.note.contains("TimeoutError") {
            Err(PriorityError::Late)
        } else {
            Err(PriorityError::Failed("raised".to_owned()))
        }
    }
}

fn classes() -> [Class; 5] {
    let only_text: &[(&str, &str)] = &[("text", "str = \"\"")];
    [
        class(
            "Echo",
            &[("text", "str"), ("numbers", "list[float]"), ("tensor", "Optional[Tensor] = null")],
            &["text", "numbers", "tensor"],
        ),
        class("EchoStream", &[("text", "str"), ("delay_ms", "int = 0"), ("completion", "str = \"\"")], &["text"]),
        class("Count", &[("text", "str = \"\""), ("extra", "str = \"\"")], &["text"]),
        class("Verified", only_text, &[]),
        class("Prioritised", only_text, &[]),
    ]
}

/// Returns the handler of the recorded axon, which the text controls. `streamed` has the bytes of its stream.
fn endpoint(class: Class, streamed: Vec<u8>, breaks: bool) -> Endpoint {
    let is_stream = class.name() == "EchoStream";
    Endpoint::new(class, move |request| {
        let streamed = streamed.clone();
        async move {
            let message = request.into_content();
            let command = text(&message).to_owned();
            let reply =
                |status, status_message| Ok(HandlerReply { message: message.clone(), status, status_message }.into());
            match command.strip_prefix('!') {
                Some("raise") => Err(Failure::from("raised")),
                Some("message") => reply(None, Some("не latin-1".to_owned())),
                Some(status) if status.parse::<u16>().is_ok() => reply(status.parse().ok(), None),
                _ if is_stream => {
                    let end = breaks.then(|| Err(Failure::from("raised half way")));
                    let pieces = [Ok(streamed.into())].into_iter().chain(end);
                    Ok(HandlerOutput::stream(message, stream::iter(pieces.collect::<Vec<_>>())))
                }
                _ => Ok(message.into()),
            }
        }
    })
}

struct File(Value);

impl File {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../vectors/neuron/exchanges.json");
        Self(json::read(&fs::read(path).unwrap()).unwrap())
    }

    fn cases(&self, insecure: bool) -> impl Iterator<Item = &Value> {
        let Some(Value::List(cases)) = get(&self.0, "exchanges") else { panic!("no exchanges") };
        cases.iter().filter(move |case| (get(case, "insecure") == Some(&Value::Bool(true))) == insecure)
    }

    async fn axon(&self, case: &Value, unsigned_fields: UnsignedFields) -> Axon {
        let here = myelin_wire::from_ss58(string(get(&self.0, "axon").unwrap(), "ss58")).unwrap();
        let unwanted = myelin_wire::from_ss58(string(&self.0, "blacklisted_hotkey")).unwrap();
        let note = string(case, "note").to_owned();
        let now = match get(case, "clock_ns") {
            Some(Value::Int(now)) => u64::try_from(now.to_i128().unwrap()).unwrap(),
            other => panic!("no time: {other:?}"),
        };
        let recorded = parse_all(&bytes(case, "response_b64"));
        let streamed = recorded.last().map(|response| response.body.clone()).unwrap_or_default();
        let breaks = string(case, "id") == "stream-breaks";
        let clock = ManualClock::new(now);
        assert_eq!(clock.now(), now);
        let builder = Axon::builder(Signer::new(Recorded(here, key(7))), Functions { unwanted, note });
        let mut builder = builder.port(0).never_served().clock(clock).unsigned_fields(unsigned_fields);
        for class in classes() {
            builder = builder.endpoint(endpoint(class, streamed.clone(), breaks));
        }
        builder.start().await.unwrap()
    }
}

fn parse_all(mut bytes: &[u8]) -> Vec<crate::wire::Response> {
    let mut responses = Vec::new();
    while let Some((response, rest)) = crate::wire::parse(bytes) {
        responses.push(response);
        bytes = rest;
    }
    responses
}

/// Returns the part of a text that is the same in each run, and that our axon does not omit on purpose.
fn stable(text: &str) -> &str {
    let ends = ["Internal Server Error #", "Signature mismatch", " not found.", "but request was "];
    let end = ends.iter().find_map(|end| Some(text.find(end)? + end.len()));
    &text[..end.unwrap_or(text.len())]
}

/// Sends a whole recording on one connection, and reads as many answers as were recorded.
async fn replay(axon: &Axon, case: &Value, answers: usize) -> Vec<crate::wire::Response> {
    let mut raw = Raw::open(axon.address()).await;
    raw.say(&bytes(case, "request_b64")).await;
    let mut heard = Vec::new();
    while heard.len() < answers {
        heard.extend(raw.hear().await);
        assert!(!heard.is_empty(), "{}: no answer", string(case, "id"));
    }
    heard
}

#[tokio::test]
async fn recorded_requests_are_answered_as_recorded() {
    let file = File::read();
    let mut compared = 0;
    for case in file.cases(false) {
        let (id, recorded) = (string(case, "id"), parse_all(&bytes(case, "response_b64")));
        // One recording ends before its answer, and one stream has no end, so there is nothing to compare.
        if recorded.is_empty() || id == "stream-breaks" {
            continue;
        }
        let axon = file.axon(case, UnsignedFields::Pass).await;
        for (ours, theirs) in replay(&axon, case, recorded.len()).await.iter().zip(&recorded) {
            compare(id, ours, theirs);
            compared += 1;
        }
    }
    assert!(compared > 40, "only {compared} answers were compared");
}

fn compare(id: &str, ours: &crate::wire::Response, theirs: &crate::wire::Response) {
    assert_eq!(ours.status, theirs.status, "{id}: {ours:?}");
    assert_eq!(ours.headers.get("content-type"), theirs.headers.get("content-type"), "{id}");
    assert!(ours.headers.iter().all(|(name, _)| name == name.to_lowercase()), "{id}: {:?}", ours.headers);
    let body = |response: &crate::wire::Response| json::read(&response.body).ok();
    let is_error = body(theirs).is_some_and(|body| get(&body, "message").is_some());
    // These values depend on time, sockets, the memory of Python, or the identity of our axon.
    let varies = ["process_time", "axon_nonce", "axon_uuid", "axon_hotkey", "axon_signature", "_port", "_ip", "_size"];
    let of_protocol = theirs.headers.iter().filter(|(name, value)| {
        let is_known = name.starts_with("bt_header_") || matches!(*name, "name" | "timeout" | "computed_body_hash");
        let is_vague = is_error && *name == "computed_body_hash" || (*name, *value) == ("timeout", "None");
        is_known && !is_vague && !varies.iter().any(|end| name.ends_with(end))
    });
    for (name, value) in of_protocol {
        assert_eq!(ours.headers.get(name).map(stable), Some(stable(value)), "{id}: {name}");
    }
    let Some(theirs_body) = body(theirs) else {
        assert_eq!(ours.body, theirs.body, "{id}");
        return;
    };
    let ours_body = body(ours).unwrap();
    for (name, value) in pairs(&theirs_body) {
        match (name, value) {
            ("message", Value::Text(value)) => assert_eq!(stable(string(&ours_body, name)), stable(value), "{id}"),
            ("detail", Value::List(_)) => assert!(matches!(get(&ours_body, name), Some(Value::List(_))), "{id}"),
            ("dendrite" | "axon", Value::Dict(_)) => {
                let told = |(field, value): &(&str, &Value)| **value != Value::None && *field != "process_time";
                for (field, value) in pairs(value).filter(told) {
                    assert_eq!(get(get(&ours_body, name).unwrap(), field), Some(value), "{id}: {name}.{field}");
                }
            }
            _ => assert_eq!(get(&ours_body, name), Some(value).filter(|value| **value != Value::None), "{id}: {name}"),
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_has_no_end() {
    let file = File::read();
    let case = file.cases(false).find(|case| string(case, "id") == "stream-breaks").unwrap();
    let axon = file.axon(case, UnsignedFields::Pass).await;
    let mut raw = Raw::open(axon.address()).await;
    raw.say(&bytes(case, "request_b64")).await;
    assert!(raw.hear().await.is_none());
}

#[tokio::test]
async fn recorded_attacks_are_refused() {
    let file = File::read();
    let mut refused = 0;
    for case in file.cases(true) {
        let (id, recorded) = (string(case, "id"), parse_all(&bytes(case, "response_b64")));
        let axon = file.axon(case, UnsignedFields::Refuse).await;
        for (ours, theirs) in replay(&axon, case, recorded.len()).await.iter().zip(&recorded) {
            if theirs.status == 200 {
                assert!(matches!(ours.status, 401 | 403), "{id}: {ours:?}");
                refused += 1;
            }
            if get(case, "oracle").is_some() {
                assert!(!ours.headers.contains("bt_header_axon_signature"), "{id}");
            }
        }
    }
    assert!(refused >= 8, "only {refused} attacks were refused");
}

/// Starts a server that sends the recorded bytes to each client, and closes.
async fn says(recorded: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(&recorded).await;
        let _ = stream.shutdown().await;
        // The rest of the request is read, so that a reset does not drop the answer.
        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    });
    address
}

/// Returns the part of a refusal that both clients word in the same way.
fn own_part(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(own, _)| own)
}

/// Returns the bytes of a stream, or its error.
async fn streamed(dendrite: &Dendrite, peer: &Peer, message: &Synapse) -> Result<Vec<u8>, AskError> {
    let mut stream = soon(dendrite.ask_stream(peer, message)).await?;
    let mut bytes = Vec::new();
    while let Some(piece) = soon(stream.next()).await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[tokio::test]
async fn recorded_answers_are_read_as_recorded() {
    let file = File::read();
    let mut compared = 0;
    for case in file.cases(false).filter(|case| get(case, "client_result").is_some()) {
        let (id, expected) = (string(case, "id"), get(case, "client_result").unwrap());
        // One recording has no answer. Others have two, and the result belongs to the second.
        let recorded = bytes(case, "response_b64");
        let mut answers = recorded.windows(9).enumerate().filter(|(_, at)| at == b"HTTP/1.1 ");
        let Some((start, _)) = answers.next_back() else { continue };
        let peer = Peer::v1(key(7).hotkey(), says(recorded[start..].to_vec()).await);

        let request = bytes(case, "request_b64");
        let start = request.windows(4).rposition(|at| at == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8_lossy(&request[..start]).into_owned();
        let name = head.rsplit("POST /").next().unwrap().split(' ').next().unwrap().to_owned();
        let class = classes().into_iter().find(|class| class.name() == name);
        let class = class.unwrap_or_else(|| Class::new(&name, Vec::new()).unwrap());
        let message = Synapse::from_value(class.into(), &json::read(&request[start..]).unwrap()).unwrap();
        let dendrite = dendrite_of(signer(CALLER));

        let is_success = get(expected, "is_success") == Some(&Value::Bool(true));
        let refused = match get(expected, "chunks") {
            Some(Value::List(chunks)) => match streamed(&dendrite, &peer, &message).await {
                Ok(bytes) => {
                    let chunks: String = chunks.iter().filter_map(Value::as_text).collect();
                    assert_eq!(String::from_utf8(bytes).unwrap(), chunks, "{id}");
                    None
                }
                Err(error) => Some(error),
            },
            _ => match soon(dendrite.ask(&peer, &message)).await.result {
                Ok(answer) => {
                    assert!(matches!(answer, Answer::Claimed(_)), "{id}");
                    for (field, value) in pairs(get(expected, "fields").unwrap()) {
                        assert_eq!(answer.message().get(field), Some(value), "{id}: {field}");
                    }
                    None
                }
                Err(error) => Some(error),
            },
        };
        assert_eq!(refused.is_none(), is_success, "{id}: {refused:?}");
        if let Some(error) = refused {
            let AskError::Claimed { status, text } = error else { panic!("{id}: {error:?}") };
            let Some(Value::Int(code)) = get(expected, "dendrite_status_code") else { panic!("{id}: no status") };
            assert_eq!(status, code.to_i128(), "{id}");
            assert_eq!(own_part(text.as_str()), own_part(string(expected, "dendrite_status_message")), "{id}");
        }
        compared += 1;
    }
    assert!(compared > 15, "only {compared} answers were compared");
}
