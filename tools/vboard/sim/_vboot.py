"""Gives the board its flash, with power cuts at any byte."""

import os
import sys
import uctypes
import vfs

import _vctl

ERASE_UNITS = 32  # an erase counts as so many bytes on the way to a power cut
DIED = 9
_page = _vctl.c


class Flash:
    """A block device over the mapped image. A write that the power cut tears leaves its prefix,
    then 16 bytes that are any mix of old and new bits."""

    def __init__(self, address, size, block=4096):
        self._memory = memoryview(uctypes.bytearray_at(address, size))
        self._block = block
        self._count = size // block
        self._blank = b"\xff" * block

    def readblocks(self, number, buffer, offset=0):
        at = number * self._block + offset
        buffer[:] = self._memory[at : at + len(buffer)]

    def writeblocks(self, number, buffer, offset=None):
        if offset is None:
            offset = 0
            self.ioctl(6, number)
        at = number * self._block + offset
        size = len(buffer)
        left = _page.cut
        if left >= 0:
            if left < size:
                self._tear(at, buffer, left)
            _page.cut = left - size
        self._memory[at : at + size] = buffer
        _page.written += size

    def _tear(self, at, buffer, left):
        self._memory[at : at + left] = memoryview(buffer)[:left]
        for i in range(left, min(left + 16, len(buffer))):
            self._memory[at + i] &= buffer[i] | os.urandom(1)[0]
        _vctl.ring(DIED)

    def ioctl(self, operation, number):
        if operation == 4:
            return self._count
        if operation == 5:
            return self._block
        if operation == 6:
            self._erase(number * self._block)
            return 0

    def _erase(self, at):
        left = _page.cut
        if left >= 0:
            if left < ERASE_UNITS:
                done = left * self._block // ERASE_UNITS
                self._memory[at : at + done] = self._blank[:done]
                for i in range(done, min(done + 256, self._block)):
                    self._memory[at + i] |= os.urandom(1)[0]
                _vctl.ring(DIED)
            _page.cut = left - ERASE_UNITS
        self._memory[at : at + self._block] = self._blank
        _page.erases += 1


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
    sys.path[:] = ["", ".frozen", "/lib", "/sim"]


def soft_reset():
    _vctl.ring(1)
