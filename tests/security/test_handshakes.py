"""Who connects to a port in TLS and does not finish his handshake is treated as who does not finish a frame."""

import asyncio
import socket
import ssl

import pytest
import structlog.testing

from authz.iso8583.dialects.fields import built_in
from authz.network.server import Iso8583Server, ServerLimits
from tests.authz.network.test_server import Handler
from tests.security.certificates import Authority

BEGUN = bytes.fromhex("160301020001")
"""The first bytes of a client hello."""


@pytest.mark.parametrize("said", [b"", BEGUN])
def test_a_handshake_that_never_comes(tmp_path, said):
    """The connection ends at the deadline for frames, and not after a minute."""
    certificate, key, _ = Authority(tmp_path, "network").certificate("network")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    server = Iso8583Server(Handler(), built_in(), ServerLimits(frame_seconds_max=0.05))

    async def run():
        await server.start(listener, context)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(said)
        async with asyncio.timeout(20):
            came = await reader.read()
        writer.close()
        await server.close()
        return came

    with structlog.testing.capture_logs():
        assert asyncio.run(run()) == b""
    assert not server.connections
