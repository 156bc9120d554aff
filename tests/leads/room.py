"""A chat room on loopback that can misbehave on request, and remembers what reached it."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Room:
    """`behave` picks what happens: take, refuse, redirect, drip."""

    def __init__(self) -> None:
        self.behave = "take"
        self.posts: list[tuple[str, dict]] = []
        self.over = threading.Event()
        room = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                room.posts.append((self.path, json.loads(body)))
                if room.behave == "redirect" and self.path != "/elsewhere":
                    self.send_response(307)
                    self.send_header("Location", f"http://127.0.0.1:{room.port}/elsewhere")
                    self.end_headers()
                    return
                self.send_response(500 if room.behave == "refuse" else 200)
                self.end_headers()
                while room.behave == "drip" and not room.over.is_set():
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.05)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/room"


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.over.set()
    made.server.shutdown()
    made.server.server_close()
    thread.join()
