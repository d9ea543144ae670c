# What the scripts that go to a generation have in common, behind files/lib.sh.
# Inputs: RUN.
# shellcheck shell=sh disable=SC2034,SC2154

PATH=$PATH:/run/current-system/sw/bin
export PATH
profiles=${JURYMAST_ROOT-}/nix/var/nix/profiles
notes=${JURYMAST_ROOT-}/var/lib/jurymast/held/deploy-nixos.d

# set_to prints the number of the generation that the profile names.
set_to() { readlink "$profiles/system" | sed -n 's/^\(.*\/\)\{0,1\}system-\([0-9]\{1,\}\)-link$/\2/p'; }

# kept prints the numbers of all generations, newest first.
kept() {
    for link in "$profiles"/system-*-link; do
        [ -L "$link" ] || continue
        number=${link##*/system-}
        printf '%s\n' "${number%-link}"
    done | grep -x '[0-9]*' | sort -rn
}

system_of() { readlink "$profiles/system-$1-link"; }

# there tells whether a generation runs, and is booted next. A run that has begun
# to bring it, and not come to the end, has not.
there() {
    [ ! -e "$notes/$RUN.note" ] || [ -e "$notes/$RUN.done" ] || return 1
    [ "$(set_to)" = "$1" ] && [ "$(readlink "${JURYMAST_ROOT-}/run/current-system")" = "$(system_of "$1")" ]
}

# bring has the profile name a generation, and activates it. Its own words tell
# which units it could not start.
bring() {
    case $1 in
    '' | *[!0-9]*) die "$1 is no number of a generation" ;;
    esac
    [ -L "$profiles/system-$1-link" ] || die "there is no generation $1"
    nix-env --profile "$profiles/system" --switch-generation "$1" </dev/null || die "the profile cannot be led to generation $1"
    "$profiles/system/bin/switch-to-configuration" switch </dev/null || die "generation $1 was activated, and not all of it works: switch-to-configuration ended with $?"
}
