# Proves that the version runs, and says by which images. prove.sh is behind this.
# shellcheck shell=sh disable=SC2154
docker_answers
known die
there "$VERSION" || die "it is set to $(version), and runs: $(running | awk '{ print $1, $2 }' | tr '\n' ' ')"
running | awk '{ printf "@image-%d %s %s %s\n", NR, $1, $2, substr($3, 1, 19) }'
