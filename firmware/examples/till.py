"""A till with a serial barcode reader: each code that it reads is an order.

The reader is a UART module at 9600 baud which ends each code with a carriage return or a newline.
"""

READER = 1  # number of the UART
SHORTEST, LONGEST = 4, 14  # digits of a code


async def main(board):
    reader, _ = await board.uart(READER, 9600)
    while True:
        line = await reader.readline()
        if not line:
            raise OSError("the barcode reader is gone")
        for code in line.replace(b"\r", b"\n").split(b"\n"):
            if code:
                scanned(board, code.strip())


def scanned(board, code):
    if not (code.isdigit() and SHORTEST <= len(code) <= LONGEST):
        board.log("no barcode:", code[:LONGEST])
        return
    # Critical: it is on flash before the next code is read, also when the power goes now.
    if not board.emit("order.placed", {"item": str(code, "utf-8"), "quantity": 1}, critical=True):
        board.log("no room for an order of", code)
