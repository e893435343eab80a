"""Add a delay between a page and its server, as for a student who is far from the kernel."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class DelayProxy:
    """A TCP proxy that passes everything on late, in order, in both directions.

    Chromium's own throttling does not reach WebSockets, which carry all that a kernel says.
    """

    def __init__(self, target: str):
        """Listen in front of a server; `round_trip`, in seconds, may be changed at any time."""
        self.round_trip = 0.0
        self._target = target.removeprefix("http://").split(":")
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        starting = asyncio.start_server(self._join, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(60)
        self.url = "http://{}:{}".format(*server.sockets[0].getsockname())

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio sets TCP_NODELAY, so that no byte waits for others.
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        due = 0.0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                # Later than what came before, even if round_trip has become shorter.
                due = max(due + 1e-6, self._loop.time() + self.round_trip / 2)
                self._loop.call_at(due, writer.write, data)
        self._loop.call_at(max(due + 1e-6, self._loop.time()), writer.close)
