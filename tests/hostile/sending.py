"""Sends messages as they are, byte by byte, and notes the outcome of each.

HTTP without a client library, because libraries refuse to send what hostile clients send; Kafka with a producer that
takes records larger than the broker does.
"""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from api.monitor.session import TOKEN_COOKIE, VO_COOKIE
from eventlog.connection import connection
from schemas.partition import PARTITIONER
from tests.hostile.message import Message, Outcome, Record, Request, Sender

AT_ONCE = 6
ANSWER_SECONDS_MAX = 30.0
ANSWER_BYTES_MAX = 200_000
SHOWN = 200
STREAMS = ("text/event-stream", "application/x-ndjson")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to. tokens: of each sender; vos: what its Origin says."""

    host: str
    port: int
    kafka: str
    tokens: Mapping[Sender, str]
    vos: Mapping[Sender, str]


class Sending:
    """Sends messages at a rate, several at once. `begun`: what was sent and when; `outcomes` grows as they are answered."""

    def __init__(self, target: Target, per_second: float) -> None:
        self._target, self._pause = target, 1.0 / per_second
        self._producer = Producer(
            {
                **connection(target.kafka, "culm-test"),
                "partitioner": PARTITIONER,
                "message.max.bytes": 20_000_000,
                "message.timeout.ms": 20_000,
            }
        )
        self._guard = threading.Lock()
        self.outcomes: list[Outcome] = []
        self.begun: list[tuple[float, Message]] = []

    def send_all(self, messages: Iterable[Message], stopped: Callable[[], bool] = lambda: False) -> None:
        """Send them in order, until `stopped`; returns when the last was answered."""
        due = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            room = threading.Semaphore(AT_ONCE)
            for message in messages:
                room.acquire()
                if stopped():
                    room.release()
                    break
                time.sleep(max(0.0, due - time.monotonic()))
                due = max(due, time.monotonic() - 1.0) + self._pause
                self.begun.append((time.time(), message))
                pool.submit(self._send, message).add_done_callback(lambda _: room.release())
        self._producer.flush(20)

    def _send(self, message: Message) -> None:
        began = time.monotonic()
        content = message.content
        if isinstance(content, Record):
            self._produce(message, content, began)
            return
        status, code, answer = self._ask(content)
        self._note(Outcome(message, status, code, time.monotonic() - began, time.time(), answer))

    def _note(self, outcome: Outcome) -> None:
        with self._guard:
            self.outcomes.append(outcome)

    def _produce(self, message: Message, record: Record, began: float) -> None:
        def reply(error: KafkaError | None, _: Any) -> None:
            code = "accepted" if error is None else str(error.name())
            self._note(Outcome(message, 0, code, time.monotonic() - began, time.time()))

        try:
            for one in record.before:
                self._producer.produce(one.topic, key=one.key, value=one.value)
            self._producer.produce(record.topic, key=record.key, value=record.value, on_delivery=reply)
            self._producer.poll(0)
        except (KafkaException, BufferError) as problem:
            self._note(Outcome(message, 0, type(problem).__name__, 0.0, time.time(), str(problem)[:SHOWN]))

    def _ask(self, request: Request) -> tuple[int, str, str]:
        """Status, code and the beginning of the answer."""
        try:
            with socket.create_connection((self._target.host, self._target.port), ANSWER_SECONDS_MAX) as connection:
                # Who refuses by the head may hang up while the body is still on its way; its answer is there to be read.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(self._on_the_wire(request))
                with contextlib.closing(http.client.HTTPResponse(connection, method=request.method)) as answer:
                    answer.begin()
                    if (answer.getheader("content-type") or "").startswith(STREAMS):
                        return answer.status, "accepted" if answer.status < 300 else str(answer.status), "a stream"
                    body = answer.read(ANSWER_BYTES_MAX)
                    return answer.status, code_of(answer.status, body), body[:SHOWN].decode(errors="replace")
        except TimeoutError:
            return 0, "timeout", f"no answer within {ANSWER_SECONDS_MAX:.0f} s"
        except (OSError, http.client.HTTPException) as problem:
            return 0, "cut off", f"{type(problem).__name__}: {problem}"[:SHOWN]

    def _on_the_wire(self, request: Request) -> bytes:
        headers = self._headers(request)
        lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogatepass") + request.body

    def _headers(self, request: Request) -> dict[str, str]:
        target, sender = self._target, request.sender
        host = f"{target.host}:{target.port}"
        headers = {"Host": host, "Connection": "close"}
        if request.method != "GET":
            headers["Content-Length"] = str(len(request.body))
        token, vo = target.tokens.get(sender, ""), target.vos.get(sender, "")
        if "Sec-Fetch-Site" in request.headers:
            headers |= {"Origin": f"http://{host}", "Cookie": f"{TOKEN_COOKIE}={token}; {VO_COOKIE}={vo}"}
        elif token:
            headers |= {"Authorization": f"Bearer {token}", "Origin": vo}
        return headers | dict(request.headers)


def code_of(status: int, body: bytes) -> str:
    """`accepted`, or how it was refused: the status of HTTP, or what an answer says that comes with 200."""
    if not 200 <= status < 400:
        return str(status)
    try:
        reply = json.loads(body)
    except (ValueError, RecursionError):
        return "accepted"
    if not isinstance(reply, dict):
        return "refused" if isinstance(reply, list) and reply[:1] == [False] else "accepted"
    if reply.get("accepted") is False:
        return str(reply.get("reason"))[:30]
    if reply.get("success") is False:
        return "refused"
    return f"StatusCode {reply['StatusCode']}" if str(reply.get("StatusCode", 0)) != "0" else "accepted"
