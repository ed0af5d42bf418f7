"""A sender that floods: `python -m tests.hostile.flood PORT DEVICE SECRET DOOR COUNT`.

It says "go" when it begins.
"""

import sys

from tests.hostile.inputs import UP
from tests.ingest.boards import Board, order
from tools.bench.publisher import Publisher


def main() -> None:
    port, device, secret, door, count = int(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5])
    if door == UP:
        board = Board(device, 9)
        board.emit(order("eve", 1))
        payloads = [board.frame(1, 1)] * count
    else:
        text = '{"kind":"order.placed","customer":"eve-%d","cents":1,"id":"%d"}'
        payloads = [(text % (number % 5000, number)).encode() for number in range(count)]
    publisher = Publisher(port, device, secret)
    print("go", flush=True)
    publisher.publish((f"bw1/shop/{device}/{door}", payload) for payload in payloads)


if __name__ == "__main__":
    main()
