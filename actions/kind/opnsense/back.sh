# Undoes put.sh: what was set aside comes back, and is taken over.
# Inputs: ASIDE.
# shellcheck shell=sh disable=SC2153,SC2154
old=$config$ASIDE
rm -f "$old.part" "$config.jurymast-part"
[ -e "$old" ] || exit 0
whole_xml "$old"
if ! cmp -s "$old" "$config"; then
    set_config "$old"
    apply
fi
rm -f "$old"
