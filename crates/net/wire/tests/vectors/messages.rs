//! `headers.json` and `signatures.json`.

use crate::{Key, class_of, file, flag, get, int, list, optional, pairs, parse, replay, same, text};
use myelin_wire::{
    Headers, Sign, Synapse, UncheckedSignature,
    class::Class,
    python::{Value, json},
    v1,
};
use std::sync::Arc;

/// Returns the classes of `headers.json`, as its description declares them.
fn class(name: &str) -> Arc<Class> {
    let required = [
        ("text", "str"),
        ("count", "int"),
        ("ratio", "float"),
        ("flag", "bool"),
        ("items", "list[str]"),
        ("table", "dict[str, int]"),
        ("optional", "Optional[str] = null"),
    ];
    Arc::new(match name {
        "OneStr" => class_of(name, [("text", "str = \"\"")], &["text"]),
        "NoHash" => class_of(name, [("text", "str = \"\"")], &[]),
        "Required" => class_of(name, required, &["text", "items"]),
        "RequiredNullable" => class_of(name, [("value", "Optional[str]")], &[]),
        "Synapse" => Class::synapse(),
        other => panic!("no class {other}"),
    })
}

#[test]
fn headers() {
    let Some(file) = file("headers.json") else { return };
    replay("headers.json to_headers", list(&file, "to_headers"), |case| {
        let value = parse(text(case, "synapse_json"));
        let message = Synapse::from_value(class(text(case, "class")), &value).map_err(|error| error.to_string())?;
        same("json", json::write_spaced(&message.to_value()).as_str(), text(case, "synapse_json"))?;
        let is_size = |name: &str| matches!(name, "header_size" | "total_size");
        let ours = message.to_headers();
        let ours = ours.iter().filter(|(name, _)| !is_size(name)).collect::<Vec<_>>();
        let theirs = list(case, "headers").iter().map(|pair| match crate::texts(pair)[..] {
            [name, value] => (name, value),
            _ => panic!("a header is a pair"),
        });
        same("headers", ours, theirs.filter(|(name, _)| !is_size(name)).collect())
    });
    replay("headers.json from_headers", list(&file, "from_headers"), |case| {
        let headers: Headers =
            pairs(get(case, "headers")).map(|(name, value)| (name, value.as_text().unwrap())).collect();
        let read = Synapse::from_headers(class(text(case, "class")), &headers);
        let ours = read.as_ref().ok().map(|message| json::write_spaced(&message.to_value()));
        same("ok", ours.is_some(), flag(case, "ok"))?;
        same("json", ours.as_deref(), optional(case, "synapse_json").and_then(Value::as_text))
    });
}

fn check(case: &Value, ours: &str, signer: &str) -> Result<(), String> {
    same("text", ours, text(case, "message"))?;
    same("bytes", hex::encode(ours).as_str(), text(case, "message_hex"))?;
    let signature =
        UncheckedSignature::from_prefixed_hex(text(case, "signature")).map_err(|error| error.to_string())?;
    let signer = myelin_wire::from_ss58(text(case, signer)).map_err(|error| error.to_string())?;
    same("recorded", signature.is_good_plain_or_wrapped(signer, ours.as_bytes()), true)?;
    let (key, other) = (Key::new(1), Key::new(2));
    let fresh = UncheckedSignature::new(key.sign(ours.as_bytes()));
    same("fresh", fresh.is_good_plain_or_wrapped(key.hotkey(), ours.as_bytes()), true)?;
    same("of another", fresh.is_good_plain_or_wrapped(other.hotkey(), ours.as_bytes()), false)
}

#[test]
fn signatures() {
    let Some(file) = file("signatures.json") else { return };
    replay("signatures.json keys", list(&file, "keys"), |case| {
        let key = myelin_wire::from_ss58(text(case, "ss58")).map_err(|error| error.to_string())?;
        same("key", hex::encode(key.as_bytes()).as_str(), text(case, "public_hex"))?;
        same("address", key.to_string().as_str(), text(case, "ss58"))
    });
    replay("signatures.json request", list(&file, "request"), |case| {
        let nonce = int(get(case, "nonce")).to_string();
        let optional = |key| optional(case, key).and_then(Value::as_text);
        let (dendrite, axon) = (text(case, "dendrite_hotkey"), text(case, "axon_hotkey"));
        let ours = v1::request_text(&nonce, dendrite, axon, optional("uuid"), optional("body_hash"));
        check(case, &ours, "dendrite_hotkey")
    });
    replay("signatures.json response", list(&file, "response"), |case| {
        let nonce = int(get(case, "nonce")).to_string();
        let (dendrite, axon) = (text(case, "dendrite_hotkey"), text(case, "axon_hotkey"));
        check(case, &v1::response_text(&nonce, dendrite, axon, text(case, "uuid")), "axon_hotkey")
    });
    replay("signatures.json verification", list(&file, "verification"), |case| {
        let signer = myelin_wire::from_ss58(text(case, "signer")).map_err(|error| error.to_string())?;
        let signature = UncheckedSignature::from_prefixed_hex(text(case, "signature"));
        let error = signature.as_ref().err().map(ToString::to_string);
        same("error", error.as_deref(), optional(case, "error").and_then(Value::as_text))?;
        let is_good =
            signature.is_ok_and(|good| good.is_good_plain_or_wrapped(signer, text(case, "message").as_bytes()));
        same("accepted", is_good, flag(case, "accepted"))
    });
}
