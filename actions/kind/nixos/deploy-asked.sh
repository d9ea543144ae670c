# Says which generation is set, which is wanted, and what differs. Input: WANTED
# (a number, newest or previous).
# shellcheck shell=sh disable=SC2154
command -v nix-env >/dev/null || { echo '@missing nix-env' && exit 0; }
is=$(set_to)
[ -n "$is" ] || trouble "which generation the profile names is not known: $(readlink "$profiles/system")"
printf '@current %s\n' "$is"
case $WANTED in
newest) to=$(kept | sed -n 1p) ;;
previous) to=$(kept | awk -v is="$is" '$1 < is { print; exit }') ;;
*[!0-9]*) trouble "$WANTED is no number of a generation, nor newest or previous" ;;
*) to=$WANTED ;;
esac
[ -n "$to" ] || trouble "there is no generation before $is"
[ -L "$profiles/system-$to-link" ] || trouble "there is no generation $to; there: $(kept | tr '\n' ' ')"
printf '@wanted %s\n' "$to"
if there "$to"; then
    echo '@there yes'
    exit 0
fi
printf '@system %s\n' "$(system_of "$to")"
echo '@way which is in its store'
now=$(readlink "${JURYMAST_ROOT-}/run/current-system")
if differs=$(nix --extra-experimental-features nix-command store diff-closures "$now" "$(system_of "$to")" 2>/dev/null </dev/null); then
    # Sizes are coloured even where nobody looks.
    printf '%s\n' "$differs" | sed 's/'"$(printf '\033')"'\[[0-9;]*m//g' | grep . | awk '{ printf "@change-%d %s\n", NR, $0 } END { if (!NR) print "@change-1 no package: settings alone" }'
fi
for part in kernel initrd kernel-modules; do
    if [ "$(readlink "${JURYMAST_ROOT-}/run/booted-system/$part")" != "$(readlink "$(system_of "$to")/$part")" ]; then
        echo '@left-1 it has another kernel than was booted: reboot'
        break
    fi
done
