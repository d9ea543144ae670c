// A stand-in for mongosh and a replica set behind it: the set is the file $SET,
// a member is asked by the host and port of the address. It knows the commands
// that the scripts of kind mongodb give, as MongoDB documents them, and notes
// each in $SET.log.
const fs = require('fs'), vm = require('vm');
const file = process.env.SET;
const load = () => JSON.parse(fs.readFileSync(file, 'utf8'));
const save = (set) => fs.writeFileSync(file, JSON.stringify(set));
const now = () => Date.now();

const choose = (set) => {
  const heard = set.members.filter(m => m.up && m.votes);
  if (set.members.some(m => m.up && m.primary) || heard.length < majority(set)) { return; }
  const can = set.members.filter(m => m.up && !m.arbiter && m.priority > 0 && !(m.frozen > now()));
  can.sort((a, b) => b.priority - a.priority);
  if (set.favourite) { can.sort((a, b) => (b.host === set.favourite) - (a.host === set.favourite)); }
  if (can.length && !set.nobody) { can[0].primary = true; }
};
const majority = (set) => Math.floor(set.members.filter(m => m.votes).length / 2) + 1;
const state = (m) => !m.up ? '(not reachable/healthy)' : m.primary ? 'PRIMARY' : m.arbiter ? 'ARBITER' : m.state || 'SECONDARY';

class Admin {
  constructor(port) { this.port = port; }
  auth(user, password) {
    const set = load();
    if (set.user && (user !== set.user || password !== set.password)) { throw new Error('Authentication failed.'); }
    return {ok: 1};
  }
  getMongo() { return {getDB: () => this}; }
  getSiblingDB() { return this; }
  runCommand(c) { return this.adminCommand(c); }
  adminCommand(c) {
    const set = load();
    const me = set.members.find(m => m.host.endsWith(':' + this.port));
    if (!me || !me.up) { throw new Error('connect ECONNREFUSED 127.0.0.1:' + this.port); }
    const name = Object.keys(c)[0];
    if (!['hello', 'replSetGetStatus', 'replSetGetConfig'].includes(name)) {
      fs.appendFileSync(file + '.log', me.host + ' ' + JSON.stringify(c) + '\n');
    }
    choose(set);
    save(set);
    const primary = set.members.find(m => m.up && m.primary);
    switch (name) {
    case 'hello':
      if (set.alone) { return {isWritablePrimary: true, ok: 1}; }
      return {isWritablePrimary: !!me.primary, secondary: state(me) === 'SECONDARY', arbiterOnly: !!me.arbiter, setName: 'rs0', primary: primary && primary.host, ok: 1};
    case 'replSetGetStatus':
      return {date: new Date(1795210000000), majorityVoteCount: majority(set), ok: 1, members: set.members.map(m => ({
        name: m.host, health: m.up ? 1 : 0, stateStr: state(m), self: m === me ? true : undefined,
        optimeDate: m.arbiter ? undefined : new Date(1795210000000 - (m.lag || 0) * 1000)}))};
    case 'replSetGetConfig':
      return {config: {members: set.members.map(m => ({host: m.host, priority: m.priority, votes: m.votes, arbiterOnly: !!m.arbiter})),
        settings: {electionTimeoutMillis: 10000, replicaSetId: '65f'}}, ok: 1};
    case 'replSetFreeze':
      if (me.primary) { throw new Error('cannot freeze node when primary or running for election. state: Primary'); }
      if (!c.replSetFreeze && set.stepped === me.host && set.nobody === 'yet') {
        set.nobody = false;
        set.favourite = me.host;
      }
      me.frozen = c.replSetFreeze ? now() + c.replSetFreeze * 1000 : 0;
      save(set);
      return {ok: 1};
    case 'replSetStepDown':
      if (!me.primary) { throw new Error('not primary so can\'t step down'); }
      if (c.replSetStepDown <= c.secondaryCatchUpPeriodSecs) { throw new Error('stepdown period must be longer than secondaryCatchUpPeriodSecs'); }
      if (set.behind) { throw new Error('No electable secondaries caught up as of 2026-11-21T08:00:00'); }
      me.primary = false;
      set.stepped = me.host;
      me.frozen = now() + c.replSetStepDown * 1000;
      choose(set);
      save(set);
      if (set.old) { throw new Error('connection 3 to 127.0.0.1:' + this.port + ' closed'); }
      return {ok: 1};
    case 'appendOplogNote':
      if (!me.primary) { throw new Error('not primary'); }
      if (set.stuck) { return {ok: 1, writeConcernError: {errmsg: 'waiting for replication timed out'}}; }
      return {ok: 1};
    }
    throw new Error('no such command: ' + name);
  }
}

fs.appendFileSync(file + '.argv', process.argv.slice(2).join(' ') + '\n');
const at = (uri) => new Admin(/:(\d+)\//.exec(uri)[1]);
const text = process.argv[process.argv.indexOf('--eval') + 1];
vm.runInNewContext(text, {
  db: at(process.argv.find(a => a.startsWith('mongodb://'))), Mongo: function (uri) { return at(uri).getMongo(); },
  sleep: (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms), print: console.log, process, require, Date,
});
