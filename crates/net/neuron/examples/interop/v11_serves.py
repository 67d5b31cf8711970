"""A server that verifies signed requests with `bittensor` 11.3.0, until its input ends."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from common import AXON, Output, json, seed

output = Output()

import bittensor
from bittensor import http_auth
from bittensor.sp_core import Keypair

HERE = Keypair.create_from_seed(seed(AXON)).ss58_address
REPEATED = (http_auth.WrongReceiver, http_auth.ReplayedRequest)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            caller = http_auth.verify(
                dict(self.headers.items()), body, method="POST", path=self.path, self_hotkey_ss58=HERE
            )
        except http_auth.AuthError as error:
            status = 403 if isinstance(error, REPEATED) else 401
            return self.answer(status, {"message": type(error).__name__})
        message = json.loads(body)
        if self.path == "/Tokens?stream=1":
            return self.stream(message["text"].split(" "))
        message["text"] = caller.hotkey_ss58 if message["text"] == "!who" else message["text"].upper()
        self.answer(200, message)

    def answer(self, status, message):
        body = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, words):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, word in enumerate(words):
            piece = (word if number == 0 else " " + word).encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
output.say({"port": server.server_port, "version": bittensor.__version__})
sys.stdin.read()
