#!/usr/bin/env bash
# What deploy.sh has the server do, as root, through standard input: RELEASE IMAGE READY_SECS CERTBOT_EMAIL|- [--dry-run]
set -euo pipefail

fail() {
  echo "deploy: $1" >&2
  exit 1
}
run() {
  printf '+%s\n' "$(printf ' %q' "$@")"
  [ -n "$dry_run" ] || "$@"
}
# The value of a variable in .env; nothing where it has none.
value_of() { sed -n "s/^$1=//p" .env | tail -n 1 | sed "s/^\([\"']\)\(.*\)\1\$/\2/"; }
# What the compose file calls the image of the app.
image_here() { sed -n 's/^ *image: *\(xylolabs-api:[A-Za-z0-9._-]*\)$/\1/p' docker-compose.yml | head -n 1; }

main() {
  release=$1 image=$2 ready=$3 email=$4 dry_run=${5-}
  folder=${DESTDIR:-}/opt/xylolabs-api
  site=${DESTDIR:-}/etc/nginx/conf.d/xylolabs.conf
  webroot=/var/www/xylolabs-acme
  certificate=/etc/letsencrypt/live/xylolabs-api
  cd "$folder" || fail 'this server is not set up: run setup-server.sh first'
  [ -f .env ] || fail "there is no $folder/.env: run setup-server.sh first"
  exec 9<"$folder"
  flock --nonblock 9 || fail 'another deployment is at work on this server'
  take_over
  secure
  publish_docs
  run docker image prune --force
  run rm -f incoming/image.tar
  say_done
}

# The new version takes the place of the old one, which comes back where the new one is not ready in time.
take_over() {
  # What was ready last; a deployment that was cut off leaves a version that never was.
  local old='' from=ready
  if docker image inspect xylolabs-api:ready >/dev/null 2>&1; then
    old=xylolabs-api:ready
  elif [ -f docker-compose.yml ]; then
    old=$(image_here) from=.
    if [ -n "$old" ] && ! docker image inspect "$old" >/dev/null 2>&1; then old=''; fi
  fi
  run docker load --input incoming/image.tar
  if [ -n "$old" ]; then
    run docker tag "$old" xylolabs-api:previous
    run mkdir -p previous
    run cp "$from/docker-compose.yml" "$from/docker-compose.arm64.yml" previous/
  fi
  run docker tag "xylolabs-api:$release" "$image"
  run docker rmi "xylolabs-api:$release"
  run cp incoming/docker-compose.yml incoming/docker-compose.arm64.yml .
  if start; then
    run docker tag "$image" xylolabs-api:ready
    run mkdir -p ready
    run cp docker-compose.yml docker-compose.arm64.yml ready/
    return 0
  fi
  run docker compose logs --no-color --tail 50 app || true
  [ -n "$old" ] || fail "it was not ready within $ready s, and there is no version before it: see its log above"
  echo "deploy: it was not ready within $ready s: see its log above. Going back to the version before" >&2
  run cp previous/docker-compose.yml previous/docker-compose.arm64.yml .
  local known applied newer
  known=$(migrations_of xylolabs-api:previous)
  applied=$(migrations_of "$image")
  newer=$(comm -13 <(echo "$known") <(echo "$applied"))
  run docker tag xylolabs-api:previous "$(image_here)"
  [ -z "$newer" ] || empty_tables
  start || fail 'the version before is not ready either: docker compose logs app'
  fail 'the version before runs again'
}

migrations_of() { docker run --rm --entrypoint ls "$1" migrations | sort; }

# The version before refuses tables that it does not know. It builds its own from the log; these stay beside them, the audit chain in them too.
empty_tables() {
  [ -z "$(value_of DATABASE_URL)" ] ||
    fail 'the version before needs a database without the migrations of the new one: see ops/runbooks/postgres-lost.md'
  echo 'deploy: the new version has changed the tables: the version before builds its own anew from the log' >&2
  run docker compose stop app
  # shellcheck disable=SC2016 # in the container
  run docker compose exec -T postgres sh -c 'psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --command "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"'"'$POSTGRES_DB'"'"'" --command "alter database \"$POSTGRES_DB\" rename to \"${POSTGRES_DB}_until_$(date +%s)\"" && createdb --username "$POSTGRES_USER" "$POSTGRES_DB"'
}

start() { run docker compose up --detach --wait --wait-timeout "$ready" --remove-orphans; }

# nginx answers the challenges alone until there is a certificate, then everything.
secure() {
  local version hosts=() host names
  version=$(nginx -v 2>&1 | sed -n 's/.*nginx\/\([0-9.]*\).*/\1/p')
  names=$(value_of API_HOST),$(value_of ADMIN_HOSTS),$(value_of APP_HOSTS),$(value_of DOCS_HOST)
  for host in ${names//,/ }; do hosts+=(--domain "$host"); done
  [ -e "${DESTDIR:-}$certificate/fullchain.pem" ] || show http "$version"
  local contact=(--email "$email")
  [ "$email" != - ] || contact=(--register-unsafely-without-email)
  run certbot certonly --webroot --webroot-path "$webroot" --cert-name xylolabs-api "${hosts[@]}" --key-type ecdsa \
    --agree-tos "${contact[@]}" --non-interactive --keep-until-expiring --expand --renew-with-new-domains ||
    fail 'no certificate: do all names lead to this server, and does it let port 80 in? The app itself runs. Then deploy again'
  show tls "$version"
}

# Has nginx show what the image renders; what it showed before stays where the new one is not good.
show() {
  local phase=$1
  local render=(docker compose run --rm --no-deps -T app node ops/compiled.mjs nginx:render --phase "$phase" --nginx-version "$2")
  printf '+%s\n' "$(printf ' %q' "${render[@]}") > $site"
  if [ -z "$dry_run" ]; then
    "${render[@]}" >"$site.new" || fail 'nginx is left as it was'
    [ ! -e "$site" ] || cp "$site" "$site.before"
    mv "$site.new" "$site"
  fi
  if ! run nginx -t -q; then
    if [ -e "$site.before" ]; then mv "$site.before" "$site"; else rm -f "$site"; fi
    fail 'nginx refuses its configuration, and is left as it was'
  fi
  [ -n "$dry_run" ] || rm -f "$site.before"
  run systemctl reload nginx
}

publish_docs() {
  [ -d incoming/docs ] || return 0
  run rsync --archive --delete incoming/docs/ "${DESTDIR:-}/var/www/xylolabs-docs/"
}

say_done() {
  local host
  host=$(value_of API_HOST)
  run curl --fail --silent --show-error --output /dev/null --retry 5 --retry-connrefused --resolve "$host:443:127.0.0.1" "https://$host/health/ready" ||
    fail "https://$host does not answer as it should"
  [ -n "$dry_run" ] || echo "deploy: $release is ready at https://$host"
}

main "$@" </dev/null
