#!/bin/sh
# As the public image does: make the cluster at the first start, from POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB,
# run what lies in /docker-entrypoint-initdb.d, then serve.
set -eu
user=${POSTGRES_USER:-postgres}
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA" && chown -R postgres "$PGDATA" && chmod 700 "$PGDATA"
    password=$(mktemp) && printf %s "${POSTGRES_PASSWORD:?}" >"$password" && chown postgres "$password"
    as_postgres initdb -D "$PGDATA" -U "$user" --pwfile="$password" -A scram-sha-256 -E UTF8 >/dev/null
    rm -f "$password"
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    # Only on a socket, so that nobody takes the half-made cluster for a ready one.
    export PGPASSWORD=$POSTGRES_PASSWORD PGUSER=$user PGHOST=/var/run/postgresql
    as_postgres pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start >/dev/null
    [ "${POSTGRES_DB:-postgres}" = postgres ] || as_postgres createdb "$POSTGRES_DB"
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
        *.sh) as_postgres sh "$file" ;;
        *.sql) as_postgres psql -v ON_ERROR_STOP=1 -d "${POSTGRES_DB:-postgres}" -f "$file" ;;
        esac
    done
    as_postgres pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
    unset PGPASSWORD PGUSER PGHOST
fi
mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@" -c listen_addresses='*'
