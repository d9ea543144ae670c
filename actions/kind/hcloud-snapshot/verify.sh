# Says how far $COPY is known to be whole: the cloud lists it as that. Only a server
# that is made of it shows more.
# shellcheck shell=sh disable=SC2154

known
echo '@level listed'
