"""Go-back-N on the board's side, at a desk: no socket, no clock."""

from firmware import send_window
from firmware.send_window import SendWindow


def fresh() -> SendWindow:
    return SendWindow(lambda: 0)  # the smallest jitter: three quarters


def send(win: SendWindow, *lasts: int, now: int = 0) -> None:
    for last in lasts:
        assert win.may_send(now)
        win.sent(last, now)


def test_eight_frames_are_under_way_at_most() -> None:
    win = fresh()
    send(win, 10, 20, 30, 40, 50, 60, 70, 80)
    assert not win.may_send(0)
    win.progress(10, 0)
    assert win.may_send(0)


def test_the_edge_may_ask_for_fewer() -> None:
    win = fresh()
    win.breadth(2)
    send(win, 10, 20)
    assert not win.may_send(0)


def test_an_overdue_answer_sends_everything_again_and_the_next_wait_is_doubled() -> None:
    win = fresh()
    send(win, 10, 20)
    first = win.wait_ms(0)
    win.check(first - 1, acked=0)
    assert win.next == 21
    win.check(first, acked=0)
    assert win.next == 1
    send(win, 10, now=first)
    assert win.wait_ms(first) == 2 * first


def test_waits_end_at_five_minutes_and_begin_anew_with_progress() -> None:
    win = fresh()
    now = 0
    for _ in range(20):
        send(win, 10, now=now)
        now += win.wait_ms(now)
        win.check(now, acked=0)
    send(win, 10, now=now)
    assert win.wait_ms(now) == send_window.RESEND_MOST_MS * 3 // 4
    win.progress(5, now)
    assert win.wait_ms(now) == send_window.RESEND_MS * 3 // 4


def test_of_many_answers_that_miss_the_same_event_one_is_obeyed() -> None:
    win = fresh()
    send(win, 10, 20, 30)
    win.gap(11)
    assert win.next == 11
    send(win, 20)
    win.gap(11)
    assert win.next == 21


def test_a_frame_that_cannot_be_read_is_halved_after_three_errors_until_one_event_is_given_up() -> None:
    win = fresh()
    now, sizes = 0, []
    while not win.refused:
        for _ in range(send_window.ERRORS):
            size = min(win.most, 8)
            send(win, size, now=now)
            assert win.may_send(now) == (not sizes)  # from the first error on, one at a time
            sizes.append(size)
            win.trouble(1, now)
            assert not win.may_send(now)
            now += send_window.ERROR_PAUSE_MS
    assert sizes == [8] * 3 + [4] * 3 + [2] * 3 + [1] * 3
    assert win.refused == 1
    send(win, 1, now=now)
    win.progress(1, now)
    assert (win.refused, win.most, win.next) == (0, 2, 2)


def test_no_room_at_the_edge_is_one_frame_after_a_growing_pause() -> None:
    win = fresh()
    send(win, 10, 20)
    win.pause(0, 0)
    win.pause(0, 1)
    pause = win.wait_ms(0)
    assert not win.may_send(pause - 1)
    send(win, 10, now=pause)
    assert not win.may_send(pause)
    win.pause(0, pause)
    assert win.wait_ms(pause) == 2 * pause
    win.breadth(8)
    assert win.may_send(pause)


def test_an_edge_that_speaks_after_a_silence_is_served_at_once_but_once() -> None:
    win = fresh()
    send(win, 10)
    now = win.wait_ms(0)
    win.check(now, 0)
    send(win, 10, now=now)
    win.alive(0)
    assert win.next == 1
    send(win, 10, now=now)
    win.alive(0)
    assert win.next == 11


def test_without_memory_frames_halve_down_to_one_record_and_grow_again_with_acks() -> None:
    window = SendWindow(lambda: 0)
    sizes = [window.most]
    while window.smaller():
        sizes.append(window.most)
    assert sizes[1:] == [16, 8, 4, 2, 1]
    for acked in range(1, 12):
        window.sent(acked, 0)
        window.progress(acked, 0)
    assert window.most == sizes[0]
