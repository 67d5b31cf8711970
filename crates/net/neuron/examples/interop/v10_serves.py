"""An axon of `bittensor` 10.2.0, until its input ends."""

import asyncio
import socket
import sys
import time
import typing

from common import AXON, UNWANTED, Output, seed

output = Output()

import bittensor
import numpy

from v10_messages import Checked, Echo, Everything, Keypair, Prioritised, Tokens, wallet

NOT_SERVED = Keypair.create_from_seed("0x" + seed(UNWANTED).hex()).ss58_address


async def echo(synapse: Echo) -> Echo:
    order = synapse.text.removeprefix("!") if synapse.text.startswith("!") else None
    if order == "fail":
        raise RuntimeError("as asked")
    if order == "wait":
        await asyncio.sleep(3_600)
    if order is not None:
        synapse.axon.status_code = int(order)
        synapse.axon.status_message = "as asked"
        return synapse
    synapse.text = synapse.text.upper()
    synapse.numbers = synapse.numbers[::-1]
    if synapse.tensor is not None:
        # Through numpy and back, so that the bytes are its own.
        synapse.tensor = bittensor.Tensor.serialize(numpy.array(synapse.tensor.numpy()))
    return synapse


def turn_away(synapse: Echo) -> typing.Tuple[bool, str]:
    return synapse.dendrite.hotkey == NOT_SERVED, "not on the list"


def same(synapse: Everything) -> Everything:
    return synapse


async def tokens(synapse: Tokens) -> bittensor.StreamingSynapse.BTStreamingResponse:
    if synapse.text == "!fail":
        raise RuntimeError("as asked")

    async def stream(send):
        for number, word in enumerate(synapse.text.split(" ")):
            if word == "!break":
                raise RuntimeError("as asked")
            piece = word if number == 0 else " " + word
            await send({"type": "http.response.body", "body": piece.encode(), "more_body": True})

    return synapse.create_streaming_response(stream)


def checked(synapse: Checked) -> Checked:
    return synapse


def check(synapse: Checked) -> None:
    raise RuntimeError("a check of its own")


def prioritised(synapse: Prioritised) -> Prioritised:
    return synapse


def late(synapse: Prioritised) -> float:
    raise TimeoutError


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

axon = bittensor.Axon(wallet=wallet(AXON), port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port)
axon.fast_config.host = "127.0.0.1"
axon.attach(echo, blacklist_fn=turn_away)
axon.attach(same)
axon.attach(tokens)
axon.attach(checked, verify_fn=check)
axon.attach(prioritised, priority_fn=late)
axon.start()
for _ in range(600):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            break
    time.sleep(0.1)
output.say({"port": port, "version": bittensor.__version__})
sys.stdin.read()
axon.stop()
