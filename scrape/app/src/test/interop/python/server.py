"""Serves heap and CPU profiles of this process with pypprof; prints the address, exits with its input."""

import hashlib
import sys
import threading
import time

import mprofile
from pypprof import net_http

mprofile.start(sample_rate=4096)

kept = []


def keep_memory():
    kept.append([str(i) for i in range(2000)])
    del kept[:-50]


def hash_much():
    block = b"x" * 4096
    for _ in range(2000):
        block = hashlib.sha256(block).digest() * 128
    return block


def work():
    while True:
        hash_much()
        keep_memory()
        time.sleep(0.01)


threading.Thread(target=work, daemon=True).start()
server = net_http.start_pprof_server(host="127.0.0.1", port=0)
print("127.0.0.1:%d" % server.server_address[1], flush=True)
sys.stdin.read()
