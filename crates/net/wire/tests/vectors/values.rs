//! `body_hash.json`, `python_str.json`, `tensor.json` and `addresses.json`.

use crate::{class_of, file, get, int, list, optional, pairs, parse, replay, same, text, texts, types};
use myelin_wire::{
    Synapse, address,
    address::AxonText,
    python::Value,
    tensor::{Element, Tensor},
};
use sha3::{Digest, Sha3_256};
use std::{net::IpAddr, sync::Arc};

#[test]
fn body_hashes() {
    let Some(file) = file("body_hash.json") else { return };
    replay("body_hash.json cases", list(&file, "cases"), |case| {
        let fields = pairs(get(case, "fields")).map(|(name, kind)| (name, kind.as_text().unwrap()));
        let class = class_of(text(case, "class"), fields, &texts(get(case, "required_hash_fields")));
        let hash_order: Vec<&str> = class.hash_order().iter().map(String::as_str).collect();
        same("order", hash_order, texts(get(case, "hash_order")))?;
        let body = parse(text(case, "body_json"));
        let message = Synapse::from_value(Arc::new(class), &body).map_err(|error| error.to_string())?;
        let hashed: Vec<String> = message.hashed_texts().collect();
        same("texts", hashed.iter().map(String::as_str).collect(), texts(get(case, "python_str")))?;
        let digests: Vec<String> = hashed.iter().map(|text| hex::encode(Sha3_256::digest(text))).collect();
        same("digests", digests.iter().map(String::as_str).collect(), texts(get(case, "field_hashes")))?;
        same("hash", message.body_hash().as_str(), text(case, "body_hash"))
    });
}

#[test]
fn python_texts() {
    let Some(file) = file("python_str.json") else { return };
    replay("python_str.json floats", list(&file, "floats"), |case| {
        let number = f64::from_bits(u64::from_str_radix(text(case, "bits"), 16).unwrap());
        same("text", Value::Float(number).to_python_str().as_str(), text(case, "repr"))
    });
    replay("python_str.json chars", list(&file, "chars"), |case| {
        let code = u32::try_from(int(get(case, "codepoint"))).unwrap();
        // Half a surrogate pair is no text here: a value with one is refused by the reader.
        let Some(c) = char::from_u32(code) else { return same("category", text(case, "category"), "Cs") };
        same("text", Value::Text(c.to_string()).to_python_repr().as_str(), text(case, "repr"))
    });
    replay("python_str.json strings", list(&file, "strings"), |case| {
        let string = String::from_utf8(hex::decode(text(case, "utf8_hex")).unwrap()).unwrap();
        same("text", Value::Text(string).to_python_repr().as_str(), text(case, "repr"))
    });
    replay("python_str.json json_values", list(&file, "json_values"), |case| {
        same("text", parse(text(case, "json")).to_python_str().as_str(), text(case, "str"))
    });
}

fn shape(value: &Value) -> Vec<u64> {
    let Value::List(sides) = value else { panic!("a shape is a list") };
    sides.iter().map(|side| u64::try_from(int(side)).unwrap()).collect()
}

#[test]
fn tensors() {
    let Some(file) = file("tensor.json") else { return };
    replay("tensor.json cases", list(&file, "cases"), |case| {
        let element = Element::from_name(text(case, "numpy_dtype")).ok_or("unknown type")?;
        let data = hex::decode(text(case, "le_data_hex")).unwrap();
        let tensor = Tensor::new(element, shape(get(case, "numpy_shape")), data).map_err(|error| error.to_string())?;
        same("msgpack", hex::encode(tensor.to_msgpack()).as_str(), text(case, "msgpack_hex"))?;
        same("field", &tensor.to_value(), get(case, "wire"))?;
        same("hash text", tensor.to_value().to_python_str().as_str(), text(case, "hash_str"))?;
        let read = Tensor::from_value(get(case, "wire").clone()).map_err(|error| error.to_string())?;
        same("shape", read.shape().to_vec(), shape(get(case, "deserialized_shape")))?;
        same("type", read.element().name(), text(case, "deserialized_dtype"))?;
        same("tensor", read, tensor)
    });
    replay("tensor.json validation", list(&file, "validation"), |case| {
        let read = types().parse("Tensor").unwrap().read(get(case, "input").clone(), "tensor");
        same("result", read.as_ref().ok(), optional(case, "result"))
    });
    let fortran = get(&file, "fortran_order_input");
    let rows = list(fortran, "values").iter().flat_map(|row| match row {
        Value::List(items) => items.clone(),
        other => vec![other.clone()],
    });
    #[expect(clippy::cast_possible_truncation, reason = "the elements are floats of 32 bits")]
    let data = rows.flat_map(|item| match item {
        Value::Float(number) => (number as f32).to_le_bytes(),
        other => panic!("not a float: {other:?}"),
    });
    let tensor = Tensor::new(Element::Float32, shape(get(get(fortran, "wire"), "shape")), data.collect()).unwrap();
    assert_eq!(&tensor.to_value(), get(fortran, "wire"));
}

#[test]
fn addresses() {
    let Some(file) = file("addresses.json") else { return };
    let info = parse(text(&file, "axon_info_string"));
    let hotkey = |key: &str| myelin_wire::from_ss58(text(&info, key)).unwrap();
    let number = |key: &str| int(get(&info, key));
    let axon = AxonText {
        version: u32::try_from(number("version")).unwrap(),
        ip: text(&info, "ip").parse().unwrap(),
        port: u16::try_from(number("port")).unwrap(),
        hotkey: hotkey("hotkey"),
        coldkey: hotkey("coldkey"),
        protocol: u8::try_from(number("protocol")).unwrap(),
        placeholder1: u8::try_from(number("placeholder1")).unwrap(),
        placeholder2: u8::try_from(number("placeholder2")).unwrap(),
    };
    assert_eq!(axon.to_text(), text(&file, "axon_info_string"));
    let unspecified = AxonText { ip: "0.0.0.0".parse().unwrap(), ..axon };
    assert_eq!(unspecified.is_serving(), flag_of(&file, "is_serving_zero_ip"));

    replay("addresses.json ip", list(&file, "ip"), |case| {
        let ip: IpAddr = text(case, "ip").parse().unwrap();
        same("display", AxonText { ip, port: 8_091, ..axon }.endpoint_text().as_str(), text(case, "display"))
    });
    replay("addresses.json url", list(&file, "url"), |case| {
        let port = u16::try_from(int(get(case, "port"))).unwrap();
        let ip = text(case, "axon_ip").parse().unwrap();
        let url = address::request_url(ip, port, text(case, "own_external_ip").parse().ok(), "Echo");
        // The recorded URLs of IPv6 have no brackets, and no client can connect to them.
        same("brackets", url.contains('['), ip.is_ipv6())?;
        same("url", url.replace(['[', ']'], "").as_str(), text(case, "url"))
    });
    replay("addresses.json ss58", list(&file, "ss58"), |case| {
        let read = myelin_wire::from_ss58(text(case, "address"));
        same("accepted", read.is_ok(), flag_of(case, "accepted"))?;
        let key = read.map_err(|error| error.to_string())?;
        same("key", hex::encode(key.as_bytes()).as_str(), text(case, "public_hex"))
    });
}

fn flag_of(value: &Value, key: &str) -> bool {
    crate::flag(value, key)
}
