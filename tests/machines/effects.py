"""Effects: two workers want one thing done once; vendors lose answers, act late or refuse, workers die, orders move."""

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from connectors.bogus.client import World
from core.clock import SteppedClock
from core.domain.state import OpenIntent, OrderState
from core.engine.advance import begin
from core.engine.effects import Done, Effect, look_up, perform
from core.engine.hub import Hub
from core.engine.run import ClaimLostError, Run
from core.errors import NotYetError, OutcomeUnknownError, RejectedError, UnavailableError
from core.failpoints import listening
from core.model.effects import Outcome
from tests.builders import MERCHANT, connections
from tests.core.store.builders import NOON, a_commit, a_new_order, noted
from tests.core.store.conftest import books_balance
from tests.machines.loop import InLoop
from tests.stored import EffectRow, effects_of

ORDER = "shop:1"
HOW = ("answers", "loses its answer", "acts late", "hears nothing", "is down", "refuses")
DIES_AT = (
    "advance.claimed",
    "run.commit.before",
    "run.commit.after",
    "effects.call.before",
    "effects.call.after",
    "effects.look_up.before",
    "effects.look_up.after",
    "effects.settle.flush",
)
LATE = timedelta(seconds=3)
"""Within the settle time of the operation."""
WORKERS = st.sampled_from(["w1", "w2"])


class KilledError(BaseException):
    """The process is gone; nothing in it hears of that."""


class EffectsMachine(RuleBasedStateMachine):
    """The model: when the vendor acted. It has no fence of its own: asked twice, it does it twice."""

    def __init__(self) -> None:
        super().__init__()
        self.world = InLoop()
        self.clock = SteppedClock(NOON)
        known = connections(World(clock=self.clock))
        self.hubs = {
            name: Hub(store=self.world.store, clock=self.clock, owner=name, merchants={MERCHANT: known})
            for name in ("w1", "w2")
        }
        self.acts: list[datetime] = []
        self.world.do(self.world.store.commit(a_new_order()))

    def teardown(self) -> None:
        self._is_done_at_last()
        self.world.do(books_balance(self.world.store))
        self.world.close()

    @rule(
        worker=WORKERS,
        how=st.sampled_from(HOW),
        dies_at=st.sampled_from(("", *DIES_AT)),
        moves=st.booleans(),
    )
    def works(self, worker: str, how: str, dies_at: str, moves: bool) -> None:
        """A worker does what is next, and perhaps dies at a place; the order may move once it was claimed."""
        with listening(_killing(dies_at)):
            self.world.do(self._work(worker, how, moves=moves))

    @rule(worker=WORKERS, how=st.sampled_from(HOW), seconds=st.integers(0, 9))
    def works_while_another_tries(self, worker: str, how: str, seconds: int) -> None:
        """A call takes its time, and the other worker looks at the same order meanwhile."""
        self.world.do(self._work(worker, how, seconds=seconds))

    @rule(seconds=st.sampled_from([1, 5, 20, 100]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))

    @rule()
    def something_is_told_of_the_order(self) -> None:
        self.world.do(self._move())

    async def _move(self) -> None:
        await self.world.store.commit(a_commit(happened=(noted("meanwhile"),)))

    @invariant()
    def it_came_to_pass_once_at_most(self) -> None:
        assert len(self.acts) <= 1

    @invariant()
    def no_two_are_open_and_no_two_are_done(self) -> None:
        rows, state = self._rows(), self._state()
        assert [e.key for e in rows if e.state == "intent"] == [i.key for i in state.open]
        assert len(state.open) <= 1
        assert sum(e.state == "done" for e in rows) <= 1
        assert len({e.key for e in rows}) == len(rows)

    def _is_done_at_last(self) -> None:
        """Everybody is well again: it is done, once, and known to be."""
        for _ in range(6):
            self.time_passes(100)
            self.works("w1", "answers", "", moves=False)
        assert len(self.acts) == 1
        assert [e.state for e in self._rows()].count("done") == 1
        assert self._state().open == ()

    async def _work(self, worker: str, how: str, *, seconds: int | None = None, moves: bool = False) -> None:
        """Claim the order and do what is next; whoever is killed gives nothing back."""
        with contextlib.suppress(KilledError, ClaimLostError):
            run = await begin(self.hubs[worker], MERCHANT, ORDER)
            if run is None:
                return
            if moves:
                await self._move()
            with contextlib.suppress(NotYetError, OutcomeUnknownError, RejectedError, UnavailableError):
                await self._next(run, how, seconds)
            await run.commit(due_at=run.now, free_claim=True)

    async def _next(self, run: Run, how: str, seconds: int | None) -> None:
        if run.state.open:
            await look_up(run, {"buy": self._find})
        elif Outcome.DONE not in run.state.settled.values():
            await perform(run, self._effect(run, how, seconds))

    def _effect(self, run: Run, how: str, seconds: int | None) -> Effect:
        async def call(_key: str) -> Done:
            if seconds is not None:
                self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
                await self._work("w1" if run.hub.owner == "w2" else "w2", "answers")
            return self._act(how)

        return Effect(name="try:1", operation="buy", connection="post", data={}, call=call, find=self._find)

    def _act(self, how: str) -> Done:
        now = self.clock.now()
        if how in ("answers", "loses its answer", "acts late"):
            self.acts.append(now + LATE if how == "acts late" else now)
        match how:
            case "answers":
                return Done()
            case "is down":
                raise UnavailableError("does not answer", connection="post")
            case "refuses":
                raise RejectedError("not sold there", connection="post")
            case _:
                raise OutcomeUnknownError("no answer", connection="post")

    async def _find(self, _run: Run, _intent: OpenIntent) -> Done:
        """Look whether it came to pass by now."""
        done = any(at <= self.clock.now() for at in self.acts)
        return Done(outcome=Outcome.DONE if done else Outcome.UNDONE)

    def _rows(self) -> list[EffectRow]:
        return self.world.do(self.world.store.read(effects_of, MERCHANT))

    def _state(self) -> OrderState:
        state = self.world.do(self.world.store.load(MERCHANT, ORDER))
        assert state is not None
        return state


def _killing(place: str) -> Callable[[str], None]:
    """Return what ends a worker where it first passes a place."""
    left = {place}

    def kill(name: str) -> None:
        if name in left:
            left.clear()
            raise KilledError

    return kill
