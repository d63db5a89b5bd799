"""The Faust worker: an app with one agent a topic, and the parts around it, from start to an orderly end.

In: configuration. Out: processors at work. Faust's settings: docs/reference/kafka.md, "Faust"; no table, no
changelog, no web server, no topic of its own. The worker ends when it is told to or when one of its parts does; a
supervisor starts it anew and nothing is lost, because acknowledging comes last.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import faust
import structlog

from schemas.registry import codec_from
from streams.config import StreamsConfig
from streams.engine.committed_reading import CommittedReading, check_compression
from streams.engine.decoder import Decoder
from streams.engine.errors import EndedEarly, WorkerStopped, pause_until
from streams.engine.listener import Listener
from streams.engine.outbox import LetterSender, Outbox
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.processors import listeners
from streams.provisioning.watch import DemandWatch

#: Fetched batches of a topic that wait for its agent, each of at most a fetch from all partitions.
BATCHES_WAITING_MAX = 8
log = structlog.get_logger()


def faust_app(config: StreamsConfig, topics: Sequence[Listener]) -> faust.App:
    """A Faust app whose agents feed `topics`."""
    app = faust.App(
        config.group,
        broker=[f"kafka://{address}" for address in config.kafka.split(",")],
        store="memory://",
        autodiscover=False,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{config.group}-{config.instance}",
        broker_client_id=config.group,
        broker_commit_interval=config.commit_seconds,
        broker_session_timeout=config.session_seconds,
        broker_heartbeat_interval=config.session_seconds / 4,
        broker_rebalance_timeout=config.session_seconds,
        stream_buffer_maxsize=BATCHES_WAITING_MAX,
        stream_wait_empty=False,
        stream_publish_on_commit=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    by_topic = {listener.topic: listener for listener in topics}
    app.transport = CommittedReading(app.conf.broker_consumer, app, wanted=lambda topic, value: by_topic[topic].concerns(value))
    for listener in topics:
        topic = app.topic(
            listener.topic,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            allow_empty=True,
        )
        app.agent(topic, name=listener.topic, concurrency=1)(listener.agent)
    return app


async def serve(config: StreamsConfig, stop: asyncio.Event, told: threading.Event) -> None:
    """Work until `stop` is set; raises WorkerStopped when a part ends by itself.

    told: set together with `stop`, for threads that wait; raises EndedEarly when that is before work began.
    """
    check_compression()
    pause = pause_until(told)
    codec = await asyncio.to_thread(lambda: codec_from(config.registry, pause=pause))
    decoder = Decoder(codec)
    keeper = FactsKeeper(config.kafka, codec, decoder, config.instance, config.session_seconds)
    facts = Facts(config.kafka, decoder)
    keeper.start()
    facts.start()
    outbox = Outbox(LetterSender(config.kafka, codec, client_id=config.group))
    topics = listeners(decoder, outbox, facts, config.api)
    try:
        while not facts.ready.is_set():
            if facts.ended.is_set() or keeper.ended.is_set():
                raise WorkerStopped("the facts cannot be read")
            await asyncio.to_thread(pause, 0.02)
    except EndedEarly:
        await asyncio.to_thread(facts.stop)
        await asyncio.to_thread(keeper.stop)
        raise
    log.info("facts_known", queues=len(facts.snapshot().queues), position=facts.snapshot().position)
    app = faust_app(config, topics)
    demand = DemandWatch(facts, outbox, is_ours=keeper.owns)
    keeper.on_change(demand.look_again)
    live = (_while_live(facts.ended), _while_live(keeper.ended))
    parts = [outbox.run(), *live, demand.run(), *(listener.work() for listener in topics)]
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await app.start()
        log.info("processors_started", topics=[listener.topic for listener in topics])
        await _until_stopped(app, stop, tasks)
    finally:
        for task in tasks:
            task.cancel()
        outbox.close()
        await app.stop()
        await asyncio.to_thread(facts.stop)
        await asyncio.to_thread(keeper.stop)
        await asyncio.gather(*tasks, return_exceptions=True)


async def _while_live(ended: threading.Event) -> None:
    """Return when a thread has ended, which ends the worker."""
    await asyncio.to_thread(ended.wait)


async def _until_stopped(app: Any, stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    told = asyncio.create_task(stop.wait())
    crashed = asyncio.create_task(app.wait_until_stopped())
    done, _ = await asyncio.wait({told, crashed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (told, crashed):
        task.cancel()
    if told in done:
        return
    for task in done:
        if task is not crashed and task.exception() is not None:
            raise WorkerStopped(f"{task.get_coro()} failed") from task.exception()
    raise WorkerStopped("the Faust app stopped by itself")
