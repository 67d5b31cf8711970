"""The axon of `bittensor` 10.2.0, or its dendrites on kept connections, for a measurement.

`serve` prints the port and serves until its input ends. `ask PORT NUMBER` reads lines `WARM_UP SECONDS`, asks without a
pause with this number of dendrites, and prints the times of the answers.
"""

import asyncio
import json
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "interop"))

from common import AXON, CALLER, Output, seed

output = Output()

import bittensor
from bittensor.core.chain_data import AxonInfo

from v10_messages import Keypair, OnlyText, wallet

TEXT = "0123456789abcdef" * 4


class Plain(OnlyText):
    pass


def serve():
    def plain(synapse: Plain) -> Plain:
        return synapse

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    axon = bittensor.Axon(wallet=wallet(AXON), port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port)
    axon.fast_config.host = "127.0.0.1"
    axon.attach(plain)
    axon.start()
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    output.say({"port": port})
    sys.stdin.read()
    axon.stop()


async def ask(port, number):
    # One client counts its nonces in one row, so each of those that ask side by side has a row of its own.
    dendrites = [bittensor.Dendrite(wallet=wallet(CALLER)) for _ in range(number)]
    hotkey = Keypair.create_from_seed("0x" + seed(AXON).hex()).ss58_address
    axon = AxonInfo(version=1, ip="127.0.0.1", port=port, ip_type=4, hotkey=hotkey, coldkey=hotkey)

    async def one(dendrite, begin, end, row):
        while (started := time.monotonic()) < end:
            answer = await dendrite.call(axon, Plain(text=TEXT), deserialize=False)
            ended = time.monotonic()
            if answer.dendrite.status_code != 200 or answer.text != TEXT:
                row["failed"] += 1
                row["failure"] = str(answer.dendrite.status_message)
            elif begin <= ended < end:
                row["times"].append(ended - started)

    output.say({"ready": True})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        warm_up, seconds = map(float, line.split())
        row = {"times": [], "failed": 0}
        begin = time.monotonic() + warm_up
        await asyncio.gather(*(one(dendrite, begin, begin + seconds, row) for dendrite in dendrites))
        output.say(row)
    for dendrite in dendrites:
        await dendrite.aclose_session()


if output.arguments[0] == "serve":
    serve()
else:
    asyncio.run(ask(*map(int, output.arguments[1:])))
