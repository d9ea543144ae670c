# Undoes put.sh: what was set aside is in its place again, and collections that
# only the copy has are gone.
# shellcheck shell=sh disable=SC2154
if [ ! -e "$aside/begun" ]; then
    rm -rf "$aside" # nothing was put: a dump that was not made to its end may lie there
    exit 0
fi
whole "$aside"
bring "$aside"
sed 's/^[0-9]* //' "$aside/collections" >"$tmp/old"
sed 's/^[0-9]* //' "$FROM/collections" | grep -Fvx -f "$tmp/old" | grep -v -E '^(admin|config)\.' >"$tmp/new"
[ -s "$tmp/new" ] || exit 0
NEW=$tmp/new
export NEW
# shellcheck disable=SC2016 # it is JavaScript
said=$(asked 'if (process.env.JM_ROLE) { db.getSiblingDB(process.env.JM_AUTH).auth(process.env.JM_ROLE, require("fs").readFileSync(process.env.JM_SECRET, "utf8")); }
  for (const name of require("fs").readFileSync(process.env.NEW, "utf8").split("\n").filter(x => x)) {
    db.getSiblingDB(name.slice(0, name.indexOf("."))).getCollection(name.slice(name.indexOf(".") + 1)).drop();
  }
  print("+done");')
case $said in
*'+done'*) ;;
*) die "collections that only the copy has could not be dropped: $(printf '%s\n' "$said" | tail -n 1)" ;;
esac
