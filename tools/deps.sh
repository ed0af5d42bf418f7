#!/bin/sh
# Installs what the tests need from Debian's packages: mosquitto (a broker) and chromium (a browser).
set -eu

missing=""
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then as=""
  elif sudo -n true 2>/dev/null; then as="sudo"
  else as="no"; fi
  if [ "$as" != no ]; then
    echo "Installing$missing ..."
    $as apt-get update -qq
    # policy-rc.d keeps Debian from starting a broker of its own on port 1883
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 $as apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
  fi
fi
echo "Missing:$missing. Install them as your system does, for example: sudo apt-get install$missing" >&2
[ -z "${CI:-}" ] || exit 1
