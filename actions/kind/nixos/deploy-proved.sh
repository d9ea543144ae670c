# Proves that the generation runs. well.sh is behind this.
# shellcheck shell=sh disable=SC2154
there "$VERSION" || die "the profile names generation $(set_to), and $(readlink "${JURYMAST_ROOT-}/run/current-system") runs"
printf '@system %s\n' "$(system_of "$VERSION")"
