//! `client_outcomes.json`: the reading of answers by a client.

use crate::{class_of, file, flag, get, http, int, list, optional, replay, same};
use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_wire::{
    Synapse, TerminalInfo,
    python::Value,
    v1::{ClientReport, TransportEvent},
};
use std::sync::Arc;

/// Returns the text of a status without a library's description of its own error.
pub(crate) fn own_part(text: &str) -> &str {
    let texts_of_libraries = ["Failed to parse response", "Payload error", "Client response error"];
    texts_of_libraries.into_iter().find(|start| text.starts_with(start)).unwrap_or(text)
}

#[test]
fn outcomes() {
    let Some(file) = file("client_outcomes.json") else { return };
    let fields = [("text", "str"), ("numbers", "list[float]"), ("tensor", "Optional[Tensor] = null")];
    let class = Arc::new(class_of("Echo", fields, &["text", "numbers", "tensor"]));
    let Value::Dict(sent) = get(&file, "sent") else { panic!("`sent` is an object") };
    let mut sent = Synapse::new(class, sent).unwrap();
    let hotkey =
        |key| Some(TerminalInfo { hotkey: Some(crate::text(&file, key).to_owned()), ..TerminalInfo::default() });
    (sent.dendrite, sent.axon) = (hotkey("dendrite_hotkey"), hotkey("axon_hotkey"));

    replay("client_outcomes.json cases", list(&file, "cases"), |case| {
        let (event, has_answer) = match optional(case, "response_b64") {
            Some(bytes) => (http::event(&STANDARD.decode(bytes.as_text().unwrap()).unwrap()), true),
            // No connection was possible. The status tells a closed port from a malformed address.
            None if optional(case, "status_code").map(int) == Some(503) => (TransportEvent::Refused, false),
            None => (TransportEvent::Unreachable("http://::1:8091/Echo".to_owned()), false),
        };
        let message = optional(case, "status_message").and_then(Value::as_text);
        let place = message.and_then(|message| message.strip_prefix("Service unavailable at ")).unwrap_or_default();
        let report = ClientReport::new(&sent, place, event);
        same("status", report.status(), optional(case, "status_code").map(int))?;
        same("success", report.is_success(), flag(case, "is_success"))?;
        let text_of = |key| optional(case, key).and_then(Value::as_text);
        same("message", report.status_message().map(own_part), text_of("status_message").map(own_part))?;
        if !has_answer {
            return Ok(());
        }
        same("text", report.message.get("text"), optional(case, "text"))?;
        same("numbers", report.message.get("numbers"), optional(case, "numbers"))?;
        let (axon, dendrite) = (report.message.axon.unwrap_or_default(), report.message.dendrite.unwrap_or_default());
        same("axon status", axon.status_code, optional(case, "axon_status_code").map(int))?;
        same("axon hotkey", axon.hotkey.as_deref(), text_of("axon_hotkey"))?;
        same("dendrite hotkey", dendrite.hotkey.as_deref(), text_of("dendrite_hotkey"))
    });
}
