"""The dendrite of `bittensor` 10.2.0 asks our axon: PORT, and the PORT of one that refuses this protocol."""

import asyncio
import sys
import time

from common import AXON, CALLER, OTHER, UNWANTED, Output, seed

output = Output()

import aiohttp
import bittensor
import numpy
from bittensor.core.chain_data import AxonInfo

from v10_messages import OUTSIDE, Checked, Echo, Everything, Keypair, Prioritised, Tokens, Unknown, wallet

PORT, STRICT_PORT = map(int, output.arguments)
HOUR = 3_600 * 10**9


def axon(port=PORT, ip="127.0.0.1", number=AXON) -> AxonInfo:
    hotkey = Keypair.create_from_seed("0x" + seed(number).hex()).ss58_address
    return AxonInfo(version=1, ip=ip, port=port, ip_type=4, hotkey=hotkey, coldkey=hotkey)


def said(synapse) -> tuple:
    return synapse.dendrite.status_code, synapse.dendrite.status_message


def plain(text="plain", numbers=(0.5,)) -> Echo:
    return Echo(text=text, numbers=list(numbers))


class Changed(bittensor.Dendrite):
    """Changes a message after it was signed, or signs another one."""

    def __init__(self, change, number=CALLER):
        super().__init__(wallet=wallet(number))
        self.change = change

    def preprocess_synapse_for_request(self, *arguments, **named):
        synapse = super().preprocess_synapse_for_request(*arguments, **named)
        self.change(self, synapse)
        return synapse


def signed_at(shift):
    def change(dendrite, synapse):
        caller, target = synapse.dendrite, synapse.axon
        caller.nonce += shift
        message = f"{caller.nonce}.{caller.hotkey}.{target.hotkey}.{caller.uuid}.{synapse.body_hash}"
        caller.signature = "0x" + dendrite.keypair.sign(message).hex()

    return change


def signature(value):
    def change(_, synapse):
        synapse.dendrite.signature = value

    return change


def another_text(_, synapse):
    # The header of the hash is of the text that was signed.
    honest = synapse.to_headers()
    object.__setattr__(synapse, "to_headers", lambda: honest)
    synapse.text = "forged"


def another_caller(_, synapse):
    honest = synapse.to_headers()
    object.__setattr__(synapse, "to_headers", lambda: honest)
    synapse.dendrite.hotkey = axon(number=OTHER).hotkey


async def served(dendrite):
    text = "naïve \"quotes\" 'single' \\ \t\n 日本 🧠 \x7f\xa0\u200b"
    numbers = [0.1, 1e-5, 1e16, 1e22, -0.0, 123456789.123, 5e-324]
    answer = await dendrite.call(axon(), plain(text, numbers), deserialize=False)
    output.equal("a plain message, with every kind of text and number", (answer.text, answer.numbers, said(answer)),
                 (text.upper(), numbers[::-1], (200, "Success")))

    for kind in ("float32", "float64", "float16", "int64", "bool"):
        sent = (numpy.arange(6).reshape(2, 3) % 3).astype(kind)
        question = plain()
        question.tensor = bittensor.Tensor.serialize(sent)
        answer = await dendrite.call(axon(), question, deserialize=False)
        came = answer.tensor.numpy()
        output.equal(f"a tensor of {kind}", (came.dtype, came.tolist()), (sent.dtype, sent.tolist()))

    question = Everything(count=1 << 70, ratio=1e-7, flag=True, items=["it's", '"'], table={"one": 1, "two": 2},
                          several=(-1, 0), free={"deep": [None, 2.5]})
    answer = await dendrite.call(axon(), question, deserialize=False)
    own = ("count", "ratio", "flag", "items", "table", "several", "maybe", "free")
    output.equal("a field of every type", [getattr(answer, name) for name in own],
                 [getattr(question, name) for name in own])

    answer = await dendrite.call(axon(), bittensor.Synapse(), deserialize=False)
    output.equal("a ping", said(answer), (200, "Success"))
    # One client counts its nonces in one row, so what is asked side by side is asked by several.
    clients = [bittensor.Dendrite(wallet=wallet(number)) for number in (CALLER, OTHER) for _ in range(4)]
    answers = await asyncio.gather(*(client.call(axon(), plain(), deserialize=False) for client in clients))
    output.equal("eight side by side", [said(answer)[0] for answer in answers], [200] * 8)
    for client in clients:
        await client.aclose_session()
    answers = [await dendrite.call(axon(), plain(), deserialize=False) for _ in range(20)]
    output.equal("twenty one after the other, on kept connections", [said(answer)[0] for answer in answers], [200] * 20)
    answer = await dendrite.call(axon(ip=OUTSIDE), plain(), deserialize=False)
    output.equal("the own address as seen from outside", (answer.text, said(answer)[0]), ("PLAIN", 200))


async def stream(dendrite, text):
    pieces = []
    async for piece in dendrite.call_stream(axon(), Tokens(text=text), deserialize=False):
        pieces.append(piece)
    *pieces, last = pieces
    return "".join(pieces), last


async def streams(dendrite):
    text, last = await stream(dendrite, "one two three")
    output.equal("a stream", (text, last.completion, said(last)), ("one two three", "one two three", (200, "Success")))
    text, last = await stream(dendrite, "one !break")
    output.fits("a stream that breaks off", (last.dendrite.status_code, text), 400, "one ")
    text, last = await stream(dendrite, "")
    output.equal("a stream of nothing", (text, said(last)), ("", (200, "Success")))


async def refused(dendrite):
    async def ask(question, target=None, timeout=12.0, by=dendrite):
        return said(await by.call(target or axon(), question, timeout=timeout, deserialize=False))

    output.fits("the handler fails", await ask(plain("!fail")), 500, "Internal Server Error #")
    output.fits("the handler panics", await ask(plain("!panic")), 500, "Internal Server Error #")
    output.equal("the handler chooses a status", await ask(plain("!418")), (418, "as asked"))
    output.fits("a class without a handler", await ask(Unknown()), 404, "Synapse name 'Unknown' not found.")
    output.fits("a check of the axon's own", await ask(Checked()), 401, "Not Verified with error: a check of its own")
    output.fits("no room in time", await ask(Prioritised()), 408, "Response timeout after: 12.0s")
    output.equal("a slow handler", await ask(plain("!wait"), timeout=1.0), (408, "Request timeout after 1.0 seconds"))
    output.fits("a body too large", await ask(plain("x" * (2 << 20))), 413, "The body is too large.")
    output.fits("the older protocol where it is refused", await ask(plain(), axon(STRICT_PORT)), 403, "Forbidden.")
    output.fits("signed for another axon", await ask(plain(), axon(number=OTHER)), 401, "Signature mismatch")

    async def changed(case, change, status, text, question=None, number=CALLER):
        client = Changed(change, number)
        output.fits(case, await ask(question or plain(), by=client), status, text)
        await client.aclose_session()

    refusal = "Not Verified with error: "
    await changed("a caller on the blacklist", lambda *_: None, 403, "Forbidden. Key is blacklisted: not on the list.",
                  number=UNWANTED)
    await changed("no signature", signature(None), 401, refusal + "Missing signature")
    await changed("an empty signature", signature(""), 401, refusal)
    await changed("a signature that is none", signature("0x12"), 401, refusal)
    await changed("a signature of something else", signature("0x" + "12" * 64), 401, refusal + "Signature mismatch")
    await changed("a stale nonce", signed_at(-HOUR), 401, refusal + "Nonce is too old")
    await changed("a nonce from the future", signed_at(HOUR), 401, refusal)
    await changed("another text than was signed", another_text, 500, "Internal Server Error #")
    await changed("another caller in the body", another_caller, 401, refusal)
    nonceless = lambda _, synapse: setattr(synapse.dendrite, "nonce", None)
    await changed("no nonce", nonceless, 401, refusal + "Missing Nonce")
    anonymous = lambda _, synapse: setattr(synapse.dendrite, "hotkey", None)
    await changed("no caller", anonymous, 401, refusal)

    # Four requests of one hotkey at a time are worked on; the clients of a hotkey share that.
    clients = [bittensor.Dendrite(wallet=wallet(OTHER)) for _ in range(6)]
    many = await asyncio.gather(*(ask(plain("!wait"), timeout=2.0, by=client) for client in clients))
    statuses = sorted(str(status) for status, _ in many)
    output.equal("too many at a time", statuses, ["408"] * 4 + ["429"] * 2)
    for client in clients:
        await client.aclose_session()


async def raw(dendrite):
    """What the library never sends."""

    def prepared():
        synapse = dendrite.preprocess_synapse_for_request(axon(), plain())
        return synapse.to_headers(), synapse.model_dump()

    url = f"http://127.0.0.1:{PORT}/Echo"
    async with aiohttp.ClientSession() as session:

        async def status(headers, **body):
            async with session.post(url, headers=headers, **body) as response:
                return response.status

        headers, body = prepared()
        output.equal("the same request twice", [await status(headers, json=body) for _ in range(2)], [200, 401])
        first, second = prepared(), prepared()
        output.equal("an older request after a newer one", [
            await status(second[0], json=second[1]), await status(first[0], json=first[1])], [200, 401])
        headers, body = prepared()
        headers["content-type"] = "application/json"
        output.equal("a body that is no JSON", await status(headers, data=b"{"), 422)
        headers, body = prepared()
        output.equal("a body that is not sent as JSON", await status(headers, data=b"text"), 500)
        headers, body = prepared()
        del headers["bt_header_input_obj_text"]
        output.equal("no dummy for a field without a default", await status(headers, json=body), 500)
        output.equal("no headers of the protocol", await status({}, json=body), 500)
        async with session.put(url, headers=prepared()[0], json=body) as response:
            output.equal("another method", response.status, 405)


async def main():
    dendrite = bittensor.Dendrite(wallet=wallet(CALLER))
    for part in (served, streams, refused, raw):
        await part(dendrite)
    await dendrite.aclose_session()


started = time.monotonic()
asyncio.run(main())
print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
