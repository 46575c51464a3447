#!/bin/sh
# deps runtime|test: what the program, or its tests too, need of Debian 12. Installs what is missing when
# run by root, else prints the line that does.
set -eu

runtime='gcc make pkg-config libpcap-dev libjson-c-dev zlib1g-dev libzstd-dev liblzma-dev libxxhash-dev
	libssl-dev libseccomp-dev libcap-ng-dev libxml2-dev libevent-dev'
test="$runtime libcriterion-dev python3-minimal python3 python3-jsonschema iproute2 zstd xz-utils clang clang-14
	libclang-rt-14-dev clang-format-14 clang-tidy-14 cppcheck
	tcpdump tshark swaks openssl iproute2"

case ${1-} in
runtime) wanted=$runtime ;;
test) wanted=$test ;;
*)
	echo "usage: deps.sh runtime|test" >&2
	exit 2
	;;
esac

missing=''
for package in $wanted; do
	state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	[ "$state" = 'install ok installed' ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages; as root: $install" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing
