# Runs a line of shell of the user's. Inputs: LINE, NAME, ADDRESS (of the host
# that is fenced), TO, TO_ADDRESS, FROM_HOST and FROM_ADDRESS (of a redirect),
# and the secret SECRET: the line has them in its environment.
# shellcheck shell=sh disable=SC2153,SC2154
cd / || exit 1
for v in NAME ADDRESS TO TO_ADDRESS FROM_HOST FROM_ADDRESS RUN SECRET; do
    eval "[ -z \"\${$v+set}\" ] || export $v"
done
exec /bin/sh -c "$LINE"
