# What the scripts of kind mongodb have in common; it stands behind
# directory/common.sh and ahead of them.
# Inputs: SERVER_PORT, ADDRESS, ROLE (database user, empty for none) and AUTH
# (the database that knows it). MONGODB_PASSWORD is a secret: it reaches the
# tools in files that nobody else may read.
# shellcheck shell=sh disable=SC2034,SC2154

cd / || exit 1

# asked runs a program of JavaScript, and prints what it prints. It is ended
# before we are: then nothing of ours is left behind.
asked() {
    limit=
    ! command -v timeout >/dev/null || limit="timeout ${LIMIT-15}"
    at=$ADDRESS
    case $at in *:*) at="[$at]" ;; esac
    # It writes its own log below HOME. A drill asks from within its server's network.
    # shellcheck disable=SC2086 # words, or none
    HOME=$tmp JM_ROLE=$ROLE JM_AUTH=$AUTH JM_SECRET=$tmp/secret $limit ${enter-} mongosh --quiet --norc \
        "mongodb://$at:$SERVER_PORT/?directConnection=true&serverSelectionTimeoutMS=5000&appName=jurymast" --eval "$1" </dev/null 2>&1
}

# credentials writes the files by which the tools know the password.
credentials() {
    printf '%s' "${MONGODB_PASSWORD-}" >"$tmp/secret" || exit 1
    # A quoted text of YAML: the backslash and the quote are all that is special.
    printf 'password: "%s"\n' "$(printf '%s' "${MONGODB_PASSWORD-}" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')" >"$tmp/tools.yaml" || exit 1
}

# look says in one line of JSON what the server knows of itself.
look=$(
    cat <<'JS'
const out = {};
try {
  if (process.env.JM_ROLE) {
    db.getSiblingDB(process.env.JM_AUTH).auth(process.env.JM_ROLE, require('fs').readFileSync(process.env.JM_SECRET, 'utf8'));
  }
  const h = db.hello();
  out.hello = {primary: h.isWritablePrimary === true, secondary: h.secondary === true, arbiter: h.arbiterOnly === true, set: h.setName || '', leads: h.primary || ''};
  out.version = db.version();
  if (!out.hello.arbiter) {
    const s = db.serverStatus();
    out.connections = {current: Number(s.connections.current), available: Number(s.connections.available)};
    const d = db.adminCommand({listDatabases: 1});
    out.bytes = Number(d.totalSize);
    out.databases = d.databases.length;
  }
  if (out.hello.set) {
    const r = db.adminCommand({replSetGetStatus: 1});
    out.now = r.date.getTime();
    out.majority = Number(r.majorityVoteCount);
    out.members = r.members.map(m => ({name: m.name, state: m.stateStr, health: Number(m.health), self: m.self === true,
      at: m.optimeDate ? m.optimeDate.getTime() : null, heard: m.lastHeartbeat ? m.lastHeartbeat.getTime() : null, says: m.lastHeartbeatMessage || ''}));
    if (!out.hello.arbiter) { out.oplog = Number(db.getReplicationInfo().timeDiff); }
  }
} catch (e) {
  out.error = String(e.message || e);
  out.code = String(e.codeName || '');
}
print(JSON.stringify(out));
JS
)
