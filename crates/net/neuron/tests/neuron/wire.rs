//! Connections on which tests send and read bytes.

use crate::{Key, key, soon};
use myelin_wire::{Headers, PublicKey, Sign, UnixNanos, strict::sign_request};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Parses the first whole answer, and returns it with the bytes after it.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Response, &[u8])> {
    let mut parsed = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut parsed);
    let Ok(httparse::Status::Complete(head)) = response.parse(bytes) else { return None };
    let latin_1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    let headers: Headers = response.headers.iter().map(|header| (header.name, latin_1(header.value))).collect();
    let status = response.code.unwrap();
    let rest = &bytes[head..];
    if headers.get("transfer-encoding") == Some("chunked") {
        let (mut body, mut rest) = (Vec::new(), rest);
        loop {
            let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) else { return None };
            let size = usize::try_from(size).unwrap();
            body.extend_from_slice(rest.get(start..start + size)?);
            rest = rest.get(start + size + 2..)?;
            if size == 0 {
                return Some((Response { status, headers, body }, rest));
            }
        }
    }
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let (body, rest) = rest.split_at_checked(length)?;
    Some((Response { status, headers, body: body.to_vec() }, rest))
}

/// A connection that sends any bytes.
pub(crate) struct Raw(TcpStream, Vec<u8>);

impl Raw {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap(), Vec::new())
    }

    /// Connects from another address of the loopback interface.
    pub(crate) async fn open_from(ip: IpAddr, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((ip, 0).into()).unwrap();
        Self(socket.connect(address).await.unwrap(), Vec::new())
    }

    /// Sends bytes. The other side may have closed the connection already.
    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        let _ = soon(self.0.write_all(bytes)).await;
    }

    /// Sends bytes, all of which the other side must read.
    pub(crate) async fn say_all(&mut self, bytes: &[u8]) {
        soon(self.0.write_all(bytes)).await.unwrap();
    }

    /// Sends one byte at a time until the other side answers or closes.
    pub(crate) async fn drip(&mut self, pause: Duration, bytes: impl Iterator<Item = u8>) {
        let mut pauses = tokio::time::interval(pause);
        let (mut reader, mut writer) = self.0.split();
        let mut buffer = [0; 4096];
        let saying = async {
            for byte in bytes {
                pauses.tick().await;
                if writer.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = soon(saying) => {}
            read = reader.read(&mut buffer) => self.1.extend_from_slice(&buffer[..read.unwrap_or_default()]),
        }
    }

    /// Closes the sending direction.
    pub(crate) async fn finish(&mut self) {
        let _ = soon(self.0.shutdown()).await;
    }

    /// Returns the next answer, or `None` if the connection closes without one.
    pub(crate) async fn hear(&mut self) -> Option<Response> {
        loop {
            if let Some((response, rest)) = parse(&self.1) {
                self.1 = rest.to_vec();
                return Some(response);
            }
            let mut buffer = [0; 4096];
            match soon(self.0.read(&mut buffer)).await {
                Ok(read) if read > 0 => self.1.extend_from_slice(&buffer[..read]),
                _ => return None,
            }
        }
    }

    /// Waits until the other side closes, and returns the number of bytes that it sent.
    pub(crate) async fn closed(&mut self) -> usize {
        soon(self.wait_for_end()).await
    }

    /// Waits without a limit until the other side closes.
    pub(crate) async fn wait_for_end(&mut self) -> usize {
        let mut rest = Vec::new();
        // A reset counts as closing.
        let _ = self.0.read_to_end(&mut rest).await;
        self.1.len() + rest.len()
    }
}

/// Returns headers as they are written in a head.
pub(crate) fn lines(headers: &Headers) -> String {
    headers.iter().map(|(name, value)| [name, ": ", value, "\r\n"].concat()).collect()
}

/// Returns the head of a strict request with this body.
pub(crate) fn strict_head(caller: &Key, to: PublicKey, target: &str, body: &[u8], now: UnixNanos) -> String {
    let (headers, _) = sign_request(caller, ("POST", target), body, now, Some(to)).unwrap();
    let lines = lines(&headers);
    format!("POST {target} HTTP/1.1\r\nHost: test\r\n{lines}Content-Length: {}\r\n\r\n", body.len())
}

/// Returns a whole strict request.
pub(crate) fn strict(seed: u8, to: u8, target: &str, body: &[u8], now: UnixNanos) -> Vec<u8> {
    let mut bytes = strict_head(&key(seed), key(to).hotkey(), target, body, now).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
