#!/bin/sh
# As the public image does: the server owns its data and runs as a user of its own.
set -eu
if [ "$(id -u)" = 0 ]; then
    chown -R "$OWNER" .
    exec setpriv --reuid="$OWNER" --clear-groups "$@"
fi
exec "$@"
