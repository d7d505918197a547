"""Serves moto on a free port of this machine, and writes the port to the file port."""

import os

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
with open("port.new", "w") as f:
    f.write(str(server.get_host_and_port()[1]))
os.rename("port.new", "port")
server._thread.join()
