#!/bin/sh
# Run once by the postgres image on an empty volume: for each service one database that belongs to
# its owner role, and a runtime role that may only connect. Migrations grant the rest.
# Passwords come from the same files the services read, so each is written down once.
set -eu
secrets=${SECRETS_FOLDER:-/run/secrets}

password_of() { # the password inside postgresql://role:password@host/database
  sed -n 's#^[a-z]*://[^:]*:\([^@]*\)@.*#\1#p' "$1"
}

for service in ${TANDEM_SERVICES:-erp crm bridge}; do
  runtime=$(password_of "$secrets/${service}_database_url")
  owner=$(password_of "$secrets/${service}_migration_database_url")
  psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set service="$service" --set owner="${service}_owner" \
    --set runtime_password="$runtime" --set owner_password="$owner" <<'SQL'
create role :"owner" login password :'owner_password';
create role :"service" login password :'runtime_password';
create database :"service" owner :"owner";
revoke all on database :"service" from public;
grant connect on database :"service" to :"service";
SQL
done
