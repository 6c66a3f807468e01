#!/usr/bin/env bash
# Makes a fresh Ubuntu 24.04 ready for deploy.sh; run again it changes nothing that is there.
#
#   ssh -i ~/.ssh/xylolabs-api.pem ubuntu@api.xylolabs.com 'bash -s' < ops/deploy/setup-server.sh
#
# Other names than ours: ssh … 'API_HOST=api.example.org ADMIN_HOSTS=admin.example.org APP_HOSTS=app.example.org DOCS_HOST= bash -s' < …
# Also INITIAL_ADMIN_EMAIL. DESTDIR is put before every path, for trying it out.
set -euo pipefail

fail() {
  echo "setup-server: $1" >&2
  exit 1
}
say() { echo "setup-server: $1"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# All of it in functions: the script comes through standard input, of which a program must not read the rest.
main() {
  destdir=${DESTDIR:-}
  folder=$destdir/opt/xylolabs-api
  owner=$(id -un)
  read_choices
  check_machine
  install_packages
  start_docker
  make_folders
  make_environment
  prepare_nginx
  say "ready: now run deploy.sh"
}

read_choices() {
  api_host=${API_HOST-api.xylolabs.com}
  admin_hosts=${ADMIN_HOSTS-admin.api.xylolabs.com}
  app_hosts=${APP_HOSTS-app.xylolabs.com}
  docs_host=${DOCS_HOST-docs.api.xylolabs.com}
  admin_email=${INITIAL_ADMIN_EMAIL:-admin@xylolabs.com}
  [ -n "$api_host" ] || fail "API_HOST must not be empty"
  local name
  for name in $api_host ${admin_hosts//,/ } ${app_hosts//,/ } $docs_host; do
    [[ $name =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$ ]] || fail "'$name' is no host name such as api.xylolabs.com"
  done
  [[ $admin_email =~ ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$ ]] || fail "INITIAL_ADMIN_EMAIL '$admin_email' is no address"
}

check_machine() {
  local release
  # shellcheck disable=SC1091 # the machine's own
  release=$(. "$destdir/etc/os-release" && echo "$ID $VERSION_ID") || fail "there is no /etc/os-release"
  [ "$release" = 'ubuntu 24.04' ] || fail "this is made for Ubuntu 24.04, not for '$release'"
  case $(uname -m) in
    x86_64)
      compose_file=docker-compose.yml
      eventstore_image=docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3
      ;;
    aarch64)
      # There is no supported image for it: the store that comes with the app takes its place.
      compose_file=docker-compose.yml:docker-compose.arm64.yml
      eventstore_image=embedded
      ;;
    *) fail "there is no event store for $(uname -m): x86_64 and aarch64 can be set up" ;;
  esac
}

install_packages() {
  local wanted=(ca-certificates certbot curl docker-compose-v2 docker.io nginx openssl rsync) missing=() package
  for package in "${wanted[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}

start_docker() {
  local unit
  for unit in docker nginx; do
    if systemctl is-active --quiet "$unit" && systemctl is-enabled --quiet "$unit"; then continue; fi
    as_root systemctl enable --now "$unit"
  done
  [ "$owner" = root ] || id -nG "$owner" | grep -qw docker || as_root usermod -aG docker "$owner"
}

make_folders() {
  local path
  [ -d "$folder" ] || as_root install -d -o "$owner" -m 0750 "$folder"
  [ -d "$folder/incoming" ] || install -d -m 0750 "$folder/incoming"
  for path in /var/www/xylolabs-acme /var/www/xylolabs-docs; do
    [ -d "$destdir$path" ] || as_root install -d -m 0755 "$destdir$path"
  done
}

secret() { openssl rand -hex 32; }

# Never again once it is there: its secrets are in the volumes and in the log by then.
make_environment() {
  if [ -e "$folder/.env" ]; then
    say "$folder/.env is there and stays as it is"
    return
  fi
  local password origins=() name
  password=$(openssl rand -hex 12)
  for name in ${admin_hosts//,/ } ${app_hosts//,/ }; do origins+=("https://$name"); done
  [ ${#origins[@]} -gt 0 ] || origins=("https://$api_host")
  umask 077
  printf 'email: %s\npassword: %s\n' "$admin_email" "$password" >"$folder/bootstrap-credentials.txt"
  cat >"$folder/.env.new" <<END
# Made by setup-server.sh. Every variable: .env.example of the project. Keep a copy of this file elsewhere: without DATA_ENCRYPTION_KEY
# sealed data stays sealed.
API_HOST=$api_host
ADMIN_HOSTS=$admin_hosts
APP_HOSTS=$app_hosts
DOCS_HOST=$docs_host
CORS_ALLOWED_ORIGINS=$(IFS=, && echo "${origins[*]}")
TRUST_PROXY=1
POSTGRES_USER=xylolabs
POSTGRES_PASSWORD=$(secret)
POSTGRES_DB=xylolabs
JWT_SECRET=$(secret)
JWT_REFRESH_SECRET=$(secret)
DATA_ENCRYPTION_KEY=$(secret)
MINIO_ROOT_USER=xylolabs
MINIO_ROOT_PASSWORD=$(secret)
INITIAL_ADMIN_EMAIL=$admin_email
INITIAL_ADMIN_PASSWORD=$password
COMPOSE_FILE=$compose_file
EVENTSTORE_IMAGE=$eventstore_image
END
  sync "$folder/.env.new" "$folder/bootstrap-credentials.txt"
  mv "$folder/.env.new" "$folder/.env"
  say "made $folder/.env; the first login is in $folder/bootstrap-credentials.txt: remove that file once you have it"
}

prepare_nginx() {
  # It would answer on port 80 in our place.
  if [ -e "$destdir/etc/nginx/sites-enabled/default" ]; then
    as_root rm "$destdir/etc/nginx/sites-enabled/default"
    as_root systemctl reload nginx
  fi
  # certbot.timer renews; nginx reads what was renewed.
  local hook=$destdir/etc/letsencrypt/renewal-hooks/deploy/xylolabs-nginx.sh
  [ ! -x "$hook" ] || return 0
  as_root install -d -m 0755 "$(dirname "$hook")"
  printf '#!/bin/sh\nnginx -t -q && systemctl reload nginx\n' | as_root install -m 0755 /dev/stdin "$hook"
}

main </dev/null
