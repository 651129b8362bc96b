"""The dashboard in a browser: python -m scripts.serve [--host HOST] [--port PORT] [...].

What is behind the page is a debugger that runs the sources it is given and opens files in
an editor, so it answers only to this machine unless a host is given, and only to a page of
its own: another site that happens to be open in the browser is refused. Fonts and scripts
are the page's own, too: nothing is asked of any other machine.
"""

import ipaddress
import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp_jinja2
from aiohttp import web
from textual_serve.server import Server, to_int

from debug.protocol.diagnostic import Problem
from tui.ending import run_program
from tui.settings import OneLineParser, add_dashboard_options, settings_of
from tui.streams import tell

NAME = "make serve"
LOOPBACK = "127.0.0.1"
FONT_SIZE = 16
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DashboardServer(Server):
    """Textual's own, with a page and manners of ours."""

    def __init__(self, command: str, host: str, port: int) -> None:
        page = Path(__file__).with_name("browser")
        super().__init__(command, host, port, title="maxwhisper", templates_path=page)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_own_pages)
        return app

    @web.middleware
    async def _only_own_pages(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Refuses who was led here by another site, or by a name that only points here."""
        name = urlsplit(f"//{request.host}").hostname or ""
        if is_loopback(self.host) and not is_loopback(name):
            raise web.HTTPForbidden(text=f"{name} is not this machine")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text=f"a page of {origin} has no business here")
        return await handler(request)

    async def on_startup(self, app: web.Application) -> None:
        print(f"the dashboard is at {address(self.host, self.port)}; ctrl+c ends it")
        sys.stdout.flush()

    def initialize_logging(self) -> None:
        """What goes wrong is the dashboard's to say."""

    @aiohttp_jinja2.template("page.html")
    async def handle_index(self, request: web.Request) -> dict[str, Any]:
        return {
            "title": self.title,
            "socket": f"ws://{request.host}/ws",
            "font_size": to_int(request.query.get("fontsize", ""), FONT_SIZE),
        }


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 65535:
        raise ArgumentTypeError(f"{text[:20]!r} is no port; give one from 1 to 65535")
    return int(text)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"who may come: {LOOPBACK}, this machine only"
    )
    parser.add_argument("--port", type=_port, default=8000, help="where (default: 8000)")


def _run() -> int:
    own = OneLineParser(prog=NAME, add_help=False, allow_abbrev=False)
    _add_options(own)
    whole = OneLineParser(
        prog=NAME,
        description="Serve the dashboard to a browser: "
        'make serve ARGS="--port 8080 my_port.py".',
    )
    _add_options(whole)
    add_dashboard_options(whole)
    settings_of(whole.parse_args())  # a mistake is said here, not in every browser
    given, others = own.parse_known_args()
    command = shlex.join([sys.executable, "-m", "tui.dashboard", *others])
    if not is_loopback(given.host):
        said = "whoever reaches this address can run code as you; there is no password"
        tell(f"{NAME}: {said}")
    try:
        DashboardServer(command, given.host, given.port).serve()
    except OSError as error:
        place = address(given.host, given.port)
        message = f"can't serve at {place} ({error.strerror}): another --port or --host?"
        raise Problem("serve", message) from error
    return 0


def main() -> int:
    return run_program(NAME, _run)


if __name__ == "__main__":
    sys.exit(main())
