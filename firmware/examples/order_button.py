"""A button that orders: one press, one order."""

BUTTON = 4  # the pin; the button closes to ground


def setup(board):
    def pressed():
        board.emit("order.placed", {"item": "coffee", "quantity": 1}, critical=True)

    board.on_press(BUTTON, pressed, active=0)
