#!/usr/bin/env bash
# Builds the image here, brings it to the server, and has it take over once it is ready; else what ran before goes on.
set -euo pipefail

usage() {
  cat <<'END'
Usage: ops/deploy/deploy.sh [--dry-run]

Deploys this folder to a server that setup-server.sh has made ready. Run again, it redeploys.

  --dry-run    print every command that would be run here and there, and change nothing; the server is only asked what is there

Environment:
  DEPLOY_TARGET      ubuntu@api.xylolabs.com unless set
  DEPLOY_KEY         ~/.ssh/xylolabs-api.pem unless set
  DEPLOY_PLATFORM    linux/arm64 or linux/amd64; the server's own unless set
  DOCS_BUNDLE        folder of the built documentation; docs-site/dist unless set, and left out where that is not there
  READY_SECS         how long the new version may take to be ready; 300 unless set
  DEPLOY_RELEASE     what the image is called on its way; the time and the commit unless set
  CERTBOT_EMAIL      whom Let's Encrypt writes to; nobody unless set

Host names and limits are those of /opt/xylolabs-api/.env on the server.
END
}

fail() {
  echo "deploy: $1" >&2
  exit 1
}
run() {
  printf '+%s\n' "$(printf ' %q' "$@")"
  [ -n "$dry_run" ] || "$@"
}

main() {
  dry_run=
  case ${1-} in
    '') ;;
    --dry-run) dry_run=--dry-run ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  cd "$(dirname "${BASH_SOURCE[0]}")/../.."
  local target=${DEPLOY_TARGET:-ubuntu@api.xylolabs.com} docs=${DOCS_BUNDLE:-docs-site/dist} ready=${READY_SECS:-300}
  local ssh=(ssh -i "${DEPLOY_KEY:-$HOME/.ssh/xylolabs-api.pem}" -o BatchMode=yes)
  local folder=${DESTDIR:-}/opt/xylolabs-api
  [[ $ready =~ ^[0-9]+$ ]] || fail "READY_SECS is a number of seconds, not '$ready'"
  [[ ${CERTBOT_EMAIL-} =~ ^([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)?$ ]] || fail "CERTBOT_EMAIL '$CERTBOT_EMAIL' is no address"
  local platform=${DEPLOY_PLATFORM:-}
  [ -n "$platform" ] || platform=$(platform_of "$("${ssh[@]}" "$target" uname -m </dev/null)")
  local release image bundle name
  name=$(sed -n 's/^ *image: *\(xylolabs-api:[A-Za-z0-9._-]*\)$/\1/p' docker-compose.yml | head -n 1)
  release=$(date -u +%Y%m%dt%H%M%Sz)-$(git rev-parse --short HEAD)
  release=${DEPLOY_RELEASE:-$release}
  [[ $release =~ ^[A-Za-z0-9_][A-Za-z0-9._-]*$ ]] || fail "DEPLOY_RELEASE '$release' cannot be the tag of an image"
  image=xylolabs-api:$release
  bundle=$(mktemp -d)
  # shellcheck disable=SC2064 # now, while the name is known
  trap "rm -rf '$bundle'" EXIT

  run docker build --platform "$platform" --tag "$image" .
  run docker save --output "$bundle/image.tar" "$image"
  run rsync --archive --partial --compress --rsh "${ssh[*]}" "$bundle/image.tar" docker-compose.yml docker-compose.arm64.yml "$target:$folder/incoming/"
  if [ -d "$docs" ]; then
    run rsync --archive --delete --compress --rsh "${ssh[*]}" "$docs/" "$target:$folder/incoming/docs/"
  else
    echo "deploy: there is no documentation in $docs: what the server has stays"
  fi
  local there=(sudo env DESTDIR="${DESTDIR:-}" bash -s -- "$release" "$name" "$ready" "${CERTBOT_EMAIL:--}")
  printf '+%s\n' "$(printf ' %q' "${ssh[@]}" "$target" "${there[@]}") < ops/deploy/on-server.sh"
  "${ssh[@]}" "$target" "${there[@]}" $dry_run <ops/deploy/on-server.sh || fail 'not deployed: see above'
}

platform_of() {
  case $1 in
    x86_64) echo linux/amd64 ;;
    aarch64) echo linux/arm64 ;;
    *) fail "there is no image for '$1'" ;;
  esac
}

main "$@"
