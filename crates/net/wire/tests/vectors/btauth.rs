//! `btauth.json`.

use crate::{Key, file, get, int, list, optional, pairs, replay, same, text};
use myelin_wire::{
    Headers, PublicKey, ReceivedRequest, Sign,
    python::Value,
    replay::{ReplayLimits, ReplayWindow},
    strict::{Receiver, StrictDoor, StrictRefusal, header, sign_request},
};

fn headers(case: &Value) -> Headers {
    pairs(get(case, "headers")).map(|(name, value)| (name, value.as_text().unwrap())).collect()
}

fn body(case: &Value) -> Vec<u8> {
    hex::decode(text(case, "body_hex")).unwrap()
}

#[test]
fn cases() {
    let Some(file) = file("btauth.json") else { return };
    let mut window = ReplayWindow::new(ReplayLimits::default());
    replay("btauth.json cases", list(&file, "cases"), |case| match text(case, "kind") {
        "sign" => sign(case),
        "verify" => {
            // These two share the replay window of the case before them.
            let name = text(case, "name");
            if !name.contains("replayed") && !name.contains("same nonce") {
                window = ReplayWindow::new(ReplayLimits::default());
            }
            verify(case, &mut window)
        }
        other => Err(format!("an unknown kind: {other}")),
    });
}

/// Checks that the recorded headers are valid and equal our own, up to the signer.
fn sign(case: &Value) -> Result<(), String> {
    let (method, target, sender) = (text(case, "method"), text(case, "path"), text(case, "sender"));
    let nonce = u64::try_from(int(get(case, "nonce"))).unwrap();
    let receiver =
        optional(case, "receiver").map(|address| myelin_wire::from_ss58(address.as_text().unwrap()).unwrap());
    let recorded = headers(case);

    let here = receiver.unwrap_or(PublicKey::from_bytes([0; 32]));
    let door = StrictDoor {
        receiver: if receiver.is_some() { Receiver::Required } else { Receiver::Optional },
        ..StrictDoor::new(here)
    };
    let request = ReceivedRequest { method, target, headers: &recorded };
    let authentic = door.open(request, nonce).and_then(|claimed| claimed.verify(body(case)));
    let authentic = authentic.map_err(|refusal| refusal.to_string())?;
    same("sender", authentic.caller().to_string().as_str(), sender)?;
    let request = authentic.admit(&mut ReplayWindow::new(ReplayLimits::default()), nonce);
    same("payload", request.map_err(|refusal| refusal.to_string())?.proof().text(), text(case, "payload"))?;

    if recorded.contains(header::CRYPTO) {
        // Hotkeys of this network sign by sr25519 only.
        return Ok(());
    }
    let key = Key::new(3);
    let own = key.hotkey().to_string();
    let (ours, proof) =
        sign_request(&key, (method, target), &body(case), nonce, receiver).map_err(|error| error.to_string())?;
    same("own payload", proof.text().replace(&own, sender).as_str(), text(case, "payload"))?;
    let rest = |headers: &Headers| -> Vec<(String, String)> {
        let rest = headers.iter().filter(|(name, _)| *name != header::SIGNATURE);
        rest.map(|(name, value)| (name.to_owned(), value.replace(&own, sender))).collect()
    };
    same("own headers", rest(&ours), rest(&recorded))
}

fn verify(case: &Value, window: &mut ReplayWindow) -> Result<(), String> {
    let headers = headers(case);
    let now = u64::try_from(int(get(case, "now"))).unwrap();
    let waived = optional(get(case, "options"), "require_receiver") == Some(&Value::Bool(false));
    let here = myelin_wire::from_ss58(text(case, "self")).unwrap();
    let door =
        StrictDoor { receiver: if waived { Receiver::Optional } else { Receiver::Required }, ..StrictDoor::new(here) };
    let received = ReceivedRequest { method: text(case, "method"), target: text(case, "path"), headers: &headers };
    let ours = door
        .open(received, now)
        .and_then(|claimed| claimed.verify(body(case)))
        .and_then(|authentic| authentic.admit(window, now));
    let outcome = ours.as_ref().map_or_else(StrictRefusal::name, |_| "accepted");
    same("outcome", outcome, text(case, "outcome"))?;
    let caller = ours.ok().map(|request| request.sender().to_string());
    same("caller", caller.as_deref(), optional(case, "caller").and_then(Value::as_text))
}
