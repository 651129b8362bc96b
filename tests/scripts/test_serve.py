"""The dashboard in a browser: who may come, and that nothing is asked of other machines."""

import asyncio
import base64
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web
from shell import ROOT

from scripts import serve
from scripts.serve import LOOPBACK, DashboardServer, is_loopback

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_SECONDS = 120
PAGE = (ROOT / "scripts" / "browser" / "page.html").read_text()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return listener.getsockname()[1]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["serve", *arguments])
    return serve.main()


def test_the_page_names_no_other_machine():
    assert re.findall(r"https?:|//\w", PAGE) == []


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_which_hosts_are_this_machine(host: str, own: bool):
    assert is_loopback(host) is own


def test_help_has_its_own_options_and_the_dashboards(monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, "--help")
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for option in ("--host", "--port", "--model", "--paused"):
        assert option in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "0"], "'0' is no port; give one from 1 to 65535"),
        (["--port", "http"], "'http' is no port"),
        (["--modle", "tiny"], "unrecognized arguments: --modle"),
    ],
)
def test_a_mistake_is_said_before_anything_is_served(monkeypatch, capsys, arguments, says):
    assert run(monkeypatch, *arguments) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_port_that_is_taken_is_said_in_a_line(monkeypatch, capsys):
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        asyncio.set_event_loop(asyncio.new_event_loop())
        assert run(monkeypatch, "--port", port) == 2
    said = capsys.readouterr().err
    assert f"can't serve at http://{LOOPBACK}:{port}" in said
    assert said.count("\n") == 1


async def status(headers: dict[str, str], host: str = LOOPBACK, path: str = "/") -> int:
    """What the server answers to a browser that sends these."""
    runner = web.AppRunner(await DashboardServer("true", host, 8000)._make_app())
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    sent = {name: value.replace("PORT", str(port)) for name, value in headers.items()}
    url = f"http://{LOOPBACK}:{port}{path}"
    try:
        async with ClientSession() as session, session.get(url, headers=sent) as answer:
            return answer.status
    finally:
        await runner.cleanup()


async def test_its_own_page_is_served_with_its_font_and_script():
    assert await status({}) == 200
    assert await status({"Origin": f"http://{LOOPBACK}:PORT"}) == 200
    paths = re.findall(r"/static/([\w/.-]+)", PAGE)
    assert len(paths) == 3
    for path in paths:
        assert await status({}, path=f"/static/{path}") == 200


async def test_another_site_in_the_browser_is_refused():
    assert await status({"Origin": "https://elsewhere.example"}, path="/ws") == 403


async def test_a_name_that_only_leads_here_is_refused_unless_others_may_come():
    named = {"Host": "rebound.example"}
    assert await status(named) == 403
    assert await status(named, host="0.0.0.0") == 200


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Its address; the engine's start is not waited for."""
    port = free_port()
    arguments = ("--port", str(port), "--paused", "--seconds", "1")
    server = subprocess.Popen(
        [sys.executable, "-m", "scripts.serve", *arguments],
        cwd=ROOT,
        env=dict(os.environ),  # without what MAX has changed in native code
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    assert f":{port}" in server.stdout.readline()
    yield f"http://{LOOPBACK}:{port}/"
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    server.wait(PATIENCE_SECONDS)
    server.stdout.close()


class Browser:
    """Chromium without a window, as its own protocol for developers shows it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0
        self.asked: set[str] = set()
        """All that the page has asked for."""

    async def do(self, method: str, **params: object) -> Any:
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}
        )
        while True:
            said = await self._socket.receive_json()
            if said.get("method") == "Network.requestWillBeSent":
                self.asked.add(said["params"]["request"]["url"])
            if said.get("method") == "Network.webSocketCreated":
                self.asked.add(said["params"]["url"])
            if said.get("id") == self._number:
                return said.get("result")

    async def is_true(self, script: str) -> bool:
        found = await self.do("Runtime.evaluate", expression=script)
        return found["result"].get("value") is True


@contextlib.asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    process = await asyncio.create_subprocess_exec(
        *(str(CHROMIUM), *QUIET, f"--user-data-dir={profile}", "--window-size=1200,700"),
        *("--remote-debugging-port=0", "about:blank"),
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        note = profile / "DevToolsActivePort"
        while not (note.is_file() and note.read_text().count("\n")):
            await asyncio.sleep(0.1)
        port = note.read_text().split()[0]
        async with ClientSession() as session:
            async with session.get(f"http://{LOOPBACK}:{port}/json") as answer:
                pages = [each for each in await answer.json() if each["type"] == "page"]
            address = pages[0]["webSocketDebuggerUrl"]
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Browser(socket)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.mark.process
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_a_browser_shows_the_dashboard_and_asks_no_other_machine(served, tmp_path):
    async with asyncio.timeout(PATIENCE_SECONDS), browser(tmp_path / "profile") as page:
        await page.do("Network.enable")
        await page.do("Page.navigate", url=served)
        while not await page.is_true("document.body.classList.contains('-first-byte')"):
            await asyncio.sleep(0.2)
        assert await page.is_true("document.fonts.check('16px \"Roboto Mono\"')")
        if picture := os.environ.get("PICTURE"):
            await asyncio.sleep(15)
            found = await page.do("Page.captureScreenshot")
            Path(picture).write_bytes(base64.b64decode(found["data"]))
    here = served.partition("//")[2]
    assert f"ws://{here}ws" in {url.partition("?")[0] for url in page.asked}
    asked = {url for url in page.asked if url.startswith(("http", "ws"))}
    assert {url for url in asked if not url.partition("//")[2].startswith(here)} == set()
