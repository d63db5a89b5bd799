"""One simulated Culm: real deciding, real loops, a log in memory, a virtual clock, people around it, and faults by schedule.

A schedule is a list of turns, each with a chance of its own, so that leaving turns out changes nothing in the others: that is
what makes a failing seed shrink. After the schedule the faults end and all work honestly until nothing moves; then the
laws of the independent checker are asked.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

from check.laws import Seen, Violation
from check.report import laws_of_the_log
from check.rows import RowsEqualEvents, RowView, views
from commands.config import GROUP
from commands.engine import snapshots
from commands.engine.entries import Positions
from schemas.catalog import messages
from schemas.reading import Place
from tests.commands.in_memory import START, a_codec
from tests.sim.actors import QUEUES, Calls, Pilot
from tests.sim.deciders import DeciderProcess
from tests.sim.door import Administrator, Door
from tests.sim.faults import POINTS_OF_DECIDER, POINTS_OF_PROCESSORS, POINTS_OF_PROJECTOR
from tests.sim.flows import FlowUser
from tests.sim.memory_log import MemoryLog, RememberingCodec
from tests.sim.operators import Operator
from tests.sim.processors import ProcessorsProcess
from tests.sim.readers import Answers, Database, ProjectorProcess, TimersProcess
from tests.sim.schedule import Turn
from tests.sim.stranger import Stranger
from tests.sim.unfinished import given_up_at, unfinished
from tests.sim.users import User

#: Follow-ups that a decider decides with their cause: none, so few that both ways are taken, or all.
DIRECT = (0, 3, 400)
#: Closed rows that a decider fetches before it decides: any number, or none.
CLOSED_AT_ONCE = (20_000, 0)
#: So few that closed aggregates leave memory within a run, and are asked for again.
BATCHES_BEFORE_EVICTION = 5
DEAD_LETTERS = "culm.deadletter.v1"
#: Names of deciders, as many as ever run at once; the first of them are there in the beginning.
NAMES = ("1", "2", "3")
DECIDERS = 2
PILOTS = 4
SECOND = 1_000_000
HOUR = 3_600 * SECOND
#: Of the operator's turns, in how many a pilot is revoked, too.
REVOKED_SHARE = 0.5
#: And in how many the person who works.
PEOPLE_SHARE = 0.25
#: Turns in which an armed fault waits for work that it can strike.
TRIES = 8
ROUNDS_MAX = 2_500
Story = Callable[[str], None]


class World:
    """Everything of one run. `faults` is the story of what was done to it."""

    def __init__(
        self, home: Path, story: Story = lambda _: None, *, event_service: bool = False, workflows: bool = False
    ) -> None:
        self.log, self.codec = MemoryLog(), a_codec(RememberingCodec)
        self.log.now = START
        self.story = story
        self._home = home
        self._lives = 0
        self.database = Database()
        self.deciders = {name: self._new_decider(name) for name in NAMES[:DECIDERS]}
        self.zombies: list[DeciderProcess] = []
        self.processors = ProcessorsProcess(self.log, self.codec)
        self.projector = ProjectorProcess(self.log, self.codec, self.database)
        self.timers = TimersProcess(self.log, self.codec, self.database)
        self.calls = Calls(self.log, self.codec, Answers(self.log, self.codec), refuses=Door(self.log, self.codec).refuses)
        self.pilots = [Pilot(f"pilot-{number}", QUEUES[number % len(QUEUES)], self.calls) for number in range(PILOTS)]
        self.stranger = Stranger(self.calls, self.pilots)
        self.user, self.operator = User(self.calls), Operator(self.calls)
        self.administrator = Administrator(self.calls, self.pilots)
        self.path_works_at = 0
        self.operator.configure(QUEUES[0])
        self.operator.set_shares()
        self.operator.set_throttles()
        self.user.event_service = event_service
        if event_service:
            self.user.register_events()
        self.flows = FlowUser(self.calls) if workflows else None

    def turn(self, turn: Turn) -> None:
        """Take one turn."""
        chance = random.Random(turn.seed)
        self.log.now += chance.randint(1, 40) * 1000
        getattr(self, f"_{turn.who}")(chance)

    def settle(self) -> Violation | None:
        """No more faults: all work until nothing moves. What does not come to its end, if anything."""
        chance = random.Random(1)
        for queue in QUEUES:
            self.operator.configure(queue)
        self.path_works_at = 0
        if self.user.finish_names():
            # What was forgotten ends unfinished, an hour after it began.
            self.log.now += HOUR
        for round_ in range(ROUNDS_MAX):
            if round_ % 40 == 0:
                self.user.resume_all()
                if self.flows is not None:
                    self.flows.resume_all()
            if round_ % 4 == 0:
                self.log.now += SECOND
            self._round(chance)
            if round_ % 20 == 0 and not (unfinished := self._unfinished()):
                return None
            if round_ % 20 == 0 and len(unfinished) == len(given_up := given_up_at(self.database.tables.rows)):
                self.log.now = max(self.log.now, *given_up)
        return Violation("everything comes to its end", "the end of the run", "; ".join(self._unfinished()))

    def violations(self) -> list[Violation]:
        """What the laws of the checker find in log and rows."""
        settled: Positions = {}
        settled |= self.log.positions_of(GROUP)
        compared = views()
        laws = [*laws_of_the_log(settled), *(self.rows_law(view) for view in compared)]
        found: list[Violation] = []
        for record in self.records():
            for law in laws:
                found += law.see(record)
        for law in laws:
            found += law.end()
        return [*self.states(), *self.letters(), *found]

    def states(self) -> list[Violation]:
        """What deciders believe against what the log says."""
        return [
            Violation("states equal events", f"decider {decider}", name)
            for decider, process in self.deciders.items()
            for name in process.differences()
        ]

    def letters(self) -> list[Violation]:
        """Dead letters: no one here sends what cannot be handled, so each of them is a bug."""
        found = []
        for partition in range(self.log.partitions):
            for record in self.log.read(DEAD_LETTERS, partition, 0, 1_000_000):
                letter = self.codec.decode(record.value).message
                place = f"{letter.source_topic}[{letter.source_partition}]@{letter.source_offset}"
                found.append(Violation("nothing in Culm raises", place, letter.error))
        return found

    def rows_law(self, view: RowView) -> RowsEqualEvents:
        """The law about one table, over the rows of the database in memory."""
        rows = self.database.tables.rows.get(view.table, {})
        plain = {"/".join(str(part) for part in key): tuple(row[c] for c in view.columns) for key, row in rows.items()}
        return RowsEqualEvents(view, self.database.positions, plain)

    def records(self) -> list[Seen]:
        """Every committed command, event and answer."""
        found = []
        for role in ("commands", "events", "answers"):
            for topic in sorted({entry.topic for entry in messages() if entry.role == role}):
                for partition in range(self.log.partitions):
                    for record in self.log.read(topic, partition, 0, 1_000_000):
                        decoded = self.codec.decode(record.value)
                        place = Place(topic, partition, record.offset)
                        entry = decoded.entry
                        what = (role, entry.aggregate, entry.name, decoded.envelope, decoded.message)
                        found.append(Seen(place, *what, written_at=record.timestamp))
        return found

    def _round(self, chance: random.Random) -> None:
        if self.flows is not None:
            self.flows.go_on()
        for name in self.deciders:
            self._living(name).step()
        self._processors(chance)
        self._projector(chance)
        self.timers.tick(path_works=True)
        for pilot in self.pilots:
            pilot.step(chance, honest=True)

    def _unfinished(self) -> list[str]:
        requests = self.flows.requests if self.flows is not None else ()
        found = unfinished(self.database.tables.rows, self.user.tasks, requests, self.pilots)
        return [*found, *self.administrator.untold()]

    def _living(self, name: str) -> DeciderProcess:
        if not self.deciders[name].alive:
            self.deciders[name] = self._new_decider(name)
        return self.deciders[name]

    def _one(self, chance: random.Random) -> str:
        return chance.choice(sorted(self.deciders))

    def _new_decider(self, name: str) -> DeciderProcess:
        """Deciders come with different limits, so that what one left in the log meets another that decides at once."""
        self._lives += 1
        at_once = CLOSED_AT_ONCE[self._lives % len(CLOSED_AT_ONCE)]
        return DeciderProcess(self.log, self.codec, name, self._home, DIRECT[self._lives % len(DIRECT)], at_once)

    # The turns.

    def _decider(self, chance: random.Random) -> None:
        self._living(self._one(chance)).step()

    def _processors(self, chance: random.Random) -> None:
        if not self.processors.alive:
            self.processors = ProcessorsProcess(self.log, self.codec)
        self.processors.step(chance)

    def _pilot(self, chance: random.Random) -> None:
        chance.choice(self.pilots).step(chance)
        self.stranger.step(chance)

    def _projector(self, chance: random.Random) -> None:
        if not self.projector.alive:
            self.projector = ProjectorProcess(self.log, self.codec, self.database)
        self.projector.step()

    def _timers(self, chance: random.Random) -> None:
        self.timers.tick(path_works=self.log.now >= self.path_works_at)

    def _user(self, chance: random.Random) -> None:
        if self.flows is not None and chance.random() < 0.5:
            self.flows.step(chance)
        else:
            self.user.step(chance)

    def _operator(self, chance: random.Random) -> None:
        self.operator.configure(chance.choice(QUEUES), chance.randint(1, 8))
        if chance.random() < REVOKED_SHARE:
            self.story(f"{self.administrator.revoke(chance) or 'no one'} is revoked")
        if self.user.own and chance.random() < PEOPLE_SHARE:
            self.story(self.administrator.revoke_person(self.user, chance))
        if self.user.tasks and chance.random() < 0.4:
            self.operator.assign_share(chance.choice(self.user.tasks), chance)

    def _time_passes(self, chance: random.Random) -> None:
        self.log.now += chance.randint(1, 4) * SECOND

    def _clock_jumps(self, chance: random.Random) -> None:
        seconds = chance.choice((30, 120, 4000))
        self.story(f"the clock jumps {seconds} s")
        self.log.now += seconds * SECOND

    def _decider_breaks(self, chance: random.Random) -> None:
        name = self._one(chance)
        process = self._living(name)
        point, passes, interrupt = chance.choice(POINTS_OF_DECIDER), chance.randrange(4), chance.random() < 0.5
        process.faults.arm(point, passes, interrupt=interrupt)
        before = dict(process.faults.struck)
        process.step()
        if process.faults.struck != before:
            self.story(f"decider {name} breaks: {next(iter(process.faults.struck.keys() - before.keys()), point)}")

    def _decider_pauses(self, chance: random.Random) -> None:
        """Stopped long enough that another decider takes the name."""
        name = self._one(chance)
        self.story(f"decider {name} is stopped, another one takes over")
        self.zombies.append(self._living(name))
        self.deciders[name] = self._new_decider(name)
        self.deciders[name].step()

    def _zombie_wakes(self, chance: random.Random) -> None:
        self.zombies = [zombie for zombie in self.zombies if zombie.alive]
        if self.zombies:
            self.story("a stopped decider wakes")
            zombie = chance.choice(self.zombies)
            zombie.faults.dry = chance.random() < 0.5
            zombie.step()
            if zombie.alive and zombie.name not in self.deciders:
                # No other took its name: it is one of the deciders again.
                self.zombies.remove(zombie)
                self.deciders[zombie.name] = zombie

    def _decider_returns(self, chance: random.Random) -> None:
        """Killed between two steps; the state file stays."""
        name = self._one(chance)
        self.story(f"decider {name} is killed")
        self.deciders[name].end()

    def _deciders_change(self, chance: random.Random) -> None:
        """One more decider, or the session of one runs out for good: the shards are shared out again."""
        free = [name for name in NAMES if name not in self.deciders]
        if free and (len(self.deciders) == 1 or chance.random() < 0.5):
            self.story(f"decider {free[0]} joins")
            self.deciders[free[0]] = self._new_decider(free[0])
        else:
            name = self._one(chance)
            self.story(f"decider {name} leaves")
            if chance.random() < 0.5:
                self.zombies.append(self.deciders[name])
            else:
                self.deciders[name].end()
            del self.deciders[name]
            self.log.group.leave(f"{GROUP}-{name}")

    def _closed_rows_are_lost(self, chance: random.Random) -> None:
        name = self._one(chance)
        self.story(f"decider {name} is killed and a file of closed rows deleted")
        self.deciders[name].end()
        for path in self._home.rglob(f"closed-{chance.randrange(self.log.partitions)}.*"):
            path.unlink()

    def _processors_break(self, chance: random.Random) -> None:
        point, passes = chance.choice(POINTS_OF_PROCESSORS), chance.randrange(3)
        for _ in range(TRIES):
            self.processors.faults.arm(point, passes, interrupt=False)
            self._processors(chance)
        if not self.processors.alive:
            self.story(f"the processors are killed: {', '.join(self.processors.faults.struck)}")

    def _rebalance(self, chance: random.Random) -> None:
        self.story("the processors' partitions are assigned again")
        self.processors.rebalance()

    def _projector_breaks(self, chance: random.Random) -> None:
        point = chance.choice(POINTS_OF_PROJECTOR)
        for _ in range(TRIES):
            self.projector.faults.arm(point, 0, interrupt=False)
            self._projector(chance)
        if not self.projector.alive:
            self.story(f"the projector is killed: {', '.join(self.projector.faults.struck)}")

    def _path_breaks(self, chance: random.Random) -> None:
        seconds = chance.choice((10, 70, 200))
        self.story(f"heartbeats cannot get through for {seconds} s")
        self.path_works_at = self.log.now + seconds * SECOND

    def _delivered_twice(self, chance: random.Random) -> None:
        if self.calls.sent:
            number = chance.randrange(len(self.calls.sent))
            self.calls.repeat(number)


def run(
    turns: Sequence[Turn], story: Story = lambda _: None, *, event_service: bool = False, workflows: bool = False
) -> list[Violation]:
    """What a run of a schedule breaks, exceptions of Culm's code too. event_service, workflows: such tasks are there."""
    resting = patch.object(snapshots, "BATCHES_BEFORE_EVICTION", BATCHES_BEFORE_EVICTION)
    with tempfile.TemporaryDirectory(prefix="culm-sim-") as home, resting:
        world = World(Path(home), story, event_service=event_service, workflows=workflows)
        try:
            for turn in turns:
                world.turn(turn)
            stuck = world.settle()
            return [*([stuck] if stuck else []), *world.violations()]
        except Exception as problem:  # noqa: BLE001 - any exception is a finding
            return [Violation("nothing in Culm raises", f"turn {turn.who}", repr(problem)[:600])]
