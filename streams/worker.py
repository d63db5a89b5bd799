"""A worker: the Faust app, the plain loops and the parts around them, from start to an orderly end.

In: configuration. Out: processors at work. Faust agents carry the reactions to topics with few records, plain loops those to
topics with records of every job (docs/decisions/0019); what both hand on goes through the same listeners. Several workers
share all of it by group. A worker ends when it is stopped or when one of its parts does; a supervisor starts it again and nothing
is lost, because acknowledging comes last.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import structlog

from eventlog.registry import codec_from
from streams.config import StreamsConfig
from streams.engine.coverage import watch_coverage
from streams.engine.decoder import Decoder
from streams.engine.errors import EndedEarly, WorkerStopped, pause_until
from streams.engine.faust_app import check_compression, faust_app
from streams.engine.outbox import LetterSender, Outbox
from streams.engine.plain_loop import PlainLoop
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.processors import listeners
from streams.provisioning.elsewhere_watch import ElsewhereWatch
from streams.provisioning.rank_watch import RankWatch
from streams.provisioning.throttle_watch import ThrottleWatch
from streams.provisioning.watch import DemandWatch

#: Between two looks at the threads.
LOOK_SECONDS = 0.5
log = structlog.get_logger()


async def serve(config: StreamsConfig, stop: asyncio.Event, stopped: threading.Event) -> None:
    """Work until `stop` is set; raises WorkerStopped when a part ends by itself.

    stopped: set together with `stop`, for threads that wait; raises EndedEarly when that is before work began.
    """
    check_compression()
    pause = pause_until(stopped)
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
    agents = [listener for listener in topics if listener.by_agent]
    app = faust_app(config, agents)
    loops = [PlainLoop(config, listener) for listener in topics if not listener.by_agent]
    demand = DemandWatch(facts, outbox, is_ours=keeper.owns)
    ranks = RankWatch(facts, outbox, is_ours=keeper.owns)
    elsewhere = ElsewhereWatch(facts, outbox, is_ours=keeper.owns)
    throttles = ThrottleWatch(facts, outbox, is_ours=keeper.owns)
    keeper.on_change(demand.look_again)
    keeper.on_change(elsewhere.look_again)
    keeper.on_change(ranks.look_again)
    keeper.on_change(throttles.look_again)
    live = _while_live(facts.ended, keeper.ended, *(loop.ended for loop in loops))
    covered = watch_coverage(config.kafka, config.group, [listener.topic for listener in agents])
    watches = [demand.run(), ranks.run(), elsewhere.run(), throttles.run()]
    parts = [outbox.run(), live, covered, *watches, *(listener.work() for listener in agents)]
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        for loop in loops:
            loop.start()
        await app.start()
        log.info("processors_started", topics=[listener.topic for listener in topics])
        await _until_stopped(app, stop, tasks)
    finally:
        await asyncio.gather(*(asyncio.to_thread(loop.stop) for loop in loops))
        for task in tasks:
            task.cancel()
        outbox.close()
        await app.stop()
        await asyncio.gather(asyncio.to_thread(facts.stop), asyncio.to_thread(keeper.stop))
        await asyncio.gather(*tasks, return_exceptions=True)


async def _while_live(*ended: threading.Event) -> None:
    """Return when one of the threads has ended, which ends the worker."""
    while not any(one.is_set() for one in ended):  # noqa: ASYNC110  (threads end, and each waiting one would take up another)
        await asyncio.sleep(LOOK_SECONDS)


async def _until_stopped(app: Any, stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    stopped = asyncio.create_task(stop.wait())
    crashed = asyncio.create_task(app.wait_until_stopped())
    done, _ = await asyncio.wait({stopped, crashed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, crashed):
        task.cancel()
    if stopped in done:
        return
    for task in done:
        if task is not crashed and task.exception() is not None:
            raise WorkerStopped(f"{task.get_coro()} failed") from task.exception()
    raise WorkerStopped("the Faust app stopped by itself")
