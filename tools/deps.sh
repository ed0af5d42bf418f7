#!/bin/sh
# Installs what the tests need from Debian's packages: mosquitto (a broker) and its clients, chromium (a browser),
# a C compiler, curl, node and npm; and the foreign client that tests/node names.
set -eu
cd "$(dirname "$0")/.."

missing=""
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v mosquitto_pub >/dev/null 2>&1 || missing="$missing mosquitto-clients"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
echo "#include <fcntl.h>" | cc -E - >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
command -v curl >/dev/null 2>&1 || missing="$missing curl"
command -v node >/dev/null 2>&1 || missing="$missing nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"

install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  if [ "$(id -u)" = 0 ]; then as=""
  elif sudo -n true 2>/dev/null; then as="sudo"
  else return 1; fi
  echo "Installing$missing ..."
  $as apt-get update -qq
  # policy-rc.d keeps Debian from starting a broker of its own on port 1883
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $as apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

if [ -n "$missing" ] && ! install; then
  echo "Missing:$missing. Install them as your system does, for example: sudo apt-get install$missing" >&2
  [ -z "${CI:-}" ] || exit 1
fi

# the lock file is the stamp: installed again when it is newer
if command -v npm >/dev/null 2>&1 && [ ! tests/node/node_modules/.installed -nt tests/node/package-lock.json ]; then
  echo "Installing the client of tests/node ..."
  (cd tests/node && npm ci --ignore-scripts --silent && touch node_modules/.installed)
fi
