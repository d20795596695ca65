"""An echo server, for measuring the generator's own maximum rate and delay."""

import selectors
import socket
import sys

_RECEIVED_AT_ONCE = 1 << 18


def main() -> None:
    """Listen on a free port of this machine, print it, and send everything back until killed."""
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is listener:
                line, _ = listener.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                ready.register(line, selectors.EVENT_READ)
                continue
            line = key.fileobj  # type: ignore[assignment]
            data = line.recv(_RECEIVED_AT_ONCE)
            if data:
                line.sendall(data)
            else:
                ready.unregister(line)
                line.close()


if __name__ == "__main__":
    main()
