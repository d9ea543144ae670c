# Puts the configuration that lies in $FROM in the place of the live one, which
# is set aside beside it and among the firewall's own, and has it taken over.
# In what they differ is said first. Nothing is touched unless it is whole, of the same series, and for the network
# cards that are there. Inputs: FROM, ASIDE, RUN.
# shellcheck shell=sh disable=SC2153,SC2154

new=$FROM/conf/config.xml
old=$config$ASIDE
case $ASIDE in
.jurymast-?*) ;;
*) die "what is set aside must be named .jurymast-RUN, not $ASIDE" ;;
esac
whole_xml "$new"
was=$(told "$FROM/usr/local/opnsense/version/core" series)
is=$(told "$running" series)
[ -n "$was" ] || die "the copy does not say which version it is of"
[ -n "$is" ] || die "$running does not say which version is installed"
[ "$was" = "$is" ] || die "the copy is of version $was, and $is is installed: install $was first, or import it by hand"
there=" $(ifconfig -l 2>/dev/null </dev/null) "
for card in $(cards "$new"); do
    case $there in
    *" $card "*) ;;
    *) die "the copy assigns the network card $card, which is not there: assign it by hand" ;;
    esac
done
if [ -s "$config" ]; then
    work
    differences "$config" "$new" | sed 's/^/changes: /'
fi
if [ ! -e "$old" ] && [ -e "$config" ]; then
    history=${JURYMAST_ROOT-}/conf/backup
    [ ! -d "$history" ] || cp -p "$config" "$history/config-$(date +%s).xml" || die "$history cannot be written"
    if ! { cp -p "$config" "$old.part" && sync && mv "$old.part" "$old"; }; then
        die "$config cannot be set aside"
    fi
fi
set_config "$new"
apply
