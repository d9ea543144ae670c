# A drill: what lies in $FROM is tested as if it were in its place, and nothing is
# put there or begun. Says @level and @proof.
# shellcheck shell=sh disable=SC2154
have || die "$name is not installed: the copy cannot be tried"
said=$(tested as_if 2>&1)
case $? in
0) printf '@level extracted\n@proof %s takes the copy: its configuration passes its test\n' "$name" ;;
120) printf '@level extracted\n@proof the files came out of the copy; they were not tested, for this host gives no view of files of its own\n' ;;
*) die "$name does not take the copy: $(printf '%s\n' "$said" | why)" ;;
esac
