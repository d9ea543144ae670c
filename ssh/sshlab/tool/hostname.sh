#!/bin/sh
# hostname: the machine's.
exec cat "${JURYMAST_ROOT:?}/etc/hostname"
