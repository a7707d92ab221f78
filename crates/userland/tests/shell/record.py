#!/usr/bin/python3
"""record.py FILE.case FILE.tty ...    runs the scripts or sessions of the files with the real bash, and writes what comes of them below them.
As root; /root is a throw-away directory for the time of a file. Lines that begin with # stay. The forms are described in ../shell.rs."""
import os, pty, re, select, subprocess, sys, time

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENV = {"HOME": "/root", "PATH": PATH, "LANG": "C.UTF-8"}
TTY = {"HOME": "/root", "PATH": PATH, "LANG": "C.UTF-8", "LOGNAME": "root", "USER": "root", "TERM": "dumb", "PAGER": "cat", "SHELL": "/bin/bash"}

def marked(text, whole, part):
    lines = text.split("\n")
    return [whole + " " + l if l else whole for l in lines[:-1]] + [part + " " + lines[-1]] * bool(lines[-1])

def script(lines):
    p = subprocess.run(["bash", "-c", "\n".join(lines)], stdin=subprocess.DEVNULL, capture_output=True, env=ENV, cwd="/root", timeout=30)
    return marked(p.stdout.decode(), "|", ":") + marked(p.stderr.decode(), "!", ";") + ["? %d" % p.returncode] * (p.returncode != 0)

def session(command, send):
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir("/root")
        os.execve("/usr/bin/bash", ["bash", "-c", command], TTY)
    out = ""
    def read(seconds):
        nonlocal out
        end = time.time() + seconds
        while select.select([fd], [], [], max(0, end - time.time()))[0]:
            try: data = os.read(fd, 65536)
            except OSError: return False
            out += data.decode().replace("\r\n", "\n")
            if re.search(r"(\]# |> )$", out) and seconds > 5: return True
        return True
    for wait, keys in send:
        if wait is None: time.sleep(0.1)
        if not (out.endswith(("]# ", "> ")) and wait is None) and not read(6 if wait is None else wait): break
        try: os.write(fd, keys.encode())
        except OSError: break
        time.sleep(0.05)
        read(0.05)
    for _ in range(5):
        if not read(1): break
    os.close(fd)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return marked(re.sub(r"(?m)^(\[\d+\]) \d+$", r"\1 PID", re.sub("\x1b\\[\\?2004[hl]\r?", "", out)), "|", ":")

def record(path):
    out, block, tty = [], [], path.endswith(".tty")
    def run():
        if block and tty:
            send = [(None, l[2:] + "\n") if l[0] == ">" else (float(l.split(" ", 2)[1]), l.split(" ", 2)[2].encode().decode("unicode_escape")) for l in block[1:]]
            out.extend(session(block[0][2:], send) + [""])
        elif block:
            out.extend(script([l[2:] if l[1:2] == " " else l[1:] for l in block]) + [""])
        block.clear()
    for line in open(path).read().split("\n"):
        if line[:2] in ("$ ", "@ ") or line[:1] == "#": run()
        if line[:1] == "#": out.append(line)
        elif line[:2] in ("$ ", "@ ") or line[:1] in (">", "~") and block:
            out.append(line)
            block.append(line)
    run()
    return "\n".join(out)

if sys.argv[1] == "--inside":
    sys.stdout.write(record(sys.argv[2]))
else:
    for path in sys.argv[1:]:
        path = os.path.abspath(path)
        inside = 'mount -t tmpfs none /root && hostname station78 && exec python3 "$0" --inside "$1"'
        text = subprocess.run(["unshare", "-mupf", "--mount-proc", "sh", "-c", inside, os.path.abspath(__file__), path], stdout=subprocess.PIPE, check=True).stdout
        open(path, "wb").write(text)
