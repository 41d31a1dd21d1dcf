#!/bin/sh
# At the first start of PostgreSQL: one database and one role a service, and no role reaches another's database.
set -eu
make_database() {
    psql -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" --dbname "${POSTGRES_DB:-postgres}" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}
make_database registry "$REGISTRY_DATABASE_PASSWORD"
make_database matching "$MATCHING_DATABASE_PASSWORD"
make_database notify "$NOTIFY_DATABASE_PASSWORD"
