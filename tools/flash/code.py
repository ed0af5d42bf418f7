"""The code that runs on a board while it is flashed: it prints JSON, and needs no file of ours."""

import json

# For old boards too: no f-strings, little memory, files always closed.
HASH = """
import os, hashlib, json
def digest(path):
    h = hashlib.sha256()
    b = memoryview(bytearray(512))
    with open(path, 'rb') as f:
        while True:
            n = f.readinto(b)
            if not n:
                return ''.join('%02x' % c for c in h.digest())
            h.update(b[:n])
"""
FACTS = """
import gc, json, os, sys
gc.collect()
s = sys.implementation
v = os.statvfs('/')
m = getattr(s, '_mpy', 0)
print(json.dumps([s[0], list(s[1][:3]), m, os.uname()[4], gc.mem_free(), v[1], v[2], v[3]]))
"""
LIST = (
    HASH
    + """
def tell(path, size):
    try:
        print(json.dumps([path, size, digest(path)]))
    except OSError:
        pass
def walk(folder):
    for e in os.ilistdir(folder):
        path = folder + '/' + e[0]
        if e[1] & 0x4000:
            walk(path)
        else:
            tell(path, e[3])
for e in os.ilistdir('/'):
    if e[0] == 'slot_a':
        walk('/slot_a')
    elif e[0] in NAMES:
        tell('/' + e[0], e[3])
"""
)
SIZES = """
import json, os
def size(path, e):
    if not e[1] & 0x4000:
        return e[3]
    return sum(size(path + '/' + x[0], x) for x in os.ilistdir(path))
for e in os.ilistdir('/'):
    if e[0] != 'rom':
        print(json.dumps([e[0], size('/' + e[0], e)]))
"""
READ = """
import binascii
try:
    with open(PATH, 'rb') as f:
        while True:
            b = f.read(384)
            if not b:
                break
            print(binascii.b2a_base64(b).decode(), end='')
    print('.')
except OSError:
    print('-')
"""
NAMES = """
import json, os
try:
    for name in sorted(os.listdir(PATH)):
        print(json.dumps(name))
except OSError:
    pass
"""
# Put away, not removed: at the end it may prove to be what is wanted, or somebody's own.
QUIET = """
import os
for name in ('main.py', 'boot.py'):
    try:
        os.rename('/' + name, '/' + name + '.off')
    except OSError:
        pass
"""
RESET = "import machine\nmachine.reset()\n"
REMOVE = """
import os
for path in PATHS:
    try:
        os.remove(path)
    except OSError:
        pass
"""
CLEAR = """
import os
try:
    for name in os.listdir(PATH):
        os.remove(PATH + '/' + name)
    os.rmdir(PATH)
except OSError:
    pass
"""
FOLDERS = """
import os
for path in PATHS:
    try:
        os.mkdir(path)
    except OSError:
        pass
"""
BEGIN = "f = open(PATH, 'wb')\nw = f.write\n"
FINISH = (
    HASH
    + """
f.close()
if digest(PATH + '.new') == WANTED:
    os.rename(PATH + '.new', PATH)
    print('kept')
"""
)
# Put back when it is what is wanted; a program of somebody else stays beside it, as .old.
SETTLE = (
    HASH
    + """
off = PATH + '.off'
try:
    if digest(off) == WANTED:
        os.rename(off, PATH)
        print('same')
    else:
        with open(off, 'rb') as f:
            ours = MARK in f.read()
        if ours:
            os.remove(off)
        else:
            os.rename(off, PATH + '.old')
            print('old')
except OSError:
    pass
"""
)
OFF_HASHES = (
    HASH
    + """
for name in ('/boot.py', '/main.py'):
    try:
        print(json.dumps([name, digest(name + '.off')]))
    except OSError:
        pass
"""
)


def filled(code: str, **values: object) -> str:
    """Code with values for its names in capitals: texts, bytes, or lists of texts."""
    head = "".join(f"{name.upper()} = {value!r}\n" for name, value in values.items())
    return head + code


def lines(printed: str) -> list[object]:
    """The JSON values that a board printed, one per line."""
    return [json.loads(line) for line in printed.splitlines() if line.strip()]
