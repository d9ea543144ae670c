# Runs the job, waits for its end and judges it by the catalogue. Says @copy,
# @bytes and @files; @partial when something is missing. Inputs besides: RUN.
# shellcheck shell=sh disable=SC2034,SC2154

comment="jurymast backup=$TAG run=$RUN"
runs "job=\"$JOB\"" || die "$(why)"
id=$(mine B "$comment")
state=
[ -z "$id" ] || settle "$id" # begun before this was cut off
case $state in
complete | partial) ;;
*)
    queue "run job=\"$JOB\"${LEVEL:+ level=$LEVEL} comment=\"$comment\" yes"
    printf '@job %s\n' "$id"
    settle "$id"
    ;;
esac
[ "$state" != bad ] || die "run $id of job $JOB ended with $letter and $files files: list joblog jobid=$id in bconsole"
COPY=$id
known
# shellcheck disable=SC2086 # words
set -- $line
[ "$6" = "$RUN" ] || die "run $id of job $JOB is good, and the catalogue does not keep its comment: it cannot be told whose it is"
printf '@copy %s\n@bytes %s\n@files %s\n' "$1" "$3" "$4"
[ "$5" = complete ] || printf '@partial run %s ended with %s, and errors or missing files are noted: list joblog jobid=%s in bconsole\n' "$id" "$letter" "$id"
