#!/bin/sh
# Installs what Parley needs and this machine lacks: servers by apt, Python packages into .venv.
#
#     deploy/install.sh            what `make run` needs
#     deploy/install.sh tests      what `make test` needs besides
#     deploy/install.sh bench      what `make bench` needs: a compiler, wrk, and the peers that it measures beside
#
# It starts and changes no system service: while apt works, /usr/sbin/policy-rc.d forbids every
# start (https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt), and services that
# came with the packages are not enabled for the machine's next start either. A policy-rc.d that
# is there already is its owner's and stays untouched; if it would let the services start, nothing is
# installed here, and the command to do so by hand is shown.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
policy=${PARLEY_POLICY_RC_D:-/usr/sbin/policy-rc.d} # elsewhere only in the tests
services="nginx redis-server"
least_python="3, 11"

say() { printf '%s\n' "$@" >&2; }
fail() {
    say "$@"
    exit 1
}
has() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# Whether a setting is given, so that its private server is not needed.
given() {
    eval "[ -n \"\${$1:-}\${$1_FILE:-}\" ]" && return
    [ -f "$project/.env" ] && grep -Eq "^[[:space:]]*(export[[:space:]]+)?$1(_FILE)?[[:space:]]*=[[:space:]]*[^[:space:]]" "$project/.env"
}

is_installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

debian() { grep -q '^ID=debian' /etc/os-release 2>/dev/null; }

# The Debian packages of what is missing.
missing() {
    if [ "$1" = tests ] || ! given PARLEY_DATABASE_URL; then
        { has mariadbd && has mariadb-install-db; } || echo mariadb-server-core
        has mariadb || echo mariadb-client-core
    fi
    if [ "$1" = tests ] || ! given PARLEY_REDIS_URL; then
        has redis-server || echo redis-server
    fi
    has nginx || echo nginx-light
    # What makes files smaller than gzip does, of Debian for Debian's nginx. It works without.
    if debian && { ! has nginx || [ "$1" = tests ]; }; then
        is_installed libnginx-mod-http-brotli-filter || echo libnginx-mod-http-brotli-filter
    fi
    has python3 || echo python3
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || echo python3-venv
    if [ "$1" = tests ]; then
        # The same Chromium without a desktop's parts: the browser tests take a third less time with it.
        if debian; then
            has chromium-headless-shell || echo chromium-headless-shell
        else
            { has chromium || [ -x /usr/bin/chromium ]; } || echo chromium
        fi
        has node || echo nodejs
        for font in fonts-noto-cjk fonts-noto-color-emoji; do
            ! has dpkg-query || is_installed "$font" || echo "$font"
        done
    fi
    if [ "$1" = bench ]; then
        has gcc || echo gcc
        printf '#include <stdio.h>\n' | gcc -E - >/dev/null 2>&1 || echo libc6-dev
        has wrk || echo wrk
        has node || echo nodejs
        has npm || echo npm
    fi
}

# Forbids services to start, until the shell ends in whatever way. Fails where that is not Parley's to do.
forbid_starts() {
    owner=$(sed -n 's/^# Made by Parley, process //p' "$policy" 2>/dev/null || :)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -f "$policy" # left by an installation of ours that was killed
    fi
    if [ -e "$policy" ] || [ -L "$policy" ]; then
        for service in $services; do
            code=0
            [ ! -x "$policy" ] || "$policy" "$service" start >/dev/null 2>&1 || code=$?
            [ "$code" = 101 ] || return 1
        done
        return 0
    fi
    trap '' INT TERM HUP
    # -C: never over a file that somebody else makes at this moment.
    (set -C && printf '%s\n' '#!/bin/sh' "# Made by Parley, process $$" 'exit 101' >"$policy") || return 1
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    chmod 755 "$policy"
}

# As root: installs packages without starting a service, now or at the machine's next start.
install_packages() {
    forbid_starts || fail "$policy lets services start, and it is not Parley's to change." \
        "Install by hand, and decide which services may run:" \
        "    apt-get install --no-install-recommends $*"
    new=
    for service in $services; do
        case " $* " in *" $service"*) new="$new $service" ;; esac
    done
    export DEBIAN_FRONTEND=noninteractive
    # A list that is missing or old (its packages are not on the mirror any more) is fetched anew.
    apt-cache show "$@" >/dev/null 2>&1 || apt-get update </dev/null >&2
    if ! apt-get install -y --no-install-recommends "$@" </dev/null >&2; then
        apt-get update </dev/null >&2
        apt-get install -y --no-install-recommends "$@" </dev/null >&2
    fi
    for service in $new; do
        if has systemctl; then
            systemctl disable "$service" >/dev/null 2>&1 || :
        else
            update-rc.d "$service" disable >/dev/null 2>&1 || :
        fi
    done
}

# Sees to it that the packages get installed, by whoever may.
need_packages() {
    command="apt-get install --no-install-recommends $*"
    has apt-get || fail "Missing: $*" "These are the names of Debian's packages; install the like with this system's tools."
    case " $* " in *" chromium "*)
        if grep -q '^ID=ubuntu' /etc/os-release; then
            fail "Missing: Chromium, for the browser tests. Ubuntu has it as a snap only, which this does not install:" \
                "    sudo snap install chromium"
        fi
        ;;
    esac
    say "Installing: $*"
    if [ "$(id -u)" = 0 ]; then
        sh "$0" packages "$@"
    elif has sudo; then
        sudo sh "$0" packages "$@" || fail "Missing: $*" "Have them installed by somebody who may:" "    sudo $command"
    else
        fail "Missing: $*" "They are installed by root, and there is no sudo:" "    $command"
    fi
}

# Installs what a lock file names, and nothing else. Without --no-deps, pip before 23.3 (Debian 12 has 23.0) takes the
# newest version of a package that another one wants with an extra, and refuses it as not pinned.
fill() { "$1/bin/python" -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r "$2"; }

# The packages of a lock file in .venv, again only after the file changed.
python_packages() {
    lock=$1
    python3 -c "import sys; sys.exit(sys.version_info < ($least_python))" ||
        fail "Parley needs Python 3.11 or newer; python3 is $(python3 --version 2>&1) at $(command -v python3)."
    venv="$project/.venv"
    # A .venv holds its own path, so one that was moved is made anew.
    if ! { [ -x "$venv/bin/python" ] && grep -qF "$venv" "$venv/bin/activate" && "$venv/bin/python" -c 'import pip'; } 2>/dev/null; then
        python3 -m venv --clear "$venv"
    elif installed "$lock"; then
        return
    # What the tests need contains what Parley needs, so make test and make run do not undo each other.
    elif [ "$lock" = requirements.txt ] && installed requirements-dev.txt; then
        return
    fi
    say "Installing the Python packages of $lock into .venv"
    rm -f "$venv/installed"
    fill "$venv" "$project/$lock"
    printf '%s\n' "$lock $(sha256sum <"$project/$lock")" >"$venv/installed"
}

# The programs that the benchmark measures Parley beside, apart from what Parley itself needs.
peers() {
    folder="$project/tests/bench/peers"
    venv="$project/.venv-bench"
    if ! installed requirements.txt "$folder"; then
        say "Installing the benchmark's peers into .venv-bench"
        python3 -m venv --clear "$venv"
        fill "$venv" "$folder/requirements.txt"
        printf '%s\n' "requirements.txt $(sha256sum <"$folder/requirements.txt")" >"$venv/installed"
    fi
    if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/installed"; then
        say "Installing the benchmark's peers into tests/bench/peers/node_modules"
        (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent)
        cp "$folder/package-lock.json" "$folder/node_modules/installed"
    fi
}

# Whether .venv was last filled from this very lock file.
installed() { grep -qxF "$1 $(sha256sum <"${2:-$project}/$1")" "$venv/installed" 2>/dev/null; }

main() {
    exec 9<"$project"
    flock 9 # two at once would undo each other's work
    packages=$(missing "$1")
    # shellcheck disable=SC2086 -- one word a package
    [ -z "$packages" ] || need_packages $packages
    if [ "$1" = run ]; then python_packages requirements.txt; else python_packages requirements-dev.txt; fi
    [ "$1" != bench ] || peers
    cmp -s "$project/deploy/parley" "$project/.venv/bin/parley" || install -m 755 "$project/deploy/parley" "$project/.venv/bin/parley"
}

case "${1:-run}" in
run | tests | bench) main "${1:-run}" ;;
packages)
    shift
    install_packages "$@"
    ;;
*) fail "usage: deploy/install.sh [tests|bench]" ;;
esac
