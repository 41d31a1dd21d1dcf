"""How does a program end with its supervisor, even if that is killed? `python -m deploy.local.leash PID COMMAND…`.

On Linux the kernel sees to it. Elsewhere a start that finds orphans takes them down (`deploy.local.processes`).
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def run(supervisor: int, command: list[str]) -> None:
    """Become `command`, on a leash held by `supervisor`, which must be our parent."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:  # it died before the leash was on
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 -- the supervisor's own command, no shell


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2:])
