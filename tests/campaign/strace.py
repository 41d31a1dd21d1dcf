"""Where can a process be killed? Before each system call that has an effect outside it: strace counts them and kills.

Between two such calls a process changes nothing that outlives it (but for SQLite's shared index of the WAL, which is
made anew by whoever opens the database after a crash), so these points are all there are. Killed *after* the effect of
call k is killed before call k + 1.

Trap: `when=k` counts each call name for itself. With several names in one rule the first to reach k kills, and the
others are never hit at their k: one name a run.
"""

import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

from tests.campaign.fork_server import ForkServer
from tests.servers import missing, program

WITHOUT_EFFECT = frozenset(
    """
    access alarm arch_prctl brk clock_getres clock_gettime clock_nanosleep close dup dup2 epoll_create1 epoll_ctl
    epoll_wait exit exit_group faccessat2 fadvise64 fcntl fstat futex getcwd getdents64 getegid geteuid getgid
    getpeername getpid getppid getrandom getrusage getsockname getsockopt gettid getuid ioctl lseek lstat madvise
    mmap mprotect mremap munmap newfstatat openat pipe2 poll ppoll prctl pread64 prlimit64 read readlink readv
    recvfrom recvmsg restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield
    select set_robust_list set_tid_address setsockopt sigaltstack socket socketpair stat statfs statx sysinfo uname
    wait4
    """.split()  # noqa: SIM905 - seventy lines would say no more
)
"""Calls that change nothing outside the process. `fcntl` locks end with it; files made by `openat` are still empty."""

CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)


def refuse_without_strace(directory: Path) -> None:
    """Skip where there is no strace, or where it may not trace what we start; in CI that is a failure."""
    program("strace")
    server = ForkServer(__name__, directory / "log")
    try:
        kill_before(server, "write", 1, "nothing")
    except MayNotTraceError:
        missing("strace")
    finally:
        server.close()


def nothing() -> None:
    """A task without effect."""


class MayNotTraceError(Exception):
    """strace is here but is not allowed to attach (a container without SYS_PTRACE, or Yama)."""


def calls_of(server: ForkServer, record: Path, task: str, **arguments: object) -> Counter[str]:
    """How often the task makes each call that has an effect."""
    _traced(server, ("-o", str(record)), task, arguments)
    assert not server.was_killed()
    names = Counter(CALL.findall(record.read_text(errors="replace")))
    return Counter({name: count for name, count in sorted(names.items()) if name not in WITHOUT_EFFECT})


def kill_before(server: ForkServer, call: str, k: int, task: str, **arguments: object) -> bool:
    """Kill the task before its k-th `call`; whether it came to that."""
    rule = ("-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={k}")
    _traced(server, rule, task, arguments)
    return server.was_killed()


def _traced(server: ForkServer, rule: tuple[str, ...], task: str, arguments: dict[str, object]) -> None:
    with server.held(task, **arguments) as pid:
        tracer = subprocess.Popen(
            [program("strace"), "-f", *rule, "-p", str(pid)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert tracer.stderr is not None
        with tracer.stderr as said:
            attached = said.readline()
            os.kill(pid, signal.SIGCONT)  # also when it is not traced: nobody shall wait for a stopped child
            tracer.wait()
    if "attached" not in attached:
        raise MayNotTraceError(attached)
