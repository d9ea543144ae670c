# What the scripts that move the active member of a replica set have in common;
# behind mongodb/lib.sh. Input besides: WAIT (seconds).
# shellcheck shell=sh disable=SC2034,SC2154

command -v mongosh >/dev/null || die 'mongosh is not there (apt install mongodb-mongosh)'
work
credentials
LIMIT=$((WAIT * 2 + 30))
export WAIT

# tell runs a program of JavaScript on the member of this host, behind what each
# of them uses, and prints the words that it says. It ends with 1 and what stop()
# was told, and with 2 when the member cannot be asked.
tell() {
    said=$(asked "$set_js
try {
  enter(db.getMongo());
$1
  print('+done');
} catch (e) { print('!' + (e.stop ? '1' : '2') + ' ' + String(e.message || e).replace(/\\s+/g, ' ')); }")
    printf '%s\n' "$said" | grep '^@'
    case $said in
    *'+done'*) return 0 ;;
    *'!1 '*)
        printf '%s\n' "$said" | sed -n 's/^!1 //p' >&2
        return 1
        ;;
    *'!2 '*) printf 'the member on port %s cannot be asked: %s\n' "$SERVER_PORT" "$(printf '%s\n' "$said" | sed -n 's/^!2 //p')" >&2 ;;
    *) printf 'the member on port %s cannot be asked: %s\n' "$SERVER_PORT" "$(printf '%s\n' "$said" | tail -n 1)" >&2 ;;
    esac
    return 2
}

set_js=$(
    cat <<'JS'
const wait = Number(process.env.WAIT) * 1000;
const stop = (text) => { const e = new Error(text); e.stop = true; throw e; };
const enter = (m) => {
  if (process.env.JM_ROLE) {
    m.getDB(process.env.JM_AUTH).auth(process.env.JM_ROLE, require('fs').readFileSync(process.env.JM_SECRET, 'utf8'));
  }
  return m.getDB('admin');
};
const must = (r) => { if (r.ok !== 1) { throw new Error(r.errmsg || JSON.stringify(r)); } return r; };
const hello = () => must(db.adminCommand({hello: 1}));
const status = () => must(db.adminCommand({replSetGetStatus: 1}));
const conf = () => must(db.adminCommand({replSetGetConfig: 1})).config;
const self = (s) => s.members.find(m => m.self === true) || stop('the replica set does not know this member');
const lag = (s) => {
  const p = s.members.find(m => m.stateStr === 'PRIMARY');
  return p && p.optimeDate ? Math.max(0, (p.optimeDate - self(s).optimeDate) / 1000) : null;
};
// Until something holds, or the time is over.
const until = (what) => {
  for (const end = Date.now() + wait; ;) {
    const r = what();
    if (r || Date.now() > end) { return r; }
    sleep(250);
  }
};
// The standbys that could be chosen as well as the one that is meant to be.
const others = (meant) => {
  const s = status(), me = self(s).name, members = conf().members;
  return members.filter(c => !c.arbiterOnly && Number(c.priority) > 0 && c.host !== meant && c.host !== me &&
    s.members.some(m => m.name === c.host && Number(m.health) === 1 && m.stateStr === 'SECONDARY'));
};
const freeze = (hosts, seconds) => {
  for (const c of hosts) {
    const at = new Mongo('mongodb://' + c.host + '/?directConnection=true&serverSelectionTimeoutMS=5000&appName=jurymast');
    must(enter(at).runCommand({replSetFreeze: seconds}));
  }
};
// One that cannot be let go, since it was chosen or is gone, is let go by time.
const let_go = (hosts) => {
  for (const c of hosts) {
    try { freeze([c], 0); } catch (e) { print('not let go: ' + c.host + ': ' + e.message); }
  }
};
JS
)
