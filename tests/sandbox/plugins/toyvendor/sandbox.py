"""A simulator that tells everybody who connects how many people there are."""

import socket
import threading

from hrhub.sandbox.vendor import StreamTruth


class _Server:
    def __init__(self, host, port, text):
        self._socket = socket.create_server((host, port))
        self.port = self._socket.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self._text = text
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self):
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller:
                caller.sendall(self._text)

    def stop(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
        self._socket.close()
        self._thread.join()


class _Toy:
    name = "toyvendor"

    def start(self, world, host, port, options):
        return _Server(host, port, f"{options.get('greeting', '')}{world.size}".encode())

    def connection(self, world, running):
        return {"host": running.address, "token": "toy-secret"}

    def truth(self, world):
        return {"people": StreamTruth(pulled=world.size, rejected=2)}


sandbox = _Toy()
