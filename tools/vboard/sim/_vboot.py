"""Gives the board its flash, with power cuts at any byte."""

import gc
import os
import sys
import uctypes
import vfs

import _vctl

ERASE_UNITS = 32  # an erase counts as so many bytes on the way to a power cut
DIED = 9
RUNNING, OVER = 1, 2
_page = _vctl.c


class Flash:
    """A block device over the mapped image. A write that the power cut tears leaves its prefix,
    then 16 bytes that are any mix of old and new bits.

    littlefs, which is C, must not be left in the middle by a Ctrl-C. The interpreter raises one at a
    branch, so there is none on the usual way through here: tables of functions, and `return` in a `try`.
    """

    def __init__(self, address, size, block=4096):
        self._memory = memoryview(uctypes.bytearray_at(address, size))
        self._block = block
        self._count = size // block
        self._blank = memoryview(b"\xff" * block)
        self._writes = (self._write, self._write_or_die)
        self._erases = (self._erase, self._erase_or_die)
        nothing = self._nothing
        self._operations = (nothing, nothing, nothing, nothing, self._blocks, self._size, self._clear)

    def readblocks(self, number, buffer, offset=0):
        return copy(buffer, 0, self._memory, number * self._block + offset, len(buffer))

    def writeblocks(self, number, buffer, offset=0):
        return self._writes[_page.cut >= 0](number * self._block + offset, buffer)

    def ioctl(self, operation, number):
        return self._operations[operation](number)

    def _nothing(self, _):
        return None

    def _blocks(self, _):
        return self._count

    def _size(self, _):
        return self._block

    def _clear(self, number):
        self._erases[_page.cut >= 0](number * self._block)
        return 0

    def _write(self, at, buffer):
        _page.written += len(buffer)
        return copy(self._memory, at, buffer, 0, len(buffer))

    def _write_or_die(self, at, buffer):
        left = _page.cut
        if left < len(buffer):
            self._memory[at : at + left] = memoryview(buffer)[:left]
            for i in range(left, min(left + 16, len(buffer))):
                self._memory[at + i] &= buffer[i] | os.urandom(1)[0]
            _vctl.ring(DIED)
        _page.cut = left - len(buffer)
        self._write(at, buffer)

    def _erase(self, at):
        _page.erases += 1
        return copy(self._memory, at, self._blank, 0, self._block)

    def _erase_or_die(self, at):
        left = _page.cut
        if left < ERASE_UNITS:
            done = left * self._block // ERASE_UNITS
            self._memory[at : at + done] = self._blank[:done]
            for i in range(done, min(done + 256, self._block)):
                self._memory[at + i] |= os.urandom(1)[0]
            _vctl.ring(DIED)
        _page.cut = left - ERASE_UNITS
        self._erase(at)


def copy(target, at, source, start, size):
    try:
        target[at : at + size] = source[start : start + size]
        return
    except MemoryError:
        copy_without_memory(target, at, source, start, size)


def copy_without_memory(target, at, source, start, size):
    """For the time when the garbage collector has locked the heap, and closes a file that a program
    forgot. A Ctrl-C would be lost here, so the host is told to send it again."""
    i = 0
    while i < size:
        try:
            while i < size:
                target[at + i] = source[start + i]
                i += 1
        except KeyboardInterrupt:
            _page.missed += 1


def setup():
    flash = Flash(int(os.getenv("VB_FLASH")), int(os.getenv("VB_FLASH_BYTES")))
    sizes = {"progsize": int(os.getenv("VB_PROG"))}
    vfs.umount("/")
    try:
        files = vfs.VfsLfs2(flash, **sizes)
    except OSError:
        print("vboard: the file system does not mount")
        raise
    vfs.mount(files, "/")
    os.chdir("/")
    for name in ("machine", "network", "os", "time"):
        __import__(name)
    # What is imported stays, so that the file system can be nothing but the board's own.
    vfs.umount("/sim")
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.atexit(gc.collect)  # a soft reset closes files that a program forgot, if it let go of them
    _page.program = RUNNING


def programs():
    """The files that a start runs; the rules are those of a real board."""
    for name in ("boot.py",) if os.getenv("VB_RAW") else ("boot.py", "main.py"):
        try:
            os.stat(name)
        except OSError:
            continue
        yield name


def over():
    _page.program = OVER


def soft_reset():
    gc.collect()
    _vctl.ring(1)
