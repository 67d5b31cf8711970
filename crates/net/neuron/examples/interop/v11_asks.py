"""Requests signed by `bittensor` 11.3.0 ask our axon: PORT, and the PORT of one that refuses the older protocol."""

import hashlib
import http.client
import struct
import threading
import time

from common import AXON, CALLER, OTHER, UNWANTED, Output, json, seed

output = Output()

from bittensor import http_auth
from bittensor.sp_core import CRYPTO_ED25519, CRYPTO_SR25519, Keypair, verify

PORT, STRICT_PORT = map(int, output.arguments)
PATIENCE = 30
SECOND = 10**9


def key(number: int) -> Keypair:
    return Keypair.create_from_seed(seed(number))


HERE = key(AXON).ss58_address


def body(text="plain", **more) -> bytes:
    return json.dumps({"text": text, "numbers": [0.5, 1e-7]} | more).encode()


class Answer:
    def __init__(self, asked: dict, response: http.client.HTTPResponse):
        self.asked, self.status = asked, response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def message(self) -> dict:
        return json.loads(self.body)

    def refusal(self) -> tuple:
        return self.status, self.message().get("error")


def post(content: bytes, path="/Echo", by=None, port=PORT, sent=None, change=None, method="POST", signed_as="POST",
         receiver=HERE, nonce=None) -> Answer:
    """Signs and sends; `sent` are a path and a body other than the signed ones, `change` changes the headers."""
    by = by or key(CALLER)
    headers = http_auth.sign(by, method=signed_as, path=path, body=content, receiver_ss58=receiver, nonce_ns=nonce)
    scheme = headers.get(http_auth.HEADER_CRYPTO, "sr25519")
    text = http_auth.build_payload(scheme=scheme, method=signed_as, path=path, body=content,
                                   nonce_ns=int(headers[http_auth.HEADER_NONCE]), sender_ss58=by.ss58_address,
                                   receiver_ss58=receiver)
    asked = {"text": text.decode(), "signature": headers[http_auth.HEADER_SIGNATURE], "sender": by.ss58_address}
    if change:
        change(headers)
    path, content = sent or (path, content)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, content, {"content-type": "application/json"} | headers)
        return Answer(asked, connection.getresponse())
    finally:
        connection.close()


def good(text: str, signature: bytes) -> bool:
    return verify(text.encode(), signature, HERE, CRYPTO_SR25519)


def signed_text(answer: Answer, form: str, *last) -> dict:
    """The text that the answer has to be signed over. Made of what was asked and what came, not of what it claims."""
    lines = [form, HERE, answer.asked["sender"], answer.headers["x-myelin-nonce"],
             hashlib.sha256(answer.asked["text"].encode()).hexdigest(), str(answer.status),
             answer.headers["content-type"], *last]
    return {"text": "\n".join(lines), "signature": answer.headers["x-myelin-signature"]}


def is_signed(answer: Answer) -> bool:
    signed = signed_text(answer, "myelin-answer/1", hashlib.sha256(answer.body).hexdigest())
    return good(signed["text"], bytes.fromhex(signed["signature"][2:]))


def receipt(answer: Answer, signed: dict, end=None) -> str:
    request = {name: answer.asked[name] for name in ("text", "signature")}
    parts = {"form": "myelin-receipt/1", "request": request, "answer": signed} | ({"end": end} if end else {})
    return json.dumps(parts)


def served():
    answer = post(body("naïve \u00a0 🧠"))
    message = answer.message()
    output.equal("a plain message", (answer.status, message["text"], message["numbers"]),
                 (200, "NAÏVE \u00a0 🧠", [1e-7, 0.5]))
    output.equal("its answer is signed", is_signed(answer), True)
    signed = signed_text(answer, "myelin-answer/1", hashlib.sha256(answer.body).hexdigest())
    output.say({"case": "a receipt of it that Python made", "receipt": receipt(answer, signed)})
    ed25519 = Keypair.create_from_seed(seed(CALLER), crypto_type=CRYPTO_ED25519)
    output.equal("a key of Ed25519", post(body(), by=ed25519).status, 200)
    output.equal("a path with a query", post(body(), path="/Echo?a=1&b=%20").status, 200)
    output.equal("an axon that refuses the older protocol", post(body(), port=STRICT_PORT).status, 200)
    output.equal("a ping", post(b"{}", path="/Synapse").status, 200)
    spaced = lambda headers: headers.update({"X-Bittensor-Signature": headers["X-Bittensor-Signature"][2:].upper()})
    output.equal("a signature without 0x, in upper case", post(body(), change=spaced).status, 200)
    nonce = time.time_ns()
    statuses = [post(body(), nonce=nonce, by=key(number)).status for number in (CALLER, OTHER)]
    output.equal("the same nonce of two callers", statuses, [200, 200])


def frames(content: bytes):
    """The groups of a signed stream and its end: kind, bytes, signature. signed-requests §7"""
    while content:
        if content[0] == 1:
            (length,) = struct.unpack(">I", content[1:5])
            yield 1, content[5 : 5 + length], content[5 + length : 69 + length]
            content = content[69 + length :]
        else:
            yield 2, content[1:2], content[2:66]
            content = content[66:]


def check_stream(text: str):
    """Reads a signed stream by the rules of the page, and gives its bytes, how it ended, and what does not fit."""
    answer = post(json.dumps({"text": text}).encode(), path="/Tokens?stream=1")
    head = signed_text(answer, "myelin-stream/1")
    begun = state = hashlib.sha256(head["text"].encode()).digest()
    faults = [] if good(head["text"], bytes.fromhex(head["signature"][2:])) else ["the head"]
    whole, count, end = b"", 0, None
    for kind, content, signature in frames(answer.body):
        if kind == 1:
            count += 1
            digest = hashlib.sha256(content).digest()
            state = hashlib.sha256(state + struct.pack(">Q", count) + digest).digest()
            whole += content
            signed = "\n".join(["myelin-group/1", begun.hex(), str(count), state.hex()])
        else:
            outcome = "complete" if content == b"\0" else "broken"
            signed = "\n".join(["myelin-end/1", begun.hex(), str(count), state.hex(), outcome])
            end = {"text": signed, "signature": "0x" + signature.hex()}
        if not good(signed, signature):
            faults.append(f"frame {count}")
    return whole.decode(), outcome, faults, receipt(answer, head, end)


def streams():
    plain = post(json.dumps({"text": "one two three"}).encode(), path="/Tokens")
    output.equal("a stream, as plain bytes", (plain.status, plain.body), (200, b"one two three"))
    *got, proof = check_stream("one two three")
    output.equal("a signed stream", got, ["one two three", "complete", []])
    output.say({"case": "a receipt of the stream that Python made", "receipt": proof})
    *got, proof = check_stream("one !break")
    output.equal("a signed stream that breaks off", got, ["one ", "broken", []])


def without(name):
    return lambda headers: headers.pop(name)


def other(name, value):
    return lambda headers: headers.update({name: value})


def refused():
    now = time.time_ns
    forged = http_auth.sign(key(CALLER), method="POST", path="/Echo", body=b"else", receiver_ss58=HERE)
    malformed = (401, "MalformedAuth")
    for case, answer, expected in [
        ("no version", post(body(), change=without("X-Bittensor-Version")), malformed),
        ("another version", post(body(), change=other("X-Bittensor-Version", "2")), malformed),
        ("no sender", post(body(), change=without("X-Bittensor-Hotkey")), malformed),
        ("a sender that is no address", post(body(), change=other("X-Bittensor-Hotkey", "5Nobody")), malformed),
        ("no nonce", post(body(), change=without("X-Bittensor-Nonce")), malformed),
        ("a nonce that is no number", post(body(), change=other("X-Bittensor-Nonce", "now")), malformed),
        ("no signature", post(body(), change=without("X-Bittensor-Signature")), malformed),
        ("a signature that is none", post(body(), change=other("X-Bittensor-Signature", "0x12")), malformed),
        ("an unknown scheme", post(body(), change=other("X-Bittensor-Crypto", "ecdsa")), malformed),
        ("no receiver", post(body(), receiver=None), (403, "WrongReceiver")),
        ("another receiver", post(body(), receiver=key(OTHER).ss58_address), (403, "WrongReceiver")),
        ("a receiver that was not signed", post(body(), receiver=None, change=other("X-Bittensor-Receiver", HERE)),
         (401, "BadSignature")),
        ("too old", post(body(), nonce=now() - 11 * SECOND), (401, "StaleRequest")),
        ("from the future", post(body(), nonce=now() + 30 * SECOND), (401, "StaleRequest")),
        ("a signature of something else",
         post(body(), change=other("X-Bittensor-Signature", forged["X-Bittensor-Signature"])), (401, "BadSignature")),
        ("another body than was signed", post(body(), sent=("/Echo", body("forged"))), (401, "BadSignature")),
        ("another path than was signed", post(body(), sent=("/Everything", body())), (401, "BadSignature")),
        ("another query than was signed", post(body(), sent=("/Echo?x=1", body())), (401, "BadSignature")),
        ("another scheme than was signed", post(body(), change=other("X-Bittensor-Crypto", "ed25519")),
         (401, "BadSignature")),
        ("another method", post(body(), method="PUT", signed_as="PUT"), (405, "Method")),
        ("a class without a handler", post(body(), path="/Unknown"), (404, "NotFound")),
        ("a caller on the blacklist", post(body(), by=key(UNWANTED)), (403, "Forbidden")),
        ("a check of the axon's own", post(body(), path="/Checked"), (401, "Unverified")),
        ("no room in time", post(body(), path="/Prioritised"), (408, "Late")),
        ("a body too large", post(body("x" * (2 << 20))), (413, "TooLarge")),
    ]:
        output.equal(case, answer.refusal(), expected)
    for case, answer, expected in [
        ("a body that is no JSON", post(b"{"), (422, "NotJson")),
        ("a field is missing", post(b"{}"), (422, "Body")),
        ("the handler fails", post(body("!fail")), (500, "Failed")),
        ("the handler panics", post(body("!panic")), (500, "Failed")),
        ("a slow handler", post(body("!wait", timeout=0.5)), (408, "Late")),
    ]:
        output.equal(case + ", and that is signed", (*answer.refusal(), is_signed(answer)), (*expected, True))
    nonce = now()
    replayed = [post(body(), nonce=nonce) for _ in range(2)]
    output.equal("the same request twice", [replayed[0].status, replayed[1].refusal()], [200, (403, "ReplayedRequest")])
    again = post(body("other"), nonce=nonce)
    output.equal("a nonce again, with another body", again.refusal(), (403, "ReplayedRequest"))
    headers = {"content-type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    connection.request("POST", "/Echo", body(), headers)
    status = connection.getresponse().status
    connection.close()
    output.equal("nothing signed at all", status, 500)

    # Four requests of one hotkey at a time are worked on.
    statuses = []
    ask = lambda: statuses.append(post(body("!wait", timeout=2)).status)
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    output.equal("too many at a time", sorted(statuses), [408] * 4 + [429] * 2)


served()
streams()
refused()
