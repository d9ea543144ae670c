# Waits until the console is over, which it says. Where it ends without a word it
# was killed, or met a fault that nothing in it catches: then the terminal is made
# whole here. $1 are the terminal's settings before the console, $2 is the file of
# its last words.
# shellcheck shell=sh
trap '' HUP INT QUIT TERM TSTP TTIN TTOU
read -r _ && exit 0
# Mouse and paste off, the cursor back, the screen that was there, plain text. The
# settings come after it: who waits for them prints where it is seen.
printf '\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?25h\033[?1049l\033[0m'
stty "$1" </dev/tty
if [ -s "$2" ]; then
    echo 'jurymast: the console met a fault of its own and has ended; runs go on by themselves'
    # What it was, and where in this program, innermost first.
    sed -n -e 1p -e '/^jurymast\//p' "$2" | head -n 9 | cut -c 1-200 | LC_ALL=C tr -cd '[:print:]\n'
    echo "    next: jurymast opens it again; please report $2"
else
    rm -f "$2"
    echo 'jurymast: the console was killed; runs go on by themselves'
    echo '    next: jurymast opens it again'
fi
