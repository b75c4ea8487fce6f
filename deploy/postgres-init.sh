#!/bin/sh
# Runs once, on an empty data directory: a role and a database for each service, closed to the others.
set -eu
for service in auth products inventory orders; do
    password=$(printenv "$(printf '%s' "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD")
    psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set=service="$service" --set=password="$password" <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
