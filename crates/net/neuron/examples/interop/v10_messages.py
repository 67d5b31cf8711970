"""The classes of `messages.rs` as `bittensor` 10.2.0 declares them, and wallets of our keys."""

import json
import pathlib
import typing

import bittensor
from bittensor import Keypair, StreamingSynapse, Synapse, Tensor, Wallet
from bittensor.core import tensor
from bittensor.utils import networking

from common import seed

# An address from the block for documentation, instead of asking others on the internet for ours.
OUTSIDE = "203.0.113.7"
networking.get_external_ip = lambda: OUTSIDE

# Tensors of numpy need no torch, but the library looks up its types: it is told that it has.
tensor.dtypes.torch = True


class Echo(Synapse):
    text: str
    numbers: list[float]
    tensor: typing.Optional[Tensor] = None

    required_hash_fields: typing.ClassVar[tuple[str, ...]] = ("text", "numbers", "tensor")


class Everything(Synapse):
    count: int
    ratio: float
    flag: bool
    items: list[str]
    table: dict[str, int]
    several: tuple[int, ...]
    maybe: typing.Optional[str] = None
    free: typing.Any = None

    required_hash_fields: typing.ClassVar[tuple[str, ...]] = (
        "count",
        "ratio",
        "flag",
        "items",
        "table",
        "several",
        "maybe",
        "free",
    )


class Tokens(StreamingSynapse):
    text: str
    completion: str = ""

    required_hash_fields: typing.ClassVar[tuple[str, ...]] = ("text",)

    async def process_streaming_response(self, response):
        async for piece in response.content.iter_any():
            piece = piece.decode()
            self.completion += piece
            yield piece

    def extract_response_json(self, response) -> dict:
        return {"name": response.headers.get("name", ""), "text": self.text, "completion": self.completion}


class OnlyText(Synapse):
    text: str = ""

    required_hash_fields: typing.ClassVar[tuple[str, ...]] = ("text",)


class Checked(OnlyText):
    pass


class Prioritised(OnlyText):
    pass


class Unknown(OnlyText):
    pass


def wallet(number: int) -> Wallet:
    """A wallet in files below the home folder, which is new for each run."""
    made = Wallet(name=f"interop-{number}", hotkey="neuron", path=str(pathlib.Path.home() / "wallets"))
    secret = "0x" + seed(number).hex()
    keypair = Keypair.create_from_seed(secret)
    public = {"accountId": "0x" + keypair.public_key.hex(), "publicKey": "0x" + keypair.public_key.hex(),
              "ss58Address": keypair.ss58_address}
    # The library writes a seed in a form that it cannot read back, so these files are ours.
    folder = pathlib.Path(made.path) / made.name
    (folder / "hotkeys").mkdir(parents=True, exist_ok=True)
    (folder / "hotkeys" / "neuron").write_text(json.dumps(public | {"secretSeed": secret}))
    (folder / "coldkeypub.txt").write_text(json.dumps(public))
    return made
