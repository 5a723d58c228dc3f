#!/bin/sh
# Check every newsletter against the customers that it is written to.
# Exit code 0: nothing new, 1: a claim that is not true of somebody, 2: could not run.
set -eu
cd "$(dirname "$0")"
contextmail facts build >/dev/null
contextmail check --format "${1:-github}" newsletters
