#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes tls-chain.bin anew, the body of a Certificate message (RFC 5246 §7.4.2) of TLS 1.2: a server, the authority that
# issued it, whose time is over, and a root with a short key that signs itself with SHA-1. Keys are thrown away.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cd "$work"
cat > ca.conf <<'CONF'
[ca]
default_ca = all
[all]
new_certs_dir = .
database = index
serial = serial
policy = any
default_md = sha256
unique_subject = no
x509_extensions = authority
[any]
countryName = optional
organizationName = optional
commonName = supplied
[authority]
basicConstraints = critical,CA:true
[server]
basicConstraints = critical,CA:false
subjectAltName = DNS:www.example.org
[req]
distinguished_name = none
prompt = no
[none]
CONF
: > index
echo 01 > serial
openssl genrsa -out root.key 1024
openssl ecparam -name prime256v1 -genkey -noout -out issuing.key
openssl ecparam -name prime256v1 -genkey -noout -out server.key
request() { openssl req -new -config ca.conf -key "$1.key" -subj "/C=JP/O=Example/CN=$2" -out "$1.csr"; }
sign() { openssl ca -batch -notext -config ca.conf -in "$1.csr" -out "$1.pem" -startdate "$2" -enddate "$3" "${@:4}"; }
request root "Example Root"
request issuing "Example Issuing"
request server "www.example.org"
sign root 20200101000000Z 20400101000000Z -selfsign -keyfile root.key -md sha1
sign issuing 20200101000000Z 20210101000000Z -cert root.pem -keyfile root.key
sign server 20260101000000Z 20260401000000Z -cert issuing.pem -keyfile issuing.key -extensions server
for name in server issuing root; do openssl x509 -in $name.pem -outform der -out $name.der; done
python3 - "$here/tls-chain.bin" <<'PY'
import sys
sized = lambda octets: len(octets).to_bytes(3, "big") + octets
chain = b"".join(sized(open(name + ".der", "rb").read()) for name in ["server", "issuing", "root"])
open(sys.argv[1], "wb").write(sized(chain))
PY
rm -r "$work"
