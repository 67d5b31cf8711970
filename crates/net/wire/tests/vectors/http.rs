//! A reader of HTTP/1.1 messages from recorded bytes. The crate has no HTTP: the transport does this.

use myelin_wire::{
    Headers,
    v1::{HttpResponse, MAX_RESPONSE_HEADERS, MAX_RESPONSE_LINE, TransportEvent},
};

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

fn headers(parsed: &[httparse::Header<'_>]) -> Headers {
    let latin_1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    parsed.iter().map(|header| (header.name, latin_1(header.value))).collect()
}

/// Returns the chunks and the bytes after them, or the part of them that exists.
fn chunks(mut bytes: &[u8]) -> Result<(Vec<u8>, &[u8]), String> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes) else {
            return Err("a chunk is missing".to_owned());
        };
        let size = usize::try_from(size).unwrap();
        let chunk = bytes.get(start..start + size).ok_or("a chunk is cut")?;
        bytes = bytes.get(start + size + 2..).ok_or("a chunk has no end")?;
        if size == 0 {
            return Ok((body, bytes));
        }
        body.extend_from_slice(chunk);
    }
}

/// Returns the body and the bytes after it. Without a length it goes on to the end of the connection.
fn body<'a>(headers: &Headers, bytes: &'a [u8], to_end: bool) -> Result<(Vec<u8>, &'a [u8]), String> {
    if headers.get("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return chunks(bytes);
    }
    let length = match headers.get("content-length") {
        Some(length) => length.parse().map_err(|_| "a length is none".to_owned())?,
        None if to_end => bytes.len(),
        None => 0,
    };
    let missing = || format!("{} of {length} bytes", bytes.len());
    let (body, rest) = bytes.split_at_checked(length).ok_or_else(missing)?;
    Ok((body.to_vec(), rest))
}

/// Returns all requests of one direction of a connection.
pub(crate) fn requests(mut bytes: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    while !bytes.is_empty() {
        let mut parsed = [httparse::EMPTY_HEADER; 128];
        let mut request = httparse::Request::new(&mut parsed);
        let Ok(httparse::Status::Complete(head)) = request.parse(bytes) else { panic!("not a request") };
        let headers = headers(request.headers);
        let (method, target) = (request.method.unwrap().to_owned(), request.path.unwrap().to_owned());
        let (body, rest) = body(&headers, &bytes[head..], false).unwrap();
        requests.push(Request { method, target, headers, body });
        bytes = rest;
    }
    requests
}

/// Returns the first answer and the bytes after it, or the event that a client sees in its place.
fn response(bytes: &[u8]) -> Result<(HttpResponse, &[u8]), TransportEvent> {
    if bytes.is_empty() {
        return Err(TransportEvent::Disconnected);
    }
    let mut parsed = [httparse::EMPTY_HEADER; MAX_RESPONSE_HEADERS];
    let mut response = httparse::Response::new(&mut parsed);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Err(TransportEvent::Disconnected),
        Err(error) => return Err(TransportEvent::NotHttp(error.to_string())),
    };
    let is_long = |header: &&httparse::Header<'_>| header.value.len() > MAX_RESPONSE_LINE;
    if let Some(header) = response.headers.iter().find(is_long) {
        return Err(TransportEvent::NotHttp(format!("the header {} is too long", header.name)));
    }
    let (status, headers) = (response.code.unwrap(), headers(response.headers));
    let (body, rest) = match status {
        204 | 304 => (Vec::new(), &bytes[head..]),
        _ => body(&headers, &bytes[head..], true).map_err(TransportEvent::Cut)?,
    };
    Ok((HttpResponse { status, headers, body }, rest))
}

/// Returns all answers of one direction of a connection.
pub(crate) fn responses(mut bytes: &[u8]) -> Vec<HttpResponse> {
    let mut responses = Vec::new();
    while let Ok((response, rest)) = response(bytes) {
        responses.push(response);
        bytes = rest;
    }
    responses
}

/// Returns the event of a client for the bytes before the connection closed.
pub(crate) fn event(bytes: &[u8]) -> TransportEvent {
    response(bytes).map_or_else(|event| event, |(response, _)| TransportEvent::Answered(response))
}
