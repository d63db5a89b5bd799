"""What is done to a running stack. Each fault is begun, held for a while, and healed; all of it on processes that are ours."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from deploy.kafka.node import nodes
from deploy.processes import basic_environment, culm_processes
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.consumers import positioned_reader
from process.instances import processes_of_a_stack, shown_names
from schemas.partition import PARTITIONER
from schemas.topics import topics_of_role

TAKEOVER_SECONDS = 6.0
#: Longer than the session of a decider, after which its shards are given to others.
FROZEN_SECONDS = 14.0
DUPLICATES = 300
POISON = (b"", b"broken avro", b"\x00\x00\x00\x00\x01not a record")


@dataclass(frozen=True, slots=True)
class Fault:
    """A name and what to do: up to its yield it strikes, after it is healed."""

    name: str
    lasts: Callable[[Stack], Iterator[None]]


def faults(stack: Stack, away_seconds: float) -> list[Fault]:
    """Every fault that can be done to `stack`; `away_seconds` is how long a server stays away."""
    ours = shown_names(one.program for one in processes_of_a_stack(stack.config.counts)).values()
    victims = [*(one.name for one in nodes(stack.config)), *ours, "registry", "postgres"]
    return [
        *(Fault(f"kill {name}", _killed(name)) for name in victims),
        Fault("decider stopped past a takeover", _replaced),
        Fault("decider frozen past its session", _frozen),
        Fault(f"postgres away {away_seconds:.0f} s", _away("postgres", away_seconds)),
        Fault(f"registry away {away_seconds:.0f} s", _away("registry", away_seconds)),
        Fault("commands delivered twice", _twice),
        Fault("poison on every command topic", _poisoned),
    ]


def begun(fault: Fault, stack: Stack) -> Iterator[None]:
    """Begin the fault; exhausting what is returned heals it."""
    lasting = fault.lasts(stack)
    next(lasting)
    return lasting


def healed(lasting: Iterator[None]) -> None:
    """Heal a fault."""
    for _ in lasting:
        pass


def _killed(name: str) -> Callable[[Stack], Iterator[None]]:
    def lasts(stack: Stack) -> Iterator[None]:
        os.kill(stack.process_pid(name), signal.SIGKILL)
        yield

    return lasts


def _away(kind: str, seconds: float) -> Callable[[Stack], Iterator[None]]:
    def lasts(stack: Stack) -> Iterator[None]:
        stack.supervisor.stop(kind)
        time.sleep(seconds)
        stack.supervisor.start(kind)
        yield

    return lasts


def _replaced(stack: Stack) -> Iterator[None]:
    """SIGSTOP; a second decider takes the name; SIGCONT: the first one must notice that it has lost it."""
    first = stack.process_pid("decider")
    process = next(one for one in culm_processes(stack.config, stack.environ) if one.name == "decider")
    environment = {**basic_environment(stack.config, os.environ), **process.environment}
    os.kill(first, signal.SIGSTOP)
    second = subprocess.Popen(process.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(TAKEOVER_SECONDS)
    os.kill(first, signal.SIGCONT)
    yield
    # The supervisor restarts the first, which takes the name back; the second ends by itself then.
    try:
        second.wait(30)
    except subprocess.TimeoutExpired:
        second.terminate()
        second.wait(30)


def _frozen(stack: Stack) -> Iterator[None]:
    """SIGSTOP until the others have its shards, or until it is missed; SIGCONT: what it was about to write is refused."""
    frozen = stack.process_pid("decider")
    os.kill(frozen, signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    os.kill(frozen, signal.SIGCONT)
    yield


def resized(counts: Sequence[int]) -> Fault:
    """The stack is given these numbers of deciders, one after the other, while it works."""

    def lasts(stack: Stack) -> Iterator[None]:
        for count in counts:
            Stack(stack.config, {**stack.environ, "CULM_DECIDERS": str(count)}).up()
            time.sleep(FROZEN_SECONDS)
        yield

    return Fault(f"deciders become {', then '.join(map(str, counts))}", lasts)


def _twice(stack: Stack) -> Iterator[None]:
    """The last commands of every topic once more, byte for byte."""
    producer = Producer({**connection(stack.config.kafka, "culm-test"), "partitioner": PARTITIONER})
    for message in _last_commands(stack.config.kafka):
        producer.produce(message.topic() or "", key=message.key(), value=message.value())
        producer.poll(0)
    producer.flush(30)
    yield


def _last_commands(kafka: str) -> list[Message]:
    """Of each partition of the commands the last, as it ends now; all partitions are read at once."""
    consumer = positioned_reader(kafka, "culm-test", hears_ends=True)
    begins: list[TopicPartition] = []
    ends: dict[tuple[str, int], int] = {}
    for topic in topics_of_role("commands"):
        for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
            low, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            begins.append(TopicPartition(topic, partition, max(low, end - DUPLICATES)))
            ends[topic, partition] = end
    consumer.assign(begins)
    found, unread = [], set(ends)
    while unread:
        message = consumer.poll(10)
        assert message is not None, f"no word of {sorted(unread)} for 10 s"
        place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
        failure = message.error()
        if failure is not None and failure.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(failure)
        if failure is None and offset < ends[place] and message.value() is not None:
            found.append(message)
        if failure is not None or offset + 1 >= ends[place]:
            unread.discard(place)
    consumer.close()
    return found


def _poisoned(stack: Stack) -> Iterator[None]:
    producer = Producer({**connection(stack.config.kafka, "culm-test"), "partitioner": PARTITIONER})
    for topic in topics_of_role("commands"):
        for value in POISON:
            producer.produce(topic, key=b"poison", value=value)
    producer.flush(30)
    yield
