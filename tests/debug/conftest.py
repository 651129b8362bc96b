"""Engines for tests that talk to one."""

from collections.abc import AsyncIterator

import pytest_asyncio
from conversation import end

from debug.protocol.parent_end import EngineClient
from examples.two_layers import FACTORY


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[EngineClient]:
    """One for all tests of a module; the first of them starts it."""
    engine = EngineClient(FACTORY)
    yield engine
    await end(engine)


@pytest_asyncio.fixture(loop_scope="module")
async def own_engine() -> AsyncIterator[EngineClient]:
    """One whose beginning and end are the test's."""
    engine = EngineClient(FACTORY)
    yield engine
    await end(engine)
