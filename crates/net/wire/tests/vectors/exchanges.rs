//! `exchanges.json`: whole exchanges between Python neurons, with both sides played anew.

use crate::{
    Key, class_of, file, flag, get, http, int, list, optional, outcomes::own_part, pairs, parse, replay, same, text,
    texts,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Sign, Synapse, UncheckedSignature, Verified,
    python::Value,
    replay::{ReplayLimits, ReplayWindow},
    v1::{
        AnswerTime, AuthenticationError, Classes, ClientReport, Freshness, HandlerReply, HttpAnswer, HttpResponse,
        RefusedRequest, TransportEvent, UnsignedFields, V1Client, V1Door, V1Refusal, V1Server, V1Target, response_text,
    },
};

/// Returns the fields of each endpoint, as the description of the file declares them.
fn fields(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "Echo" => &[("text", "str"), ("numbers", "list[float]"), ("tensor", "Optional[Tensor] = null")],
        "EchoStream" => &[("text", "str"), ("delay_ms", "int = 0"), ("completion", "str = \"\"")],
        "Count" => &[("text", "str = \"\""), ("extra", "str = \"\"")],
        "Verified" | "Prioritised" => &[("text", "str = \"\"")],
        _ => &[],
    }
}

struct World {
    classes: Classes,
    here: PublicKey,
    axon: V1Server<Key>,
    unwanted: PublicKey,
    unsigned_fields: UnsignedFields,
}

impl World {
    fn new(file: &Value, unsigned_fields: UnsignedFields) -> Self {
        let classes = pairs(get(file, "endpoints"))
            .map(|(name, hashed)| class_of(name, fields(name).iter().copied(), &texts(hashed)));
        Self {
            classes: Classes::new(classes),
            here: myelin_wire::from_ss58(text(get(file, "axon"), "ss58")).unwrap(),
            axon: V1Server {
                signer: Key::new(7),
                uuid: text(get(file, "axon"), "uuid").to_owned(),
                ip: "127.0.0.1".to_owned(),
                port: 8_091,
            },
            unwanted: myelin_wire::from_ss58(text(file, "blacklisted_hotkey")).unwrap(),
            unsigned_fields,
        }
    }

    /// Returns the answer of the recorded axon to one request, its functions included.
    fn serve(&self, case: &Value, request: &http::Request, window: &mut ReplayWindow) -> HttpAnswer {
        let at = AnswerTime { now: clock(case), process_time: 0.001, incident: 5 };
        match self.open(case, request, window) {
            Err(refused) => self.axon.refuse(&refused, at),
            Ok(message) => self.forward(&message, at),
        }
    }

    fn open(
        &self,
        case: &Value,
        request: &http::Request,
        window: &mut ReplayWindow,
    ) -> Result<Verified<Synapse>, RefusedRequest> {
        let Self { here, classes, unsigned_fields, .. } = self;
        let door = V1Door { here: *here, classes, freshness: Freshness::default(), unsigned_fields: *unsigned_fields };
        let received = ReceivedRequest { method: &request.method, target: &request.target, headers: &request.headers };
        let authentic = door.open(received, clock(case))?;
        let (name, note) = (authentic.class().name().to_owned(), text(case, "note"));
        if name.starts_with("Echo") && authentic.caller() == self.unwanted {
            return Err(authentic.refuse(V1Refusal::Forbidden("not on the list".to_owned())));
        }
        if name == "Verified" {
            let own = AuthenticationError::Own("custom check refused it".to_owned());
            return Err(authentic.refuse(V1Refusal::Unverified(own)));
        }
        let admitted = authentic.admit(window, clock(case))?;
        if name == "Prioritised" && note.contains("raises") {
            let refusal =
                if note.contains("TimeoutError") { V1Refusal::Late } else { V1Refusal::Failed(String::new()) };
            return Err(admitted.refuse(refusal));
        }
        admitted.read(&request.body)
    }

    fn forward(&self, message: &Verified<Synapse>, at: AnswerTime) -> HttpAnswer {
        let synapse = message.content().clone();
        let command = synapse.get("text").and_then(Value::as_text).unwrap_or_default().to_owned();
        match command.strip_prefix('!') {
            Some("raise") => {
                self.axon.refuse(&RefusedRequest::after(V1Refusal::Failed("raised".to_owned()), message), at)
            }
            Some("message") => {
                let status_message = Some("не latin-1".to_owned());
                self.axon.answer(HandlerReply { message: synapse, status: None, status_message }, at)
            }
            Some(status) if status.parse::<u16>().is_ok() => self
                .axon
                .answer(HandlerReply { message: synapse, status: status.parse().ok(), status_message: None }, at),
            _ if synapse.class().name() == "EchoStream" => self.axon.stream_head(synapse, at),
            _ => self.axon.answer(synapse.into(), at),
        }
    }
}

fn clock(case: &Value) -> u64 {
    u64::try_from(int(get(case, "clock_ns"))).unwrap()
}

fn bytes(case: &Value, key: &str) -> Vec<u8> {
    optional(case, key).map(|bytes| STANDARD.decode(bytes.as_text().unwrap()).unwrap()).unwrap_or_default()
}

/// Returns the part of an error that is equal in both implementations.
///
/// Our errors repeat neither the text to sign nor the list of synapses. Times and incidents differ from run to run.
fn stable(message: &str) -> &str {
    let ends = ["Internal Server Error #", "Signature mismatch", " not found.", "but request was "];
    let end = ends.iter().find_map(|end| Some(message.find(end)? + end.len()));
    &message[..end.unwrap_or(message.len())]
}

#[test]
fn axon_side() {
    let Some(file) = file("exchanges.json") else { return };
    let world = World::new(&file, UnsignedFields::Pass);
    let is_secure = |case: &&Value| !flag(case, "insecure");
    replay("exchanges.json, as an axon", list(&file, "exchanges").iter().filter(is_secure), |case| {
        let mut window = empty();
        let requests = http::requests(&bytes(case, "request_b64"));
        let recorded = http::responses(&bytes(case, "response_b64"));
        if optional(case, "http_status").is_some() {
            same("answers", requests.len(), recorded.len())?;
        }
        for (index, request) in requests.iter().enumerate() {
            let ours = world.serve(case, request, &mut window);
            if let Some(theirs) = recorded.get(index) {
                compare(&world, &ours, theirs)?;
            }
        }
        Ok(())
    });
}

fn compare(world: &World, ours: &HttpAnswer, theirs: &HttpResponse) -> Result<(), String> {
    same("status", ours.status, theirs.status)?;
    let content_type = |headers: &Headers| headers.get("content-type").map(str::to_owned);
    same("content type", content_type(&ours.headers), content_type(&theirs.headers))?;
    same("lower case", ours.headers.iter().all(|(name, _)| name == name.to_lowercase()), true)?;
    // Values that depend on the time, the socket or Python's memory, and our axon's claims about itself.
    let varies = |name: &str| {
        let own = ["process_time", "axon_nonce", "axon_signature", "axon_hotkey", "_port", "_ip", "_size"];
        own.iter().any(|part| name.ends_with(part))
    };
    let of_protocol =
        |name: &str| name.starts_with("bt_header_") || matches!(name, "name" | "timeout" | "computed_body_hash");
    let theirs_body = core::str::from_utf8(&theirs.body)
        .ok()
        .filter(|_| content_type(&theirs.headers).as_deref() == Some("application/json"))
        .map(parse);
    let is_error = theirs_body.as_ref().is_some_and(|body| optional(body, "message").is_some());
    for (name, value) in theirs.headers.iter().filter(|(name, _)| of_protocol(name) && !varies(name)) {
        // An error has a hash of the part that the axon had read by then.
        if is_error && name == "computed_body_hash" {
            continue;
        }
        // This text is no number, so our answer has the default.
        if (name, value) != ("timeout", "None") {
            same(name, ours.headers.get(name).map(stable), Some(stable(value)))?;
        }
    }
    let is_message = |headers: &Headers| headers.contains("bt_header_axon_status_code");
    same("headers of the protocol", is_message(&ours.headers), is_message(&theirs.headers))?;
    let Some(theirs_body) = theirs_body else { return Ok(()) };
    let ours_body = parse(core::str::from_utf8(&ours.body).unwrap());
    if let Some(message) = optional(&theirs_body, "message") {
        let of_ours = text(&ours_body, "message");
        same("message", stable(of_ours), stable(message.as_text().unwrap()))?;
        same("header", ours.headers.get("bt_header_axon_status_message"), Some(of_ours))?;
        return signature(world, ours);
    }
    if let Some(detail) = optional(&theirs_body, "detail") {
        return match detail {
            Value::Text(_) => same("detail", get(&ours_body, "detail"), detail),
            _ => same(
                "kind",
                text(&list(&ours_body, "detail")[0], "type"),
                text(&list(&theirs_body, "detail")[0], "type"),
            ),
        };
    }
    body(&ours_body, &theirs_body)
}

/// Checks that our body has all members of the recorded one. It may have more about the caller.
fn body(ours: &Value, theirs: &Value) -> Result<(), String> {
    for (name, value) in pairs(theirs) {
        match name {
            "dendrite" | "axon" => {
                let terminal = get(ours, name);
                for (field, value) in pairs(value).filter(|(field, value)| {
                    **value != Value::None && *field != "process_time" && (name, *field) != ("axon", "hotkey")
                }) {
                    same(field, optional(terminal, field), Some(value))?;
                }
            }
            _ => same(name, optional(ours, name), Some(value).filter(|value| **value != Value::None))?,
        }
    }
    Ok(())
}

/// Checks that an error is signed exactly if the caller was known, and never with words of the caller.
fn signature(world: &World, ours: &HttpAnswer) -> Result<(), String> {
    let header = |name: &str| ours.headers.get(name);
    let Some(signature) = header("bt_header_axon_signature") else {
        let is_early = matches!(ours.status, 401 | 404 | 500);
        return same("unsigned before the caller is known", is_early, true);
    };
    let caller = header("bt_header_dendrite_hotkey").unwrap_or_default();
    same("caller", myelin_wire::from_ss58(caller).is_ok(), true)?;
    let hotkey = world.axon.signer.hotkey();
    let nonce = header("bt_header_axon_nonce").unwrap_or_default();
    let text = response_text(nonce, caller, &hotkey.to_string(), &world.axon.uuid);
    let signature = UncheckedSignature::from_prefixed_hex(signature).map_err(|error| error.to_string())?;
    same("signature", signature.is_good_plain_or_wrapped(hotkey, text.as_bytes()), true)
}

/// Checks that insecure acceptances of the recorded axon are refused here.
#[test]
fn insecure_exchanges_are_not_repeated() {
    let Some(file) = file("exchanges.json") else { return };
    // The operator can refuse unsigned fields. An axon that must serve old callers cannot detect a change of them.
    let [strict, lenient] = [UnsignedFields::Refuse, UnsignedFields::Pass].map(|choice| World::new(&file, choice));
    let is_insecure = |case: &&Value| flag(case, "insecure");
    replay("exchanges.json, insecure", list(&file, "exchanges").iter().filter(is_insecure), |case| {
        let (mut window, mut other) = (empty(), empty());
        let requests = http::requests(&bytes(case, "request_b64"));
        let recorded = http::responses(&bytes(case, "response_b64"));
        for (request, theirs) in requests.iter().zip(&recorded) {
            let ours = strict.serve(case, request, &mut window);
            let ours_lenient = lenient.serve(case, request, &mut other);
            not_repeated(case, &ours, theirs)?;
            if status_message(&ours.headers).is_none_or(|message| !message.ends_with("is not signed")) {
                not_repeated(case, &ours_lenient, theirs)?;
            }
        }
        Ok(())
    });
}

fn status_message(headers: &Headers) -> Option<&str> {
    headers.get("bt_header_axon_status_message")
}

fn not_repeated(case: &Value, ours: &HttpAnswer, theirs: &HttpResponse) -> Result<(), String> {
    if theirs.status == 200 {
        return same("accepted there, refused here", matches!(ours.status, 401 | 403), true);
    }
    if theirs.status != ours.status {
        return same("the client chose the status there", ours.status, 200);
    }
    let is_signed = ours.headers.contains("bt_header_axon_signature");
    let repeats = status_message(&ours.headers) == status_message(&theirs.headers);
    match optional(case, "oracle") {
        Some(_) => same("signed words of a stranger", is_signed, false),
        None => same("said words of the client", repeats, false),
    }
}

fn empty() -> ReplayWindow {
    ReplayWindow::new(ReplayLimits::default())
}

/// Checks that our client sends the recorded bytes, up to the signer, and reads the recorded answers.
#[test]
fn dendrite_side() {
    let Some(file) = file("exchanges.json") else { return };
    let world = World::new(&file, UnsignedFields::Pass);
    let of_client = |case: &&Value| optional(case, "client_result").is_some();
    replay("exchanges.json, as a dendrite", list(&file, "exchanges").iter().filter(of_client), |case| {
        let requests = http::requests(&bytes(case, "request_b64"));
        let request = requests.last().ok_or("no request")?;
        let name = request.target.trim_start_matches('/');
        let class = world.classes.get(name).cloned().unwrap_or_else(|| class_of(name, [], &[]).into());
        let value = parse(core::str::from_utf8(&request.body).unwrap());
        let sent = Synapse::from_value(class, &value).map_err(|error| error.to_string())?;
        let sent = sends_the_same(request, sent)?;

        let expected = get(case, "client_result");
        let chunks: Option<String> = optional(expected, "chunks").map(|chunks| texts(chunks).concat());
        let event = match http::responses(&bytes(case, "response_b64")).pop() {
            None => TransportEvent::TimedOut(sent.timeout.unwrap_or_default()),
            Some(response) if chunks.is_some() => {
                if response.status == 200 {
                    same("pieces", core::str::from_utf8(&response.body).ok(), chunks.as_deref())?;
                }
                TransportEvent::Streamed(response)
            }
            Some(response) => TransportEvent::Answered(response),
        };
        let report = ClientReport::new(&sent, "", event);
        same("status", report.status(), optional(expected, "dendrite_status_code").map(int))?;
        let message = optional(expected, "dendrite_status_message").and_then(Value::as_text);
        same("message", report.status_message().map(own_part), message.map(own_part))?;
        same("success", report.is_success(), flag(expected, "is_success"))?;
        let axon = report.message.axon.as_ref().map_or(Value::None, myelin_wire::TerminalInfo::to_value);
        for (field, value) in pairs(get(expected, "axon")) {
            same(field, optional(&axon, field), Some(value))?;
        }
        // The class of the recording fills in this field itself.
        let mut own = pairs(get(expected, "fields")).filter(|(field, _)| *field != "completion");
        own.try_for_each(|(field, value)| same(field, report.message.get(field), Some(value)))
    });
}

fn sends_the_same(request: &http::Request, sent: Synapse) -> Result<Synapse, String> {
    let key = Key::new(9);
    let (caller, axon) = (sent.dendrite.clone().unwrap_or_default(), sent.axon.clone().unwrap_or_default());
    let target = V1Target {
        ip: axon.ip.clone().unwrap_or_default().parse().unwrap(),
        port: u16::try_from(axon.port.unwrap_or_default()).unwrap(),
        hotkey: myelin_wire::from_ss58(&axon.hotkey.unwrap_or_default()).unwrap(),
    };
    let dendrite = V1Client {
        signer: key.clone(),
        uuid: caller.uuid.clone().unwrap_or_default(),
        ip: caller.ip.clone().unwrap_or_default().parse().unwrap(),
    };
    let nonce = u64::try_from(caller.nonce.unwrap_or_default()).unwrap();
    let prepared = dendrite.prepare(sent.clone(), &target, nonce);
    let signature = prepared.message.dendrite.clone().and_then(|own| own.signature).unwrap_or_default();
    let as_recorded = |text: &str| {
        text.replace(&key.hotkey().to_string(), caller.hotkey.as_deref().unwrap_or_default())
            .replace(&signature, caller.signature.as_deref().unwrap_or_default())
    };
    let body = String::from_utf8(prepared.body).unwrap();
    same("body", as_recorded(&body).as_bytes(), request.body.as_slice())?;
    for (name, value) in prepared.headers.iter().filter(|(name, _)| !name.ends_with("_size")) {
        same(name, Some(as_recorded(value).as_str()), request.headers.get(name))?;
    }
    same("path", prepared.url.ends_with(&request.target), true)?;
    Ok(sent)
}
