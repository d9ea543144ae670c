package ssh

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

//go:embed sh/job.sh
var jobScript string

//go:embed sh/supervise.sh
var superviseScript string

// JobState is how a job stands.
type JobState string

// The states of a job. Only JobEnded with exit status 0 is a success; after
// JobInterrupted and JobLost it is not known how far the job came.
const (
	JobAbsent      JobState = "absent"      // the host knows no such job
	JobStarting    JobState = "starting"    // its processes have not reported yet
	JobRunning     JobState = "running"     // now
	JobEnded       JobState = "ended"       // with an exit status
	JobInterrupted JobState = "interrupted" // the host was started anew meanwhile
	JobLost        JobState = "lost"        // its processes are gone and left no exit status
)

// JobStatus is what a host says of a job.
type JobStatus struct {
	State JobState
	Began bool      // its text has arrived whole and was begun
	Cut   bool      // it printed more than the host keeps
	Exit  int       // JobEnded: the exit status; 128 and more for a signal, as a shell counts
	Ended time.Time // JobEnded: when, by the host's clock
}

// JobError is a job of which no end can be told.
type JobError struct {
	Host, ID string
	State    JobState // JobAbsent, JobInterrupted or JobLost
	Began    bool     // whether its text was begun at all
}

func (e *JobError) Error() string {
	why := map[JobState]string{
		JobAbsent:      "the host knows no such job",
		JobInterrupted: "the host was started anew while it ran",
		JobLost:        "its processes are gone and left no exit status",
	}[e.State]
	if e.State != JobAbsent && !e.Began {
		why += "; its text was never begun"
	} else if e.State != JobAbsent {
		why += "; how far it came is not known"
	}
	return fmt.Sprintf("ssh %s: job %s: %s", e.Host, e.ID, why)
}

// Job is a command that outlives its connection. It is safe for concurrent use.
type Job struct {
	p        *Pool
	host, id string
	sudo     bool
	max      int
	found    bool
	// first is what the host said when it was started, until a Wait takes it.
	first atomic.Pointer[piece]
}

// ID returns the id that the job was started with.
func (j *Job) ID() string { return j.id }

// Found reports whether the job was there already when it was to be started.
func (j *Job) Found() bool { return j.found }

// Start starts c on a host, detached from the connection. It happens once:
// when the host has a job of that id already, running or ended, c is not run
// and the returned Job is that one. It is there until it is forgotten.
//
// The host keeps the job under /var/lib/jurymast/jobs for root, else under
// the user's XDG state folder: what it prints (up to 256 MiB a stream), its
// exit status, never its text or its secrets. An id has letters, digits, dot,
// dash and underscore, at most 100 of them.
//
// When Start fails with LineLost or Timeout it is not known whether the job was
// started: starting it again tells.
func (p *Pool) Start(ctx context.Context, host, id string, c Command) (*Job, error) {
	return p.StartAndStay(ctx, host, id, c, 0)
}

// StartAndStay starts c as Start does and stays with it for so long, or until
// it has ended: of a job that is short its Wait then needs no round trip more.
// That it stays binds the job to nothing: when the line is lost or ctx ends
// meanwhile, the job goes on, and Start finds it.
func (p *Pool) StartAndStay(ctx context.Context, host, id string, c Command, stay time.Duration) (*Job, error) {
	j, err := p.job(host, id, c.Sudo, c.Max)
	if err != nil {
		return nil, err
	}
	if strings.IndexByte(c.Text, 0) >= 0 || bytes.IndexByte(c.Secrets, 0) >= 0 {
		return nil, &Error{Host: host, Trouble: Misconfigured, Err: errNUL}
	}
	var text, secrets strings.Builder
	fmt.Fprintf(&text, "JM_STAY=%d JM_OUT=0 JM_ERR=0 JM_MOST=%d\n", max(stay, 0).Milliseconds(), readMost)
	text.WriteString("JM_SUPERVISE=" + quote(killScript+superviseScript) + "\n")
	// The job's text may hold secrets: it goes the way of secrets.
	job := string(c.Secrets) + "\neval " + quote("{ echo began >\"$JM_DIR/began\"; unset JM_DIR\n"+c.Text+"\n}") + " </dev/null\n"
	secrets.WriteString("JM_JOB=" + quote(job) + "\n")
	a, r, err := j.do(ctx, "start", text.String(), []byte(secrets.String()))
	if err != nil {
		return nil, err
	}
	j.found = a.word == "found"
	j.first.Store(&piece{a, r})
	return j, nil
}

// Attach returns a job that was started earlier, sudo as then. It asks the
// host: a job that is not there is a JobError of JobAbsent.
func (p *Pool) Attach(ctx context.Context, host, id string, sudo bool) (*Job, error) {
	j, err := p.job(host, id, sudo, 0)
	if err != nil {
		return nil, err
	}
	j.found = true
	st, err := j.Status(ctx)
	if err != nil {
		return nil, err
	}
	if st.State == JobAbsent {
		return nil, j.unknown(st)
	}
	return j, nil
}

func (p *Pool) job(host, id string, sudo bool, keep int) (*Job, error) {
	if !validID(id) {
		return nil, &Error{Host: host, Trouble: Misconfigured, Err: fmt.Errorf("%.110q is no job id: letters, digits, dot, dash and underscore, at most 100, not beginning with dot or dash", id)}
	}
	if keep <= 0 {
		keep = DefaultMax
	}
	return &Job{p: p, host: host, id: id, sudo: sudo, max: keep}, nil
}

func validID(id string) bool {
	if id == "" || len(id) > 100 || id[0] == '.' || id[0] == '-' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// Status asks the host how the job stands.
func (j *Job) Status(ctx context.Context) (JobStatus, error) {
	a, _, err := j.do(ctx, "status", "", nil)
	return a.status, err
}

// Stop ends the job: its process group gets TERM, and KILL after grace, which
// is rounded up to whole seconds. A job that has ended already stays as it is.
// The returned status is what is so afterwards.
func (j *Job) Stop(ctx context.Context, grace time.Duration) (JobStatus, error) {
	s := int((max(grace, 0) + time.Second - 1) / time.Second)
	a, _, err := j.do(ctx, "stop", fmt.Sprintf("JM_GRACE=%d\n", s), nil)
	if err == nil && a.left {
		err = fmt.Errorf("ssh %s: job %s: some of its processes do not end, not even by KILL", j.host, j.id)
	}
	return a.status, err
}

// Forget removes what the host keeps of the job. A job that runs is not
// removed: that is an error.
func (j *Job) Forget(ctx context.Context) error {
	return j.p.ForgetJobs(ctx, j.host, []string{j.id}, j.sudo)
}

// ForgetJobs removes what a host keeps of many jobs, sudo as they were started,
// in one round trip. Jobs that it does not know are no error, those that run
// are, and stay.
func (p *Pool) ForgetJobs(ctx context.Context, host string, ids []string, sudo bool) error {
	for _, id := range ids {
		if _, err := p.job(host, id, sudo, 0); err != nil {
			return err
		}
	}
	r, err := p.jobScript(ctx, host, "jobs", "forget", "JM_IDS="+quote(strings.Join(ids, " "))+"\n", nil, sudo)
	if err != nil {
		return err
	}
	if kept := strings.Fields(strings.ReplaceAll(string(Clean(r.stdout, readMost)), "kept ", "")); len(kept) > 0 {
		return fmt.Errorf("ssh %s: job %s: it has not ended, or its folder cannot be removed: it cannot be forgotten", host, strings.Join(kept, ", "))
	}
	return nil
}

func (j *Job) unknown(s JobStatus) error {
	return &JobError{Host: j.host, ID: j.id, State: s.State, Began: s.Began}
}

// answer is what job.sh says.
type answer struct {
	status JobStatus
	word   string // "started", "found"
	left   bool
	data   bool // output follows
}

var errJobAnswer = errors.New("the host's answer about a job is not understood")

// piece is an answer, and the output behind it.
type piece struct {
	answer
	raw
}

// do runs job.sh and returns what it says, and the raw output behind it.
func (j *Job) do(ctx context.Context, do, inputs string, secrets []byte) (answer, raw, error) {
	r, err := j.p.jobScript(ctx, j.host, "job "+j.id, do, "JM_ID="+j.id+"\n"+inputs, secrets, j.sudo)
	if err != nil {
		return answer{}, raw{}, err
	}
	a, rest, err := parseAnswer(r.stdout)
	if err != nil {
		return answer{}, raw{}, fmt.Errorf("ssh %s: job %s: %s: %w: %q", j.host, j.id, do, err, cutAt(Clean(r.stdout, 200), 200))
	}
	r.stdout = rest
	return a, r, nil
}

// jobScript runs job.sh; what it is about is for errors.
func (p *Pool) jobScript(ctx context.Context, host, about, do, inputs string, secrets []byte, sudo bool) (raw, error) {
	text := killScript + "JM_DO=" + do + "\n" + inputs + jobScript
	r, err := p.run(ctx, host, Command{Text: text, Secrets: secrets, Sudo: sudo}, 2*readMost, nil, nil)
	if err == nil && r.out.Exit != 0 {
		why := lastLine(r.stderr)
		if why == "" {
			why = fmt.Sprintf("the script ended with %d %s", r.out.Exit, r.out.Signal)
		}
		err = fmt.Errorf("ssh %s: %s: %s: %s", host, about, do, why)
	}
	if err != nil {
		return raw{}, err
	}
	return r, nil
}

// parseAnswer reads the lines of an answer and returns what follows them.
func parseAnswer(b []byte) (answer, []byte, error) {
	var a answer
	for len(b) > 0 && !a.data {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return a, nil, errJobAnswer
		}
		b = rest
		f := strings.Fields(string(line))
		if len(f) == 0 {
			return a, nil, errJobAnswer
		}
		switch f[0] {
		case "started", "found":
			a.word = f[0]
		case "began":
			a.status.Began = true
		case "cut":
			a.status.Cut = true
		case "left":
			a.left = true
		case "data":
			a.data = true
		case "state":
			if len(f) < 2 {
				return a, nil, errJobAnswer
			}
			a.status.State = JobState(f[1])
			switch a.status.State {
			case JobAbsent, JobStarting, JobRunning, JobInterrupted, JobLost:
			case JobEnded:
				if len(f) != 4 {
					return a, nil, errJobAnswer
				}
				exit, err := strconv.Atoi(f[2])
				at, err2 := strconv.ParseInt(f[3], 10, 64)
				if err != nil || err2 != nil {
					return a, nil, errJobAnswer
				}
				a.status.Exit, a.status.Ended = exit, time.Unix(at, 0)
			default:
				return a, nil, errJobAnswer
			}
		default:
			return a, nil, errJobAnswer
		}
	}
	if a.status.State == "" {
		return a, nil, errJobAnswer
	}
	return a, b, nil
}

// lastLine returns the last line that says something, clean and short.
func lastLine(b []byte) string {
	last := ""
	sc := bufio.NewScanner(bytes.NewReader(Clean(b, 400)))
	for sc.Scan() {
		if l := strings.TrimSpace(sc.Text()); l != "" {
			last = l
		}
	}
	return last
}
