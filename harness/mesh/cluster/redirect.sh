#!/bin/sh
# Redirects the TCP traffic of this pod through its sidecar. Run once before the app starts, as root with NET_ADMIN and
# NET_RAW; running it again changes nothing.
#
#   redirect.sh [INBOUND_PORTS_TO_SKIP [OUTBOUND_PORTS_TO_SKIP [OUTBOUND_PORTS_BY_THEMSELVES [OPAQUE_INBOUND_PORTS]]]]
#
# Each a comma-separated list of ports and ranges: 25,9000-9010
#
# The sidecar cannot ask the kernel for the original destination of a connection, and TCP that is not HTTP names none. So of
# OUTBOUND_PORTS_BY_THEMSELVES (no ranges) the first is led to 4200, the second to 4201, and so on; and what comes in on
# OPAQUE_INBOUND_PORTS, where a client may wait for the server to speak first, is led to 4144. Both for IPv4.
set -eu

INBOUND_PORT=4143
OUTBOUND_PORT=4140
OPAQUE_PORT=4144
FIRST_OWN_PORT=4200
PROXY_UID=2102
# The proxy's own ports, and those that Linkerd ignores by default.
SKIP_INBOUND="4190,4191,4567,4568,${1:-}"
# DNS over TCP is no HTTP, and the simulated proxy cannot pass on what is none.
SKIP_OUTBOUND="53,4567,4568,${2:-}"

# Chains of our own, so that a restarted init container finds what it made.
INBOUND_CHAIN=MESHPROOF_INBOUND
OUTBOUND_CHAIN=MESHPROOF_OUTBOUND
TRIAL_CHAIN=MESHPROOF_TRIAL

fail() {
  echo "redirect.sh: $*" >&2
  exit 1
}

# nat COMMAND ARGUMENTS...: iptables or ip6tables on the table nat; waits for whoever holds the lock.
nat() {
  command="$1"
  shift
  "$command" -w 10 -t nat "$@"
}

# Whether a command can do all that is needed here; what it says is kept for the message.
works() {
  nat "$1" -F "$TRIAL_CHAIN" 2>/dev/null || nat "$1" -N "$TRIAL_CHAIN" || return 1
  outcome=0
  nat "$1" -A "$TRIAL_CHAIN" -m owner --uid-owner "$PROXY_UID" -j RETURN &&
    nat "$1" -A "$TRIAL_CHAIN" -p tcp --dport 1:2 -j RETURN &&
    nat "$1" -A "$TRIAL_CHAIN" -p tcp -j REDIRECT --to-ports "$INBOUND_PORT" || outcome=1
  nat "$1" -F "$TRIAL_CHAIN" && nat "$1" -X "$TRIAL_CHAIN" || outcome=1
  return "$outcome"
}

# choose NAME: the first of NAME-nft, NAME-legacy and NAME that works; empty when none does, with the reasons in $reasons.
choose() {
  chosen=''
  reasons=''
  for candidate in "$1-nft" "$1-legacy" "$1"; do
    if ! command -v "$candidate" >/dev/null 2>&1; then
      reasons="$reasons $candidate: not found;"
    elif said="$(works "$candidate" 2>&1)"; then
      chosen="$candidate"
      return 0
    else
      reasons="$reasons $candidate: $(echo "$said" | tr '\n' ' ');"
    fi
  done
}

# ports LIST: one a line as iptables writes them, 9000-9010 as 9000:9010.
ports() {
  echo "$1" | tr ',' '\n' | tr -d ' \t' | while read -r port; do
    case "$port" in
      '') ;;
      *[!0-9-]* | -* | *- | *-*-*) fail "'$port' is neither a port nor a range of ports" ;;
      *) echo "$port" | tr '-' ':' ;;
    esac
  done
}

# rule COMMAND ARGUMENTS...: as nat, but it has to succeed.
rule() {
  nat "$@" || fail "this was refused: $*"
}

# fresh COMMAND CHAIN: the chain, empty.
fresh() {
  nat "$1" -N "$2" 2>/dev/null || rule "$1" -F "$2"
}

# skip COMMAND CHAIN LIST: these ports are left alone.
skip() {
  for port in $3; do
    rule "$1" -A "$2" -p tcp --dport "$port" -j RETURN
  done
}

# jump COMMAND FROM TO: once.
jump() {
  nat "$1" -C "$2" -j "$3" 2>/dev/null || rule "$1" -A "$2" -j "$3"
}

# own COMMAND: each of these ports has a redirection of its own.
own() {
  to="$FIRST_OWN_PORT"
  for port in $by_themselves; do
    rule "$1" -A "$OUTBOUND_CHAIN" -p tcp --dport "$port" -j REDIRECT --to-ports "$to"
    to=$((to + 1))
  done
}

# opaque COMMAND
opaque() {
  for port in $opaque_inbound; do
    rule "$1" -A "$INBOUND_CHAIN" -p tcp --dport "$port" -j REDIRECT --to-ports "$OPAQUE_PORT"
  done
}

# install COMMAND [yes]: yes for what is done for IPv4 alone.
install() {
  fresh "$1" "$INBOUND_CHAIN"
  skip "$1" "$INBOUND_CHAIN" "$inbound"
  [ -z "${2:-}" ] || opaque "$1"
  rule "$1" -A "$INBOUND_CHAIN" -p tcp -j REDIRECT --to-ports "$INBOUND_PORT"

  fresh "$1" "$OUTBOUND_CHAIN"
  # What the proxy itself sends.
  rule "$1" -A "$OUTBOUND_CHAIN" -m owner --uid-owner "$PROXY_UID" -j RETURN
  # Inside the pod; also when the app calls its own pod's address, which the kernel delivers through lo.
  rule "$1" -A "$OUTBOUND_CHAIN" -o lo -j RETURN
  skip "$1" "$OUTBOUND_CHAIN" "$outbound"
  [ -z "${2:-}" ] || own "$1"
  rule "$1" -A "$OUTBOUND_CHAIN" -p tcp -j REDIRECT --to-ports "$OUTBOUND_PORT"

  jump "$1" PREROUTING "$INBOUND_CHAIN"
  jump "$1" OUTPUT "$OUTBOUND_CHAIN"
}

# All are read before anything is changed.
inbound="$(ports "$SKIP_INBOUND")" || exit 1
outbound="$(ports "$SKIP_OUTBOUND")" || exit 1
by_themselves="$(ports "${3:-}")" || exit 1
opaque_inbound="$(ports "${4:-}")" || exit 1
case "$by_themselves" in
  *:*) fail "outbound ports by themselves are no ranges: '$3'" ;;
esac

choose iptables
[ -n "$chosen" ] || fail "no iptables works here (are NET_ADMIN and NET_RAW given, and is this root?):$reasons"
install "$chosen" yes
echo "redirect.sh: $chosen redirects inbound to $INBOUND_PORT, outbound to $OUTBOUND_PORT" >&2

choose ip6tables
if [ -n "$chosen" ]; then
  install "$chosen"
  echo "redirect.sh: $chosen does the same for IPv6" >&2
else
  echo "redirect.sh: IPv6 is left alone:$reasons" >&2
fi
