#!/usr/bin/python3
"""record.py FILE.keys ...    runs the cases of the files with the real vim and less in a terminal of 60 columns and 10 rows, and writes what
comes of them below them. As root; /root is a throw-away directory. Needs pyte. Lines that begin with # stay."""
import os, pty, re, select, struct, subprocess, sys, time, fcntl, termios
import pyte

COLS, ROWS = 60, 10
ENV = {"HOME": "/root", "PATH": "/tmp/bin:/usr/bin:/bin", "PAGER": "less", "LESSHISTFILE": "-", "TERM": "xterm", "LANG": "C.UTF-8"}
VIM = '#!/bin/sh\nexec /usr/bin/vim %s -u NONE -N -i NONE -n --cmd "set ruler ttimeout ttimeoutlen=20 t_RV= t_u7= t_RB= t_RF= t_BE= t_TI= t_TE=" "$@"\n'

def keys(text):
    text = text.replace("\\e", "\x1b").replace("\\r", "\r").replace("\\t", "\t").replace("\\w", "\0")
    for n in range(26): text = text.replace("^" + chr(65 + n), chr(n + 1))
    return text

def case(command, typed, content):
    for name in os.listdir("/root"): os.remove("/root/" + name)
    open("/root/f", "w").write(content)
    screen = pyte.Screen(COLS, ROWS)
    stream = pyte.ByteStream(screen)
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
        os.chdir("/root")
        os.execve("/bin/bash", ["bash", "-c", command], ENV)
    def read(quiet):
        while select.select([fd], [], [], quiet)[0]:
            try: data = os.read(fd, 65536)
            except OSError: return False
            stream.feed(re.sub(rb"\x1b\[[>?][\d;]*[mc]|\x1b\[[>?]4;\d*m", b"", data))
        return True
    alive = read(0.4)
    for line in typed:
        parts = keys(line)
        parts = [parts] if "\x1b[" in parts else [p for p in parts.replace("\x1b", "\x1b\1").split("\1") if p]
        for part in parts:
            try: os.write(fd, part.replace("\0", "").encode())
            except OSError: break
            alive = read(1.3 if "\0" in part else 0.12)
            if not alive: break
    alive = alive and read(0.25)
    os.kill(pid, 9)
    os.close(fd)
    os.waitpid(pid, 0)
    out = [("| " + l).rstrip() for l in screen.display] if alive else ["| (ended)"]
    after = open("/root/f").read() if os.path.exists("/root/f") else ""
    if after != content: out += [("> " + l).rstrip() for l in after.split("\n")[:-1]]
    return out

def record(path):
    out, block, content, inside = [], [], "", False
    def run():
        if block: out.extend(case(block[0][2:], [l[2:] for l in block[1:]], content) + [""])
        block.clear()
    for line in open(path).read().split("\n"):
        mark = line[:1]
        if mark == "%":
            run()
            content = (content if inside else "") + line[2:] + "\n"
        inside = mark == "%"
        if mark in ("@", "#") and mark: run()
        if mark in ("@", "~") and mark: block.append(line)
        if mark in ("@", "~", "%", "#") and mark: out.append(line)
    run()
    return "\n".join(out)

if sys.argv[1] == "--inside":
    os.makedirs("/tmp/bin")
    for name, flag in (("vi", ""), ("vim", ""), ("view", "-R")):
        open("/tmp/bin/" + name, "w").write(VIM % flag)
        os.chmod("/tmp/bin/" + name, 0o755)
    name = "/tmp/keys"
    open(name, "w").write(sys.stdin.read())
    sys.stdout.write(record(name))
else:
    for path in sys.argv[1:]:
        path = os.path.abspath(path)
        inside = 'mount -t tmpfs none /root && mount -t tmpfs none /tmp && exec /usr/bin/python3 "$0" --inside'
        script = os.path.abspath(__file__)
        text = subprocess.run(["unshare", "-mupf", "--mount-proc", "sh", "-c", inside, script], input=open(path, "rb").read(), stdout=subprocess.PIPE, check=True).stdout
        open(path, "wb").write(text)
